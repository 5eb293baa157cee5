import Accounting
import JSON
import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Postgres
import Testing

@testable import Transformer

/// A store in Sydney whose orders are summed up by day, in the harness' database.
struct SummedStore: Sendable {
    let harness: WriterHarness
    private let clock = NIOLockedValueBox(Instant(microseconds: 0))
    private let snapshot: NIOLockedValueBox<ConfigurationSnapshot>

    /// An order as WooCommerce words it: one line and 10 % tax, paid by card.
    struct Order {
        var id: Int
        /// When it was paid, UTC without a zone.
        var at: String
        var cents = 10_000
        var isPaid = true
        /// A cent too many: it does not add up.
        var isWrong = false
        /// When all of it was given back.
        var refundedAt: String?
        /// How many cents of it; all of it if not said.
        var refundedCents: Int?
        var method = "stripe"

        var tax: Int { (cents + 5) / 10 }

        private func amount(_ cents: Int) -> JSONValue { .string(ExactDecimal(units: cents, scale: 2).fixed(2)) }

        var snapshot: JSONValue {
            let order: JSONValue = [
                "id": .number(JSONNumber(id)), "number": .string("\(id)"),
                "status": refundedAt == nil || refundedCents != nil ? "processing" : "refunded", "currency": "AUD",
                "prices_include_tax": false, "date_created_gmt": .string(at), "date_modified_gmt": .string(at),
                "date_paid_gmt": isPaid ? .string(at) : .null, "total": amount(cents + tax + (isWrong ? 500 : 0)),
                "total_tax": amount(tax), "cart_tax": amount(tax), "shipping_total": "0.00", "shipping_tax": "0.00",
                "discount_total": "0.00", "discount_tax": "0.00", "customer_id": 7, "payment_method": .string(method),
                "payment_method_title": "Card", "transaction_id": "ch",
                "billing": ["first_name": "Ada", "country": "AU"],
                "line_items": [
                    [
                        "id": 1, "name": "Ledger", "quantity": 1, "sku": "L-1", "subtotal": amount(cents),
                        "subtotal_tax": amount(tax), "total": amount(cents), "total_tax": amount(tax),
                        "taxes": [["id": 3, "total": amount(tax), "subtotal": amount(tax)]],
                    ]
                ],
                "tax_lines": [
                    [
                        "id": 9, "rate_id": 3, "rate_code": "AU-GST-1", "label": "GST", "rate_percent": 10,
                        "compound": false, "tax_total": amount(tax), "shipping_tax_total": "0.00",
                    ]
                ],
                "shipping_lines": [], "fee_lines": [], "coupon_lines": [],
                "refunds": refundedAt == nil
                    ? [] : [["id": .number(JSONNumber(id * 10)), "total": amount(-(refundedCents ?? cents + tax))]],
            ]
            return ["order": order, "refunds": .array(refundedAt.map { [refund($0)] } ?? [])]
        }

        private func refund(_ time: String) -> JSONValue {
            [
                "id": .number(JSONNumber(id * 10)), "date_created_gmt": .string(time),
                "amount": amount(refundedCents ?? cents + tax),
                "reason": "", "line_items": [], "shipping_lines": [], "fee_lines": [], "tax_lines": [],
            ]
        }
    }

    init(_ harness: WriterHarness) {
        self.harness = harness
        snapshot = NIOLockedValueBox(Self.configuration(posting: "daily_summary", late: "next_day", version: 1))
    }

