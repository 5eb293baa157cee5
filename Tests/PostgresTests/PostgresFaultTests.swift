import Logging
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@Suite(
    "The client when connections break",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct PostgresFaultTests {
    private static let table = Migration(name: "0001-item", sql: "CREATE TABLE item (id bigint PRIMARY KEY);")

    /// Runs `body` with a client that reaches a temporary database by a proxy, and one that reaches it directly.
    private func withProxiedClient(
        configure: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresClient, StallingProxy, PostgresClient) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { direct in
            let proxy = try StallingProxy(to: TestServers.endpoint(of: direct.configuration.url))
            var configuration = try PostgresConfiguration(url: proxy.url(for: direct.configuration.url))
            configuration.leaseTimeout = .seconds(30)
            configure(&configuration)
            var logger = Logger(label: "test")
            logger.logLevel = .error
            try await withRunningClient(PostgresClient(configuration: configuration, logger: logger)) { client in
                try await body(client, proxy, direct)
            }
        }
    }

    private func terminateOthers(_ client: PostgresClient) async throws {
        try await client.withTransaction { transaction in
            _ = try await transaction.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
        }
    }

    private func untilWorking(_ client: PostgresClient) async throws {
        while true {
            do {
                _ = try await client.query("SELECT 1")
                return
            } catch {
                #expect(error.isConnectionLoss)
                await Task.yield()
            }
        }
    }

    @Test("a terminated session fails what is in flight, and the next statement works")
    func terminated() async throws {
        try await withTemporaryDatabase { client in
            let sleeping = Task { try await client.query("SELECT pg_sleep(60), 'terminated'") }
            try await untilActive(client, "%pg_sleep(60), 'terminated'%")
            try await terminateOthers(client)
            let error = await #expect(throws: PostgresError.self) { try await sleeping.value }
            #expect(error?.isConnectionLoss == true)
            #expect(error?.wasSent == true)
            try await untilWorking(client)
        }
    }

    @Test("with sessions killed again and again, retried inserts all arrive in the end")
    func killedAgainAndAgain() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<400 {
                    group.addTask {
                        while true {
                            do {
                                try await client.execute("INSERT INTO item VALUES (\(id)) ON CONFLICT DO NOTHING")
                                return
                            } catch {
                                guard (error as? PostgresError)?.isRetryable == true else { throw error }
                            }
                        }
                    }
                }
                for _ in 0..<5 { try await terminateOthers(client) }
                try await group.waitForAll()
            }
            let rows = try await client.query("SELECT id FROM item")
            #expect(rows.count == 400)
        }
    }

    @Test("a reset link fails what is in flight, and connections come back by themselves")
    func resets() async throws {
        try await withProxiedClient { client, proxy, direct in
            let sleeping = Task { try await client.query("SELECT pg_sleep(60), 'resets'") }
            try await untilActive(direct, "%pg_sleep(60), 'resets'%")
            proxy.resetConnections()
            let error = await #expect(throws: PostgresError.self) { try await sleeping.value }
            #expect(error?.code == .connection)
            #expect(error?.wasSent == true)
            try await untilWorking(client)
        }
    }

    @Test("a server that refuses connections makes callers fail with the reason, until it is back")
    func refuses() async throws {
        try await withProxiedClient(configure: { $0.leaseTimeout = .milliseconds(500) }) { client, proxy, _ in
            try await untilWorking(client)
            proxy.refuse()
            while client.isConnected { await Task.yield() }
            // The first attempts may still meet the reset.
            var error: PostgresError?
            while error?.message.contains("refused") != true {
                error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
            }
            #expect(error?.code == .connection)
            #expect(error?.isRetryable == true)
            #expect(error?.wasSent == false)
            #expect(error?.message.contains("could be made within") == true)
            try proxy.reopen()
            try await untilWorking(client)
        }
    }

    @Test("a server that stops answering is given up, and found again")
    func stalls() async throws {
        let configure: (inout PostgresConfiguration) -> Void = {
            $0.statementTimeout = .milliseconds(300)
            $0.answerGrace = .milliseconds(200)
            $0.connectTimeout = .seconds(1)
        }
        try await withProxiedClient(configure: configure) { client, proxy, _ in
            try await untilWorking(client)
            proxy.set(.stallFromServer)
            let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
            #expect(error?.code == .timeout)
            #expect(error?.isConnectionLoss == true)
            proxy.set(.pass)
            try await untilWorking(client)
        }
    }

    @Test("a server that accepts and says nothing does not hold callers for longer than they wait")
    func stalledConnect() async throws {
        let configure: (inout PostgresConfiguration) -> Void = {
            $0.connections = 1
            $0.connectTimeout = .milliseconds(200)
            $0.leaseTimeout = .seconds(2)
        }
        try await withProxiedClient(configure: configure) { client, proxy, _ in
            try await untilWorking(client)
            proxy.set(.stall)
            proxy.resetConnections()
            while client.isConnected { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
            #expect(error?.message.contains("did not complete the connection") == true)
            proxy.set(.pass)
            try await untilWorking(client)
        }
    }

    @Test("while the server cannot be reached callers are refused at once, and are served again when it can")
    func circuit() async throws {
        try await withProxiedClient(configure: { $0.leaseTimeout = .milliseconds(400) }) { client, proxy, _ in
            try await untilWorking(client)
            #expect(client.obstacle == nil)
            proxy.refuse()
            while client.isConnected { await Task.yield() }
            var refusal: PostgresError?
            while refusal?.message.contains("none is waited for") != true {
                refusal = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
            }
            #expect(refusal?.isConnectionLoss == true && refusal?.wasSent == false)
            #expect(client.obstacle?.contains("callers are refused at once") == true)
            try proxy.reopen()
            try await untilWorking(client)
            #expect(client.obstacle == nil)
        }
    }

    @Test("a commit whose answer is lost is neither called done nor failed")
    func lostCommit() async throws {
        try await withProxiedClient { client, proxy, direct in
            let committing = Task {
                try await client.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO item VALUES (1)")
                    proxy.set(.stallFromServer)
                }
            }
            while try await direct.query("SELECT 1 FROM item").isEmpty { await Task.yield() }
            proxy.resetConnections()
            let error = await #expect(throws: PostgresError.self) { try await committing.value }
            #expect(error?.code == .commitOutcomeUnknown)
            #expect(error?.isRetryable == false)
        }
    }

    @Test("a transaction whose connection is lost fails, and the next one works")
    func lostTransaction() async throws {
        try await withProxiedClient { client, proxy, direct in
            let error = await #expect(throws: PostgresError.self) {
                try await client.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO item VALUES (1)")
                    proxy.resetConnections()
                    try await transaction.execute("INSERT INTO item VALUES (2)")
                }
            }
            #expect(error?.isConnectionLoss == true)
            #expect(error?.code != .commitOutcomeUnknown)
            try await untilWorking(client)
            try await client.withTransaction { _ = try await $0.execute("INSERT INTO item VALUES (3)") }
            let rows = try await direct.query("SELECT id FROM item")
            #expect(rows.map { $0["id"] } == ["3"])
        }
    }

    @Test("announcements arrive, also after the listening connection was lost")
    func notifications() async throws {
        try await withProxiedClient { client, proxy, direct in
            var announcements = client.listen("stock \"level\"").makeAsyncIterator()
            #expect(await announcements.next()?.isCatchUp == true)
            try await direct.execute("SELECT pg_notify('stock \"level\"', 'first')")
            #expect(await announcements.next()?.payload == "first")
            proxy.resetConnections()
            #expect(await announcements.next()?.isCatchUp == true)
            try await direct.execute("SELECT pg_notify('stock \"level\"', 'second')")
            let second = await announcements.next()
            #expect(second?.payload == "second")
            #expect(second?.isCatchUp == false)
        }
    }

    @Test("a graceful shutdown lets an open transaction finish, and refuses new work")
    func gracefulShutdown() async throws {
        try await withTemporaryDatabase(migrations: [Self.table]) { direct in
            var logger = Logger(label: "test")
            logger.logLevel = .error
            let client = PostgresClient(configuration: direct.configuration, logger: logger)
            let group = ServiceGroup(services: [client], logger: logger)
            let running = Task { try await group.run() }
            try await client.withTransaction { transaction in
                try await transaction.execute("INSERT INTO item VALUES (1)")
                await group.triggerGracefulShutdown()
                let refusal = await untilRefused(client)
                #expect(refusal.code == .shutDown)
                try await transaction.execute("INSERT INTO item VALUES (2)")
            }
            try await running.value
            let rows = try await direct.query("SELECT id FROM item")
            #expect(rows.count == 2)
        }
    }

    private func untilRefused(_ client: PostgresClient) async -> PostgresError {
        while true {
            do {
                _ = try await client.query("SELECT 1")
                await Task.yield()
            } catch {
                return error
            }
        }
    }
}
