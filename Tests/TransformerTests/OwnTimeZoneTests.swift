import Accounting
import JSON
import Ledger
import Mapping
import Planning
import Testing

@Suite("The organisation's own time zone")
struct OwnTimeZoneTests {
    private static let sydney = ReferenceData(answers: [
        "Organisation": ["Organisations": [["Timezone": "AUSEASTERNSTANDARDTIME", "BaseCurrency": "AUD"]]]
    ])

    private static func rules(configured: String? = nil, knowing: ReferenceData?) throws -> PlanningRules {
        let yaml = """
            apps:
              books: { client_id: x, client_secret: y, type: custom_connection }
            orgs:
              acme:
                app: books
            \(configured.map { "    time_zone: \($0)\n" } ?? "")    mapping: { accounts: { sales: "200" }, taxes: { "10": OUTPUT }, payments: { default: "090" } }
            stores:
              shop:
                platform: woocommerce
                org: acme
                url: https://shop.example
                since: 2026-07-01
                credentials: { webhook_secret: w, consumer_key: ck, consumer_secret: cs }
            """
        let references = knowing.map { ["acme": $0] } ?? [:]
        let file = try ConfigurationFile(yaml: yaml, references: references) { _ in nil }
        let (store, org) = try #require(file.records(of: "shop", knowing: references))
        return try PlanningRules(store: store, org: org, reference: knowing)
    }

    /// The dates of all documents of an order that was paid and refunded when the next day had begun in Sydney alone.
    private static func dates(_ rules: PlanningRules) throws -> Set<String> {
        let created = "2026-10-31T22:00:00"
        let refund: JSONValue = [
            "id": 90, "amount": "110.00", "date_created_gmt": .string(created), "reason": "", "line_items": [],
        ]
        let snapshot = Shop.snapshot(
            Shop.order(status: "refunded", created: created, refunds: [["id": 90, "total": "-110.00"]]),
            refunds: [refund])
        guard case .planned(let plan) = OrderDecision.decide(snapshot, past: .init(), rules: rules).outcome else {
            Issue.record("not planned")
            return []
        }
        #expect(plan.documents.count == 5)
        #expect(plan.changedOn == plan.documents.last?.date)
        return Set(plan.documents.compactMap { $0.date?.description })
    }

    @Test("dates every document, and the store's start, where none is configured")
    func own() throws {
        let rules = try Self.rules(knowing: Self.sydney)
        #expect(rules.since == Instant(rfc3339: "2026-06-30T14:00:00Z"))
        #expect(try Self.dates(rules) == ["2026-11-01"])
        let early = Shop.snapshot(Shop.order(created: "2026-06-30T13:00:00"))
        #expect(
            OrderDecision.decide(early, past: .init(), rules: rules).outcome
                == .ignored(reason: "created 2026-06-30, before the store's start (since 2026-07-01)"))
    }

    @Test("gives way to the one that is configured, and until it was read to UTC")
    func others() throws {
        #expect(try Self.dates(try Self.rules(configured: "Europe/London", knowing: Self.sydney)) == ["2026-10-31"])
        #expect(try Self.dates(try Self.rules(knowing: nil)) == ["2026-10-31"])
    }
}
