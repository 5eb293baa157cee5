import Ledger
import Observability
import Postgres
import TestSupport
import Testing

@testable import XeroWriter

@Suite("What xero-writer exports") struct WriterMetricsTests {
    private func exposition(_ orgs: [OrgReading], _ backlogs: [OrgBacklog]) -> String {
        let registry = PrometheusRegistry()
        registry.addCollector { WriterMetrics.readings(of: orgs, backlogs: backlogs) }
        return String(decoding: registry.exposition(), as: UTF8.self)
    }

    @Test("each organisation has its limits and its backlog, one type line a name")
    func perOrganisation() {
        let text = exposition(
            [
                OrgReading(orgID: "acme", leftMinute: 50, leftDay: 900, spentDay: 0.1),
                OrgReading(orgID: "birch", leftMinute: 0, leftDay: 12, spentDay: 0.988),
            ], [OrgBacklog(orgID: "acme", isBackfill: true, documents: 7, seconds: 90)])
        #expect(text.contains("xero_calls_left_minute{org=\"acme\"} 50\n"))
        #expect(text.contains("xero_calls_left_day{org=\"birch\"} 12\n"))
        #expect(text.contains("xero_day_spent_ratio{org=\"birch\"} 0.988\n"))
        #expect(text.contains("xero_backlog_seconds{org=\"acme\",backfill=\"yes\"} 90\n"))
        #expect(text.contains("xero_backlog_documents{org=\"acme\",backfill=\"yes\"} 7\n"))
        #expect(text.contains("xero_backlog_seconds{org=\"acme\",backfill=\"no\"} 0\n"))
        #expect(text.contains("xero_backlog_seconds{org=\"birch\",backfill=\"yes\"} 0\n"))
        for name in ["xero_calls_left_minute", "xero_backlog_documents", "xero_backlog_seconds"] {
            #expect(text.ranges(of: "# TYPE \(name) gauge\n").count == 1)
        }
    }

    @Test("beyond the bound organisations are shown as one, at its worst")
    func bounded() {
        let orgs = (1...1_000).map { number in
            OrgReading(
                orgID: "org-\(1_000 + number)", leftMinute: number, leftDay: number, spentDay: Double(number) / 1_000)
        }
        let text = exposition(
            orgs,
            [
                OrgBacklog(orgID: "org-1500", isBackfill: false, documents: 3, seconds: 60),
                OrgBacklog(orgID: "org-1600", isBackfill: false, documents: 4, seconds: 30),
            ])
        let series = text.split(separator: "\n").filter { $0.hasPrefix("xero_calls_left_day{") }
        #expect(series.count == WriterMetrics.orgLimit + 1)
        #expect(text.contains("xero_calls_left_day{org=\"other\"} 101\n"))
        #expect(text.contains("xero_day_spent_ratio{org=\"other\"} 1\n"))
        #expect(text.contains("xero_backlog_documents{org=\"other\",backfill=\"no\"} 7\n"))
        #expect(text.contains("xero_backlog_seconds{org=\"other\",backfill=\"no\"} 60\n"))
    }

    @Test("what is left counts down, and nothing is left while a limit is in the way")
    func left() {
        var pacer = OrgPacer(minute: 60, now: 0)
        #expect(pacer.left(at: 0) == 58)
        pacer.spend(at: 0)
        pacer.correct(remaining: 20, at: 0)
        #expect(pacer.left(at: 1) == 20)
        #expect(pacer.left(at: 61) == 58)
        pacer.block(seconds: 30, at: 61)
        #expect(pacer.left(at: 62) == 0)
        var day = OrgDay(day: 86_400, limit: 1_000)
        day.spend(at: 0)
        #expect(day.left(at: 1) == 999)
        day.correct(remaining: 40, at: 1)
        #expect(day.left(at: 2) == 40)
        day.correct(remaining: 4_000, at: 3)
        #expect(day.left(at: 4) == 999)
    }

    @Test(
        "only who holds the lease tells of an organisation, and of what it could send",
        .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
    func lease() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1), SampleOrder(number: 2, customer: 2)])
            let (writer, other) = (harness.writer("writer-1"), harness.writer("writer-2"))
            #expect(writer.reading == nil)
            #expect(try await writer.holdLease())
            #expect(try await other.holdLease() == false)
            #expect(writer.reading?.leftDay == 1000)
            #expect(other.reading == nil)
            let backlog = try await OrgBacklog.read(
                [harness.org], time: LedgerTime(offsetSeconds: { 100 }), in: harness.database)
            // The contacts: invoices and payments wait for them.
            #expect(backlog.map(\.documents) == [2])
            #expect(backlog.allSatisfy { !$0.isBackfill && (100..<200).contains($0.seconds) })
            await writer.giveLeaseBack()
            #expect(writer.reading == nil)
        }
    }
}