    private static func configuration(posting: JSONValue, late: String, version: Int64) -> ConfigurationSnapshot {
        var snapshot = ConfigurationSnapshot()
        snapshot.version = version
        snapshot.orgs["acme"] = OrgRecord(
            id: "acme", appID: "app", tenantID: nil, dailyCalls: 1000, timeZone: "Australia/Sydney", country: "AU",
            policies: [:],
            mapping: [:], state: .active, stateReason: nil)
        snapshot.stores["shop"] = StoreRecord(
            id: "shop", platform: "woocommerce", orgID: "acme", url: "https://shop.example",
            since: Instant(microseconds: 0), numberPrefix: "S-", sweepSeconds: 300, rereadSeconds: [10],
            webhookSecret: "s", consumerKey: "k", consumerSecret: "c",
            mapping: [
                "accounts": ["sales": "200", "rounding": "860"], "taxes": ["10": "OUTPUT"],
                "payments": ["stripe": "090", "paypal": "091"], "posting": posting, "summary": ["late": .string(late)],
                "refunds": ["amount_only": "proportional"], "payouts": ["default": ["fees": "404"]],
            ], mappingVersion: version)
        return snapshot
    }

    /// Has another mode apply from now on.
    func use(posting: JSONValue, late: String = "next_day") {
        snapshot.withLockedValue { $0 = Self.configuration(posting: posting, late: late, version: $0.version + 1) }
    }

    /// Sets the time it is.
    func now(_ text: String) throws {
        let instant = try #require(Instant(rfc3339: text))
        clock.withLockedValue { $0 = instant }
    }

    // MARK: Services

    var planning: OrderPlanning {
        OrderPlanning(
            database: harness.database, rules: rules, logger: Logger(label: "test"),
            now: { [clock] in clock.withLockedValue { $0 } }, announced: {})
    }

    var rules: StoreRules { StoreRules { [snapshot] _ in snapshot.withLockedValue { $0 } } }

    var closing: SummaryClosing {
        SummaryClosing(
            database: harness.database, rules: rules, planning: planning, settling: .seconds(3600),
            now: { [clock] in clock.withLockedValue { $0 } }, logger: Logger(label: "test"))
    }

    /// Records a version of an order without planning it.
    func observe(_ order: Order, revision: Int = 1) async throws {
        let body = order.snapshot.text
        try await harness.database.execute(
            """
            INSERT INTO snapshot (store_id, entity, entity_id, revision, modified_at, read_started_at, content_hash, source,
                body)
            VALUES ('shop', 'order', \("\(order.id)"), \(revision), \(order.at + "Z")::timestamptz, now(), '', 'read', \(body))
            """)
        try await harness.database.execute(
            """
            INSERT INTO sale (store_id, order_id, order_number, org_id, revision, created_at, modified_at, paid_at)
            VALUES ('shop', \("\(order.id)"), \("\(order.id)"), 'acme', \(revision), \(order.at + "Z")::timestamptz,
                \(order.at + "Z")::timestamptz, \(order.at + "Z")::timestamptz)
            ON CONFLICT (store_id, order_id) DO UPDATE SET revision = excluded.revision, attempts = 0, retry_at = NULL
            """)
    }

    /// Records a version of an order and plans it.
    func take(_ order: Order, revision: Int = 1) async throws {
        try await observe(order, revision: revision)
        await planning.plan(OrderReference(storeID: "shop", orderID: "\(order.id)"))
    }

    /// Writes to Xero, and takes note of it.
    func post() async throws {
        try await harness.write()
        try await closing.round()
    }

    // MARK: Looking

    func state(_ order: Int) async throws -> String? {
        try await harness.value("SELECT state FROM sale WHERE order_id = '\(order)'")
    }

    /// Number, total and tax of each live document in Xero, in order.
    func documents(_ list: String, _ number: String) -> [String] {
        (harness.books[list]?.array ?? []).filter { $0["Status"]?.string != "VOIDED" }.map { document in
            let total = document["Total"]?.decimal?.fixed(2) ?? ""
            let tax = document["TotalTax"]?.decimal?.fixed(2) ?? ""
            return "\(document[number]?.string ?? "") \(total) \(tax) \(document["Status"]?.string ?? "")"
        }.sorted()
    }

    var invoices: [String] { documents("invoices", "InvoiceNumber") }
    var creditNotes: [String] { documents("credit_notes", "CreditNoteNumber") }
}
