import Accounting
import JSON
import Mapping
import Storefronts
import Testing

/// Writes an order the way WooCommerce does, from as few words as a test needs.
struct OrderFixture {
    var order: JSONObject
    var refunds: [JSONValue]? = []

    /// A paid order of one line of 100.00 in euros, without tax.
    init(id: Int = 1001, total: String = "100.00", totalTax: String = "0.00") {
        order = [
            "id": .number(JSONNumber(id)), "number": .string(String(id)), "status": "processing", "currency": "EUR",
            "date_created_gmt": "2026-03-01T22:30:00", "date_modified_gmt": "2026-03-02T08:00:00",
            "date_paid_gmt": "2026-03-01T23:30:00", "prices_include_tax": false, "total": .string(total),
            "total_tax": .string(totalTax), "customer_id": 7, "payment_method": "stripe", "customer_note": "",
            "billing": [
                "first_name": "Ada", "last_name": "Byron", "company": "", "address_1": "1 Mill Lane", "address_2": "",
                "city": "Leeds", "state": "", "postcode": "LS1 1AA", "country": "GB", "email": "Ada@Example.org",
                "phone": "0113 000 000",
            ],
            "line_items": [], "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "tax_lines": [], "refunds": [],
            "meta_data": [],
        ]
    }

    /// Sets fields of the order.
    func with(_ fields: JSONObject) -> OrderFixture {
        var copy = self
        for (key, value) in fields { copy.order[key] = value }
        return copy
    }

    func status(_ status: String) -> OrderFixture { with(["status": .string(status)]) }
    func unpaid() -> OrderFixture { with(["date_paid_gmt": nil]) }

    func line(
        _ net: String, tax: String = "0.00", quantity: JSONValue = 1, name: String = "Thing", sku: String = "",
        id: Int = 11, rates: JSONValue = []
    ) -> OrderFixture {
        append(
            "line_items",
            [
                "id": .number(JSONNumber(id)), "name": .string(name), "quantity": quantity, "total": .string(net),
                "total_tax": .string(tax), "taxes": rates, "sku": .string(sku), "meta_data": [],
            ])
    }

    func shipping(_ net: String, tax: String = "0.00", id: Int = 21, rates: JSONValue = []) -> OrderFixture {
        append(
            "shipping_lines",
            [
                "id": .number(JSONNumber(id)), "method_title": "Flat rate", "total": .string(net),
                "total_tax": .string(tax), "taxes": rates,
            ])
    }

    func fee(_ net: String, tax: String = "0.00", id: Int = 31, rates: JSONValue = []) -> OrderFixture {
        append(
            "fee_lines",
            [
                "id": .number(JSONNumber(id)), "name": "Gift wrap", "total": .string(net), "total_tax": .string(tax),
                "taxes": rates,
            ])
    }

    func rate(
        _ percent: JSONValue, amount: String, shipping: String = "0.00", id: Int = 5, code: String = "GB-VAT-1",
        compound: Bool = false
    ) -> OrderFixture {
        append(
            "tax_lines",
            [
                "rate_id": .number(JSONNumber(id)), "rate_code": .string(code), "rate_percent": percent, "label": "VAT",
                "compound": .bool(compound), "tax_total": .string(amount), "shipping_tax_total": .string(shipping),
            ])
    }

    /// Adds a refund to the order's list and to the details.
    func refund(_ id: Int, _ amount: String, at time: String = "2026-03-05T10:00:00", lines: JSONObject = [:])
        -> OrderFixture
    {
        var copy = append("refunds", ["id": .number(JSONNumber(id)), "reason": "", "total": .string("-" + amount)])
        var detail: JSONObject = [
            "id": .number(JSONNumber(id)), "date_created_gmt": .string(time), "amount": .string(amount), "reason": "",
        ]
        for (key, value) in lines { detail[key] = value }
        copy.refunds?.append(.object(detail))
        return copy
    }

    /// A line of a refund.
    static func refunded(
        _ net: String, tax: String = "0.00", quantity: Int = 1, of line: Int, rates: JSONValue = []
    ) -> JSONValue {
        [
            "id": .number(JSONNumber(line + 900)), "name": "Thing", "quantity": .number(JSONNumber(-quantity)),
            "total": .string("-" + net), "total_tax": .string("-" + tax), "taxes": rates,
            "meta_data": [["key": "_refunded_item_id", "value": .string(String(line))]],
        ]
    }

    /// Which rates a line is taxed by, and with how much.
    static func rates(_ amount: String, id: Int = 5) -> JSONValue {
        [["id": .number(JSONNumber(id)), "total": .string(amount), "subtotal": .string(amount)]]
    }

    private func append(_ key: String, _ value: JSONValue) -> OrderFixture {
        var copy = self
        copy.order[key] = .array((copy.order[key]?.array ?? []) + [value])
        return copy
    }

    var snapshot: JSONValue {
        var snapshot: JSONObject = ["order": .object(order)]
        if let refunds { snapshot["refunds"] = .array(refunds) }
        return .object(snapshot)
    }

    func canonical() throws -> CanonicalOrder {
        // Through the text, as orders come.
        let parsed = try JSONValue(parsing: snapshot.encoded())
        return try WooCommerceOrderParser.order(from: parsed, storeID: "shop")
    }

    func outcome(
        mapping: JSONValue = OrderFixture.mapping, org: OrgSettings = OrderFixture.org, invoiceDate: CalendarDate? = nil
    ) throws -> PlanOutcome {
        try Planner.plan(
            order: canonical(), mapping: MappingConfiguration(json: mapping), org: org,
            store: StoreSettings(storeID: "shop", numberPrefix: "S-", url: "https://shop.example/"),
            invoiceDate: invoiceDate)
    }

    func plan(mapping: JSONValue = OrderFixture.mapping, org: OrgSettings = OrderFixture.org) throws -> OrderPlan {
        let outcome = try outcome(mapping: mapping, org: org)
        guard case .planned(let plan) = outcome else {
            Issue.record("not planned: \(outcome)")
            return OrderPlan(documents: [])
        }
        return plan
    }

    /// The reason and findings of an order that is held, as one text.
    func hold(mapping: JSONValue = OrderFixture.mapping, org: OrgSettings = OrderFixture.org) throws -> String {
        let outcome = try outcome(mapping: mapping, org: org)
        guard case .held(let reason, let findings) = outcome else {
            Issue.record("not held: \(outcome)")
            return ""
        }
        return ([reason] + findings).joined(separator: "\n")
    }

    static let mapping: JSONValue = [
        "accounts": [
            "sales": "200", "shipping": "201", "fees": "202", "rounding": "860", "gift_cards": "850",
        ],
        "taxes": ["0": "ZERO", "20": "VAT20", "10": "GST10", "5": "VAT5"],
        "payments": ["stripe": "090", "default": "091"],
    ]

    static let org = OrgSettings(
        orgID: "main", taxRates: ["VAT20": ExactDecimal(20), "GST10": ExactDecimal(10), "VAT5": ExactDecimal(5)],
        date: { $0.date(utcOffsetSeconds: 3600) })
}
