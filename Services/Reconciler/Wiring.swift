import AsyncHTTPClient
import Ledger
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle
import Storefronts
import Xero

/// The parts of the service and how they are joined.
struct Wiring {
    let context: ServiceContext

    func services() throws -> [any Service] {
        let (logger, environment, box) = (context.logger, context.environment, context.secretBox)
        let sealing = ConfigurationSealing(seal: { box.seal($0) }, open: { try box.open($0) })
        let watch = ConfigurationWatch(database: context.database, sealing: sealing, logger: logger)
        let stores = OutboundHTTP(HTTPClient(configuration: WooCommerceClient.httpConfiguration))
        let xero = OutboundHTTP(XeroTransport.client())
        let transport = XeroTransport.live(
            client: xero.client,
            configuration: XeroTransport.Configuration(
                apiURL: try environment.string("XERO_API_URL", default: "https://api.xero.com"),
                identityURL: try environment.string("XERO_IDENTITY_URL", default: "https://identity.xero.com")))
        let minute = context.xeroTime.minute
        let grants = GrantAccess(
            store: GrantStore(
                database: context.database, sealing: sealing,
                minuteSeconds: Double(minute.components.seconds) + Double(minute.components.attoseconds) / 1e18),
            transport: transport, settings: GrantTokens.Settings(holder: "reconciler"))
        let reconciliations = Reconciliations(
            queue: ReconciliationQueue(database: context.database, holder: UUIDv7Generator().next().description),
            watch: watch,
            storefront: { store in
                WooCommerceClient.live(
                    WooCommerceClient.Configuration(
                        url: store.url, consumerKey: store.consumerKey, consumerSecret: store.consumerSecret),
                    httpClient: stores.client, logger: logger)
            },
            books: { org, app in
                BookReader(
                    orgID: org.id, tenantID: app.kind == .customConnection ? nil : org.tenantID,
                    database: context.database, transport: transport,
                    tokens: grants.source(grantID: org.grantID, credentials: app.credentials), minute: minute)
            }, logger: logger)
        let rounds = PeriodicService(
            name: "reconciliations", every: .seconds(1), logger: logger,
            rounds: { try await reconciliations.workNext() ? .again : .pause })
        let wakes = WakeListener(database: context.database, rounds: rounds)
        return [stores, xero, watch, rounds, wakes]
    }
}

/// Begins a round as soon as somebody asks for one.
struct WakeListener: Service, CustomStringConvertible {
    let database: PostgresClient
    let rounds: PeriodicService

    var description: String { "listener for requests" }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in database.listen("work") { rounds.wake() }
        }
    }
}
