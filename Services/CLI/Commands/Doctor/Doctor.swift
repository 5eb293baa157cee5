import Accounting
import AsyncHTTPClient
import Ledger
import Logging
import Messaging
import Postgres
import RabbitMQ
import ServiceKit
import Xero

/// Looks at everything the services need. What cannot be looked at because of something else is said to be skipped, so
/// that the first thing to mend stands out.
struct Doctor: Sendable {
    let environment: Environment
    /// What the broker should hold.
    var topology = PipelineTopology.topology
    /// The migrations the database should have.
    var migrations = SchemaMigrations.all
    /// The way to Xero's hosts, for those that the environment names.
    var xero: (@Sendable (XeroTransport.Configuration) -> XeroTransport)?

    /// Everything that was found out, in the order in which it is of use.
    func examine() async -> [DoctorFinding] {
        let environmentCheck = EnvironmentCheck(environment: environment)
        async let broker = examineBroker(environmentCheck.broker)
        let (key, keyFindings) = KeyCheck.box(environment)
        let stored = await examineDatabase(environmentCheck.database, key)
        async let xero = examineXero(stored.configuration)
        async let stores = examineStores(stored.configuration)
        return environmentCheck.findings + stored.database + (await broker) + keyFindings + stored.contents
            + (await xero) + (await stores)
    }

    private func examineBroker(_ configuration: RabbitMQConfiguration?) async -> [DoctorFinding] {
        guard let configuration else { return [.skipped("broker", "connection", "AMQP_URL cannot be used")] }
        return await BrokerCheck(configuration: configuration, topology: topology).findings()
    }

    /// What the database says, and what it holds.
    private struct Stored: Sendable {
        var database: [DoctorFinding] = []
        /// Of the key and the configuration.
        var contents: [DoctorFinding] = []
        var configuration: ConfigurationSnapshot?
    }

    private func examineDatabase(_ configuration: PostgresConfiguration?, _ key: SecretBox?) async -> Stored {
        guard var configuration else {
            return Stored(
                database: [.skipped("database", "connection", "DATABASE_URL cannot be used")],
                contents: [.skipped("configuration", "applied", "the database cannot be read")])
        }
        configuration.applicationName = "counterfoil"
        configuration.connections = 1
        configuration.transactions = 1
        configuration.statementTimeout = .seconds(10)
        if let finding = await DatabaseCheck.connect(configuration) {
            return Stored(
                database: [finding], contents: [.skipped("configuration", "applied", "the database cannot be read")])
        }
        let client = PostgresClient(configuration: configuration, logger: Logger(label: "counterfoil"))
        let running = Task { try? await client.run() }
        defer { running.cancel() }
        var stored = Stored(database: await DatabaseCheck(client: client).findings())
        let schema = await SchemaCheck(client: client, migrations: migrations).examine()
        stored.database += schema.findings
        guard schema.isReadable else {
            stored.contents = [.skipped("configuration", "applied", "the schema comes first")]
            return stored
        }
        let check = ConfigurationCheck(client: client, key: key)
        (stored.configuration, stored.contents) = await check.examine()
        return stored
    }

    private func examineXero(_ configuration: ConfigurationSnapshot?) async -> [DoctorFinding] {
        do {
            let hosts = XeroTransport.Configuration(
                apiURL: try environment.string("XERO_API_URL", default: "https://api.xero.com"),
                identityURL: try environment.string("XERO_IDENTITY_URL", default: "https://identity.xero.com"),
                callSeconds: 10)
            if let xero {
                return await XeroCheck(hosts: hosts, transport: xero(hosts), configuration: configuration).findings()
            }
            let client = XeroTransport.client()
            let findings = await XeroCheck(
                hosts: hosts, transport: .live(client: client, configuration: hosts), configuration: configuration
            ).findings()
            try? await client.shutdown()
            return findings
        } catch {
            return [.skipped("xero", "reachable", "its addresses in the environment cannot be read")]
        }
    }

    private func examineStores(_ configuration: ConfigurationSnapshot?) async -> [DoctorFinding] {
        guard let configuration else { return [] }
        return await StoreCheck.findings(configuration.stores.values.sorted { $0.id < $1.id })
    }
}
