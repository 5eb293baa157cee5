import JSON
import Ledger
import NIOConcurrencyHelpers
import Postgres
import TestSupport
import Testing

@testable import XeroWriter

@Suite(
    "Every fault of every call",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct FaultMatrixTests {
    private struct Outcome: Sendable {
        var problems: [String]
        /// What passed on the moved clocks, in seconds.
        var seconds: Int
        var calls: Int

        var text: String { problems.isEmpty ? "ok \(seconds) s, \(calls)" : "WRONG" }
    }

    @Test(
        "Once a fault is over, the books hold exactly one correct document, whatever went wrong",
        .timeLimit(.minutes(15)))
    func matrix() async throws {
        let outcomes = NIOLockedValueBox<[CallFault: [CellSubject: Outcome]]>([:])
        try await withTemporaryDatabase(
            migrations: SchemaMigrations.all, configure: { $0.connections = 8 }
        ) { database in
            try await WriterHarness.prepare(database)
            var cells = CallFault.allCases.enumerated().flatMap { row, fault in
                CellSubject.allCases.enumerated().map { column, subject in (row, column, fault, subject) }
            }[...]
            try await withThrowingTaskGroup(of: Void.self) { group in
                func next() {
                    guard let (row, column, fault, subject) = cells.popFirst() else { return }
                    group.addTask {
                        let outcome = try await Self.outcome(
                            fault, subject, database, org: "o\(row)-\(column)", store: "s\(row)-\(column)")
                        outcomes.withLockedValue { $0[fault, default: [:]][subject] = outcome }
                    }
                }
                for _ in 0..<6 { next() }
                while try await group.next() != nil { next() }
            }
        }
        let found = outcomes.withLockedValue { $0 }
        Self.printTable(found)
        for fault in CallFault.allCases {
            for subject in CellSubject.allCases {
                let problems = found[fault]?[subject]?.problems ?? ["not run"]
                #expect(problems == [], "\(subject.rawValue), \(fault.rawValue)")
            }
        }
    }

    private static func outcome(
        _ fault: CallFault, _ subject: CellSubject, _ database: PostgresClient, org: String, store: String
    ) async throws -> Outcome {
        let harness = try await WriterHarness(database: database, org: org, store: store)
        let cell = FaultCell(subject: subject, fault: fault, harness: harness)
        var problems: [String]
        do {
            problems = try await cell.run()
        } catch {
            problems = ["\(error)"]
        }
        return Outcome(
            problems: problems, seconds: Int(harness.clock.offset), calls: harness.calls["calls"]?.int ?? 0)
    }

    private static func printTable(_ outcomes: [CallFault: [CellSubject: Outcome]]) {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        var lines = [padded("first call meets", 34) + CellSubject.allCases.map { padded($0.rawValue, 16) }.joined()]
        for fault in CallFault.allCases {
            let cells = CellSubject.allCases.map { padded(outcomes[fault]?[$0]?.text ?? "-", 16) }
            lines.append(padded(fault.rawValue, 34) + cells.joined())
        }
        lines.append("Each cell: seconds of Xero's until the books were right, and calls made.")
        print(lines.joined(separator: "\n"))
    }
}
