import Ledger
import Metrics
import NIOConcurrencyHelpers
import Observability
import Postgres
import Xero

/// What is left of an organisation's limits, as its writer counts.
struct OrgReading: Sendable, Hashable {
    var orgID: String
    /// Calls that may still be made within the present minute.
    var leftMinute: Int
    /// Calls that may still be made within the present day.
    var leftDay: Int
    /// The part of the day's calls that is spent.
    var spentDay: Double
}

/// What an organisation has to be sent.
struct OrgBacklog: Sendable, Hashable {
    var orgID: String
    /// Whether these are old orders, which newer ones may overtake.
    var isBackfill: Bool
    var documents: Int
    /// Seconds since the oldest was planned, or a change of it became ready.
    var seconds: Double

    /// Reads what could be sent, or is on its way: what waits for a person, or for another document, is not counted.
    static func read(
        _ orgIDs: [String], time: LedgerTime, in session: some PostgresSession
    ) async throws(PostgresError) -> [OrgBacklog] {
        guard !orgIDs.isEmpty else { return [] }
        let rows = try await session.query(
            """
            SELECT org_id, lane = 3 AS backfill, count(*) AS documents,
                greatest(0, extract(epoch FROM now() - min(CASE WHEN posted_version = 0 THEN created_at ELSE ready_at END))
                    + \(time.offsetSeconds()))::double precision AS seconds
            FROM document WHERE org_id = ANY(\(orgIDs)::text[]) AND state IN ('ready', 'sending', 'uncertain')
            GROUP BY org_id, lane = 3
            """)
        var backlogs: [OrgBacklog] = []
        for row in rows {
            backlogs.append(
                OrgBacklog(
                    orgID: try row.decode("org_id"), isBackfill: try row.decode("backfill"),
                    documents: try row.decode("documents"), seconds: try row.decode("seconds")))
        }
        return backlogs
    }
}

/// What xero-writer exports. Of an organisation only the process that holds its lease tells anything, so that replicas never
/// contradict each other; and only so many have series of their own: those beyond are shown as one, `other`, at its worst.
final class WriterMetrics: Sendable {
    /// The most organisations with series of their own.
    static let orgLimit = 100

    private let orgs: @Sendable () -> [OrgReading]
    private let backlogs = NIOLockedValueBox<[OrgBacklog]>([])

    /// Metrics of the organisations that `orgs` returns at the moment of a scrape.
    init(orgs: @escaping @Sendable () -> [OrgReading]) {
        self.orgs = orgs
    }

    /// Looks at what waits.
    func update(time: LedgerTime, in database: PostgresClient) async throws {
        let found = try await OrgBacklog.read(orgs().map(\.orgID), time: time, in: database)
        backlogs.withLockedValue { $0 = found }
    }

    /// The values of a scrape.
    func collect() -> [PrometheusRegistry.Reading] {
        Self.readings(of: orgs(), backlogs: backlogs.withLockedValue { $0 })
    }

    static func readings(of orgs: [OrgReading], backlogs: [OrgBacklog]) -> [PrometheusRegistry.Reading] {
        let shown = Set(orgs.map(\.orgID).sorted().prefix(orgLimit))
        func label(_ orgID: String) -> String { shown.contains(orgID) ? orgID : "other" }
        var minute: [String: Int] = [:]
        var day: [String: Int] = [:]
        var spent: [String: Double] = [:]
        for org in orgs {
            let name = label(org.orgID)
            minute[name] = min(org.leftMinute, minute[name] ?? .max)
            day[name] = min(org.leftDay, day[name] ?? .max)
            spent[name] = max(org.spentDay, spent[name] ?? 0)
        }
        func gauges(
            _ values: [String: Double], _ make: (Double, [(String, String)]) -> PrometheusRegistry.Reading
        ) -> [PrometheusRegistry.Reading] {
            values.sorted { $0.key < $1.key }.map { make($0.value, [("org", $0.key)]) }
        }
        var readings = gauges(minute.mapValues(Double.init)) { .gauge("xero_calls_left_minute", $0, $1) }
        readings += gauges(day.mapValues(Double.init)) { .gauge("xero_calls_left_day", $0, $1) }
        readings += gauges(spent) { .gauge("xero_day_spent_ratio", $0, $1) }
        for isBackfill in [false, true] {
            var documents = minute.mapValues { _ in 0.0 }
            var seconds = documents
            // Those of whose limits nothing is known have just gone to another writer.
            for backlog in backlogs where backlog.isBackfill == isBackfill && documents[label(backlog.orgID)] != nil {
                documents[label(backlog.orgID), default: 0] += Double(backlog.documents)
                seconds[label(backlog.orgID)] = max(backlog.seconds, seconds[label(backlog.orgID)] ?? 0)
            }
            let kind = ("backfill", isBackfill ? "yes" : "no")
            readings += gauges(documents) { .gauge("xero_backlog_documents", $0, $1 + [kind]) }
            readings += gauges(seconds) { .gauge("xero_backlog_seconds", $0, $1 + [kind]) }
        }
        return readings
    }
}

/// Calls to Xero by what came of them.
enum CallMetrics {
    private static let duration = Timer(label: "xero.call.duration")
    private static let done = counter("done")
    private static let refused = counter("refused")
    private static let throttled = counter("throttled")
    private static let failed = counter("failed")
    private static let noAnswer = counter("no_answer")
    private static let notSent = counter("not_sent")

    private static func counter(_ outcome: String) -> Counter {
        Counter(label: "xero.calls", dimensions: [("outcome", outcome)])
    }

    /// Counts a call.
    static func count(_ sent: Sent, seconds: Double) {
        duration.recordNanoseconds(Int64(max(0, seconds) * 1e9))
        switch sent {
        case .answered(let response):
            switch response.status {
            case 429: throttled.increment()
            case 500...: failed.increment()
            case 400...: refused.increment()
            default: done.increment()
            }
        case .noAnswer: noAnswer.increment()
        case .notSent: notSent.increment()
        }
    }
}

extension OrgWriter {
    /// What is left of the limits; nil unless this writer holds the lease.
    var reading: OrgReading? {
        let now = now
        return state.withLockedValue { state in
            guard state.lease != nil, state.leaseUntil > now else { return nil }
            return OrgReading(
                orgID: orgID, leftMinute: state.pacer.left(at: now), leftDay: state.day.left(at: now),
                spentDay: state.day.spent(at: now))
        }
    }
}
