import Accounting
import JSON
import Mapping
import Testing

/// What becomes of a paid order when another mapping holds: sold on 2 March 2026, corrected on 20 March.
@Suite struct CorrectionTests {
    typealias Order = OrderFixture

    private static let key = DocumentKey(
        orgID: "main", storeID: "shop", kind: .invoice, sourceID: "1001", part: "1")

    private static func mapping(
        sales: JSONValue = "200", tax: JSONValue = "VAT20", clearing: JSONValue = "090"
    ) throws -> JSONValue {
        var mapping = try #require(Order.mapping.object)
        mapping["accounts"] = ["sales": sales]
        mapping["taxes"] = ["20": tax]
        mapping["payments"] = ["default": clearing]
        return .object(mapping)
    }

    private static let sold = Order(total: "120.00", totalTax: "20.00")
        .line("100.00", tax: "20.00", rates: Order.rates("20")).rate(20, amount: "20.00")

    /// Number, total, account and tax type of each document that is wanted, once everything that was wanted before is in Xero.
    private static func revised(
        _ order: Order = sold, from former: JSONValue? = nil, to mapping: JSONValue,
        lockDate: String? = nil,
        isAgreed: Bool = true
    ) throws -> [String] {
        let before = try order.plan(mapping: former ?? Self.mapping())
        let standing = before.documents.filter { $0.kind != .contact }.map {
            StandingDocument(
                $0.reference, standing: .inXero, title: $0.number ?? "", desired: $0.desired,
                total: $0.total ?? .zero,
                isOfThisMapping: false)
        }
        let day = try #require(CalendarDate("2026-03-20"))
        let consent = Correction(day: day, lockDate: lockDate.flatMap { CalendarDate($0) })
        switch PlanRevision.revise(
            try order.plan(mapping: mapping), standing: standing, order: key,
            correction: isAgreed ? consent : nil)
        {
        case .objection(let reason): return [reason]
        case .plan(let plan): return plan.documents.filter { $0.kind != .contact }.map(text)
        }
    }

    private static func text(_ document: PlannedDocument) -> String {
        let lines = (document.desired["LineItems"]?.array ?? []).map { line in
            "\(line["UnitAmount"]?.decimal?.fixed(2) ?? "") \(line["AccountCode"]?.string ?? "") \(line["TaxType"]?.string ?? "")"
        }
        let account = document.desired["Account"]?["Code"]?.string
        return [
            document.number ?? document.kind.rawValue, document.total?.fixed(2) ?? "",
            document.date?.description ?? "", account ?? lines.joined(separator: ", "),
        ].joined(separator: " | ")
    }

    @Test func `another account is changed on the invoice itself`() throws {
        #expect(
            try Self.revised(to: Self.mapping(sales: "205")) == [
                "S-1001 | 120.00 | 2026-03-02 | 100.00 205 VAT20"
            ])
    }

    @Test
    func `in a period that is locked another account is an invoice of nothing that moves the amount`()
        throws
    {
        #expect(
            try Self.revised(to: Self.mapping(sales: "205"), lockDate: "2026-03-02") == [
                "S-1001.2 | 0.00 | 2026-03-20 | 100.00 205 VAT20, -100.00 200 VAT20"
            ])
    }

    @Test func `another tax type is a credit note over everything and a new invoice, both settled`()
        throws
    {
        #expect(
            try Self.revised(to: Self.mapping(tax: "VAT20B")) == [
                "CN-S-1001.2 | 120.00 | 2026-03-20 | 100.00 200 VAT20",
                "S-1001.2 | 120.00 | 2026-03-20 | 100.00 200 VAT20B", "payment | 120.00 | 2026-03-20 | 090",
                "refund | 120.00 | 2026-03-20 | 090",
            ])
    }

    @Test
    func `another clearing account gives the money back from the one and takes it with the other`()
        throws
    {
        #expect(
            try Self.revised(to: Self.mapping(clearing: "091")) == [
                "CN-S-1001.2 | 120.00 | 2026-03-20 | 100.00 200 VAT20",
                "S-1001.2 | 120.00 | 2026-03-20 | 100.00 200 VAT20", "payment | 120.00 | 2026-03-20 | 091",
                "refund | 120.00 | 2026-03-20 | 090",
            ])
    }

    @Test
    func `credit notes cannot be changed, and what they took back moves with an invoice of nothing`()
        throws
    {
        let refunded = Self.sold.refund(
            90, "60.00",
            lines: [
                "line_items": [Order.refunded("50.00", tax: "10.00", of: 11, rates: Order.rates("-10"))]
            ])
        #expect(
            try Self.revised(refunded, to: Self.mapping(sales: "205")) == [
                "S-1001.2 | 0.00 | 2026-03-20 | -50.00 205 VAT20, 50.00 200 VAT20",
                "S-1001 | 120.00 | 2026-03-02 | 100.00 205 VAT20",
            ])
    }

    @Test func `nobody having agreed, another mapping changes nothing that is settled`() throws {
        for mapping in [
            try Self.mapping(sales: "205"), try Self.mapping(tax: "VAT20B"),
            try Self.mapping(clearing: "091"),
        ] {
            #expect(try Self.revised(to: mapping, isAgreed: false) == [])
        }
    }

    @Test func `the same mapping corrects nothing`() throws {
        #expect(try Self.revised(to: Self.mapping()) == [])
    }
}
