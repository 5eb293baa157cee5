import Logging
import Postgres
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(5))) struct ServiceMainTests {
    private let complete = [
        "DATABASE_URL": "postgres://u:p@127.0.0.1:5432/d", "AMQP_URL": "amqp://u:p@127.0.0.1:5672/",
        "COUNTERFOIL_KEY": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
    ]

    private func status(_ change: [String: String?]) async -> Int32 {
        var values = complete
        for (name, value) in change { values[name] = value }
        return await ServiceMain.status(
            "test", needs: [.database, .broker, .key], environment: ServiceKit.Environment(values)
        ) { _ in
            Issue.record("a service with a wrong configuration was started")
            return []
        }
    }

    @Test(
        arguments: [
            ["DATABASE_URL": nil], ["DATABASE_URL": "mysql://x"], ["AMQP_URL": nil], ["AMQP_URL": "http://x"],
            ["COUNTERFOIL_KEY": nil], ["COUNTERFOIL_KEY": "short"], ["LOG_LEVEL": "loud"], ["LOG_FORMAT": "xml"],
            ["HEALTH_BIND": "nowhere"], ["XERO_MINUTE_SECONDS": "-1"], ["DATABASE_URL_FILE": "/nowhere"],
        ] as [[String: String?]])
    func `A wrong or missing setting ends the process with 1`(change: [String: String?]) async {
        #expect(await status(change) == 1)
    }

    /// A database that never answers.
    private struct Gone: PostgresSession {
        func query(_ query: PostgresQuery) async throws(PostgresError) -> [PostgresRow] {
            throw PostgresError(.connection, "gone")
        }
        func execute(_ query: PostgresQuery) async throws(PostgresError) -> Int {
            throw PostgresError(.connection, "gone")
        }
        func executeScript(_ sql: String) async throws(PostgresError) {}
    }

    @Test func `A service waits for its database and says so in readyz`() async {
        let readiness = Readiness()
        let clock = ManualClock()
        let wait = DatabaseWait(
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, readiness: readiness, clock: clock)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await wait.run(Gone()) }
            for pause in [100, 200, 400] {
                await clock.waitForSleepers()
                #expect(readiness.obstacles().map(\.name) == ["database"])
                clock.advance(by: .milliseconds(pause))
            }
            group.cancelAll()
        }
    }
}
