import AsyncHTTPClient
import Ledger
import Logging
import Storefronts

/// Makes the clients that stores are read with, over one HTTP client.
struct StoreClients: Sendable {
    let http: HTTPClient
    let logger: Logger

    /// A client for a store, with its present address and key.
    func client(for store: StoreRecord) -> WooCommerceClient {
        WooCommerceClient.live(
            WooCommerceClient.Configuration(
                url: store.url, consumerKey: store.consumerKey, consumerSecret: store.consumerSecret),
            httpClient: http, logger: logger)
    }
}
