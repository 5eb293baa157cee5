import AsyncHTTPClient
import Ledger
import Logging
import ServiceLifecycle
import Storefronts

/// Makes the clients that stores are read with, over one HTTP client that lives as long as the service.
final class StoreClients: Service {
    private let http = HTTPClient(configuration: WooCommerceClient.httpConfiguration)
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// A client for a store, with its present address and key.
    func client(for store: StoreRecord) -> WooCommerceClient {
        WooCommerceClient.live(
            WooCommerceClient.Configuration(
                url: store.url, consumerKey: store.consumerKey, consumerSecret: store.consumerSecret),
            httpClient: http, logger: logger)
    }

    /// Keeps the HTTP client until everything that started later has stopped.
    func run() async throws {
        try? await gracefulShutdown()
        try await http.shutdown()
    }
}
