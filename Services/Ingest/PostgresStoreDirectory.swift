import JSON
import Logging
import NIOConcurrencyHelpers
import Postgres
import ServiceKit
import ServiceLifecycle

/// The stores of table `store`, read when the configuration changes and every few seconds. While the database is away the
/// last ones known stay.
final class PostgresStoreDirectory: StoreDirectory, Service, CustomStringConvertible {
    private let database: PostgresClient
    private let secrets: SecretBox
    private let pollEvery: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let stores = NIOLockedValueBox<[String: StoreEndpoint]?>(nil)
    /// What was complained of, so that it is said once.
    private let complaints = NIOLockedValueBox<[String: String]>([:])

    init(
        database: PostgresClient, secrets: SecretBox, pollEvery: Duration = .seconds(10),
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.database = database
        self.secrets = secrets
        self.pollEvery = pollEvery
        self.clock = clock
        self.logger = logger
    }

    var description: String { "store directory" }

    func store(_ id: String) -> StoreLookup {
        stores.withLockedValue { stores in
            guard let stores else { return .notLoaded }
            return stores[id].map(StoreLookup.found) ?? .unknown
        }
    }

    /// Whether the stores have been read at least once.
    var isLoaded: Bool { stores.withLockedValue { $0 != nil } }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in self.database.listen("configuration") { await self.reload() }
                }
                group.addTask {
                    while !Task.isCancelled {
                        await self.reload()
                        try? await self.clock.sleep(for: self.pollEvery)
                    }
                }
            }
        }
    }

    /// Reads the stores anew; keeps the present ones if that fails.
    func reload() async {
        do {
            let rows = try await database.query(
                """
                SELECT id, platform, secrets, (settings -> 'reread_seconds')::text AS reread
                FROM store WHERE removed_at IS NULL
                """)
            var loaded: [String: StoreEndpoint] = [:]
            for row in rows {
                let endpoint = try endpoint(row)
                loaded[endpoint.id] = endpoint
            }
            stores.withLockedValue { $0 = loaded }
            settle("stores")
        } catch {
            if Task.isCancelled { return }
            complain("stores", "\(error)", "stores could not be read, the last known are used")
        }
    }

    private func endpoint(_ row: PostgresRow) throws(PostgresError) -> StoreEndpoint {
        let id: String = try row.decode("id")
        let reread: String? = try row.decode("reread")
        return StoreEndpoint(
            id: id, platform: try row.decode("platform"), webhookSecret: secret(try row.decode("secrets"), of: id),
            rereadSeconds: Self.rereadSeconds(reread))
    }

    private func secret(_ sealed: [UInt8], of id: String) -> String? {
        do {
            let opened = try JSONValue(parsing: try secrets.open(sealed))
            settle("secret " + id)
            return opened["webhook_secret"]?.string
        } catch {
            complain(
                "secret " + id, "\(error)", "a store's webhook secret cannot be opened: its webhooks are answered 503")
            return nil
        }
    }

    /// Reads `[10, 300]`; what is no list of positive numbers is the usual one.
    static func rereadSeconds(_ text: String?) -> [Double] {
        guard let text, let list = try? JSONValue(parsing: text), let values = list.array else {
            return StoreEndpoint.usualRereadSeconds
        }
        let seconds = values.compactMap { $0.number.flatMap { Double($0.text) } }.filter { $0 > 0 && $0 < 86_400 * 30 }
        return seconds.count == values.count ? seconds.sorted() : StoreEndpoint.usualRereadSeconds
    }

    private func complain(_ subject: String, _ problem: String, _ message: Logger.Message) {
        let isNew = complaints.withLockedValue { $0.updateValue(problem, forKey: subject) != problem }
        if isNew { logger.error(message, metadata: ["subject": "\(subject)", "error": "\(problem)"]) }
    }

    private func settle(_ subject: String) {
        complaints.withLockedValue { $0[subject] = nil }
    }
}
