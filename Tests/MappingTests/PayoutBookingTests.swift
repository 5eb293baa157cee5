import Accounting
import JSON
import Testing

@testable import Mapping

@Suite("A payout and the orders it names") struct PayoutBookingTests {
    private static let settings = PayoutSettings(account: "090", fees: "404", adjustments: "260")

    private static func money(_ text: String) -> ExactDecimal { ExactDecimal(text) ?? .zero }

    private static func entry(_ amount: String, _ source: String = "sale", on day: String = "2026-10-30") throws
        -> SummaryEntry
    {
        let total = money(amount)
        let tax = total.divided(by: ExactDecimal(11), scale: 2)
        return SummaryEntry(
            source: source, happenedOn: try #require(CalendarDate(day)), currency: try #require(Currency("AUD")),
            lines: [.init(account: "200", taxType: "OUTPUT", net: total - tax, tax: tax)],
            money: [.init(account: "090", amount: total)])
    }

    /// An order of which these entries wait for their payout.
    private static func order(_ number: String, _ entries: SummaryEntry...) -> PayoutOrder {
        PayoutOrder(
            id: "id\(number)", number: number, currency: Currency("AUD"),
            open: entries.enumerated().map {
                .init(id: Int64(number.utf8.first ?? 0) * 10 + Int64($0.offset), entry: $0.element)
            },
            obstacle: "has no payment that could be paid out")
    }

    private static func payout(_ lines: [PayoutLine], net: String? = nil, on day: String = "2026-11-02") throws
        -> Payout
    {
        Payout(
            id: "po_1", provider: "stripe", currency: try #require(Currency("AUD")),
            paidOn: try #require(CalendarDate(day)),
            net: net.map { money($0) } ?? lines.map { $0.amount - $0.fee }.sum(), lines: lines)
    }

    private static func charge(_ order: String, _ amount: String, fee: String = "0") -> PayoutLine {
        PayoutLine(.charge, order: order, amount: money(amount), fee: money(fee))
    }

    private static func refund(_ order: String, _ amount: String) -> PayoutLine {
        PayoutLine(.refund, order: order, amount: money(amount))
    }

    private static func held(
        _ payout: Payout, _ orders: PayoutOrder..., settings: PayoutSettings = settings, reference: ReferenceData? = nil
    ) -> String {
        let known = Dictionary(orders.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        switch PayoutBooking.book(payout, orders: known, settings: settings, reference: reference) {
        case .booked(let booking): return "booked \(booking.entries.count) \(booking.parts.map(\.text))"
        case .held(let reason, let findings): return ([reason] + findings).joined(separator: "; ")
        }
    }

    @Test func `what does not add up is held with the arithmetic`() throws {
        let payout = try Self.payout(
            [Self.charge("1", "220.00", fee: "6.60"), Self.refund("2", "-50.00")], net: "165.00")
        #expect(
            Self.held(payout)
                == "the payout does not add up; charges 220.00 - refunds 50.00 - fees 6.60 = 163.40, but 165.00 "
                + "was paid out: 1.60 apart")
    }

    @Test func `an order that is not known, held or paid out already holds the payout`() throws {
        let unknown = try Self.payout([Self.charge("1", "110.00"), Self.charge("2", "55.00")])
        let one = Self.order("1", try Self.entry("110.00"))
        #expect(Self.held(unknown, one).hasSuffix("line 2: order 2 is not known here"))
        var two = Self.order("2")
        two.obstacle = "is held: the order does not add up"
        #expect(Self.held(unknown, one, two).hasSuffix("line 2: order 2 is held: the order does not add up"))
        #expect(Self.held(unknown, one, Self.order("2", try Self.entry("55.00"))).hasPrefix("booked 2"))
    }

    @Test func `amounts that are not the order's are held with both`() throws {
        let order = Self.order("7", try Self.entry("110.00"), try Self.entry("-30.00", "refund:9"))
        let payout = try Self.payout([Self.charge("7", "110.00"), Self.refund("7", "-20.00")])
        #expect(
            Self.held(payout, order).hasSuffix(
                "line 1: order 7 is paid out with 110.00, -20.00, but what is not paid out of it yet is sale 110.00, "
                    + "refund:9 -30.00: 10.00 apart"))
        // The sale alone is paid out; the refund waits for another payout.
        #expect(Self.held(try Self.payout([Self.charge("7", "110.00")]), order) == "booked 1 [\"payout:po_1\"]")
        #expect(Self.held(try Self.payout([Self.refund("7", "-30.00")]), order).hasPrefix("booked 1"))
        #expect(
            Self.held(try Self.payout([Self.charge("7", "110.00"), Self.refund("7", "-30.00")]), order)
                .hasPrefix("booked 2"))
        #expect(Self.held(try Self.payout([Self.charge("7", "55.00")]), order).contains("25.00 apart"))
    }

    @Test func `another currency is held`() throws {
        var order = Self.order("7", try Self.entry("110.00"))
        order.currency = Currency("USD")
        let payout = try Self.payout([Self.charge("7", "110.00")])
        #expect(Self.held(payout, order).hasSuffix("order 7 is in USD, but the payout is in AUD"))
    }

    @Test func `settings that are missing are named`() throws {
        let payout = try Self.payout([
            Self.charge("1", "10.00", fee: "1.00"), PayoutLine(.adjustment, amount: Self.money("5")),
        ])
        let words = Self.held(payout, settings: PayoutSettings())
        for key in ["account", "fees", "adjustments"] {
            #expect(words.contains("mapping.payouts.stripe.\(key)"), "\(words)")
        }
    }

    @Test func `a payout over a month's end is split by the day of sale`() throws {
        let october = Self.order("1", try Self.entry("110.00", on: "2026-10-31"))
        let november = Self.order("2", try Self.entry("55.00", on: "2026-11-01"))
        let payout = try Self.payout([Self.charge("1", "110.00", fee: "3.00"), Self.charge("2", "55.00", fee: "2.00")])
        let outcome = PayoutBooking.book(payout, orders: ["1": october, "2": november], settings: Self.settings)
        guard case .booked(let booking) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(booking.parts.map(\.text) == ["payout:po_1:2026-10", "payout:po_1:2026-11"])
        #expect(
            booking.parts.map { booking.date(of: $0, paidOn: payout.paidOn).description } == [
                "2026-10-31", "2026-11-02",
            ])
        #expect(booking.places.map(\.part) == booking.parts, "a fee goes with its sale")
        // All of it sold in October: one document, of October's last day.
        let alone = PayoutBooking.book(
            try Self.payout([Self.charge("1", "110.00")]), orders: ["1": october], settings: Self.settings)
        guard case .booked(let whole) = alone, let part = whole.parts.first else {
            Issue.record("\(alone)")
            return
        }
        #expect(part.text == "payout:po_1" && whole.date(of: part, paidOn: payout.paidOn).description == "2026-10-31")
    }

    @Test func `the money of orders that were posted otherwise is not posted again`() throws {
        var own = PayoutOrder(id: "5", number: "5", currency: Currency("AUD"))
        own.elsewhere = [.init(account: "090", amount: Self.money("110.00"))]
        let payout = try Self.payout([Self.charge("5", "110.00", fee: "3.30")])
        #expect(Self.held(payout, own) == "booked 0 [\"payout:po_1\"]")
        let more = try Self.payout([Self.charge("5", "110.00"), Self.charge("5", "1.00")])
        #expect(Self.held(more, own).contains("1.00 is paid out, but what is not paid out of it yet is 0.00 in 090"))
        own.elsewhere[0].account = "091"
        let accounts = ReferenceData(answers: [
            "Accounts": ["Accounts": [["Code": "091", "Name": "PayPal", "Type": "BANK", "Class": "ASSET"]]]
        ])
        #expect(Self.held(payout, own, reference: accounts).contains("its money is in 091, a bank account"))
        #expect(Self.held(payout, own).hasPrefix("booked"))
    }

    private static func plan(
        _ entries: [SummaryEntry], _ lines: [PayoutDraft.Line], settings: PayoutSettings = settings
    ) throws -> OrderPlan {
        let payout = try Self.payout(lines.map(\.line))
        var org = OrderFixture.org
        org.country = "AU"
        var mapping = try MappingConfiguration(json: OrderFixture.mapping)
        mapping.payouts = ["stripe": settings]
        org.taxRates["INPUT"] = ExactDecimal(10)
        let draft = PayoutDraft(
            PayoutPart(payoutID: "po_1"), of: payout, date: payout.paidOn, mapping: mapping, org: org,
            store: StoreSettings(storeID: "shop", numberPrefix: "S-"))
        let outcome = draft.plan(entries, lines: lines)
        guard case .planned(let plan) = outcome else {
            Issue.record("\(outcome)")
            return OrderPlan(documents: [])
        }
        return plan
    }

    private static func lines(_ document: PlannedDocument?) -> [String] {
        (document?.desired["LineItems"]?.array ?? []).map { line in
            [
                line["Description"]?.string, line["AccountCode"]?.string, line["TaxType"]?.string,
                line["UnitAmount"]?.number?.text, line["TaxAmount"]?.number?.text ?? "-",
            ].map { $0 ?? "" }.joined(separator: " | ")
        }
    }

    @Test func `the invoice's total is the net, and one payment is all of it`() throws {
        var settings = Self.settings
        settings.feeTax = "INPUT"
        let plan = try Self.plan(
            [try Self.entry("110.00"), try Self.entry("55.00"), try Self.entry("-11.00", "refund:9")],
            [
                .init(Self.charge("1", "110.00", fee: "3.30")), .init(Self.charge("2", "55.00", fee: "2.20")),
                .init(Self.refund("1", "-11.00")),
                .init(PayoutLine(.adjustment, amount: Self.money("-20"), text: "Reserve")),
            ], settings: settings)
        let invoice = try #require(plan.documents(of: .invoice).first)
        #expect(
            Self.lines(invoice) == [
                "2 sales | 200 | OUTPUT | 150.00 | 15.00", "1 refund | 200 | OUTPUT | -10.00 | -1.00",
                "Fees of stripe | 404 | INPUT | -5.00 | -", "Reserve | 260 | BASEXCLUDED | -20.00 | 0.00",
            ])
        #expect(
            invoice.number == "S-PAYOUT-po_1" && invoice.total == Self.money("128.50")
                && invoice.tax == Self.money("13.50"))
        let payment = try #require(plan.documents(of: .payment).first)
        #expect(payment.total == invoice.total && payment.desired["Account"]?["Code"]?.string == "090")
        #expect(plan.documents.first?.desired["Name"]?.string == "Payouts of stripe")
    }

    @Test func `what the provider took is a credit note and its refund`() throws {
        let plan = try Self.plan(
            [try Self.entry("-55.00", "refund:9")],
            [.init(Self.refund("1", "-55.00")), .init(Self.charge("5", "110.00", fee: "3.30"), settledIn: "090")])
        let note = try #require(plan.documents(of: .creditNote).first)
        #expect(
            Self.lines(note) == [
                "1 refund | 200 | OUTPUT | 50.00 | 5.00", "Fees of stripe | 404 | BASEXCLUDED | 3.30 | 0.00",
            ])
        #expect(note.number == "CN-S-PAYOUT-po_1" && note.total == Self.money("58.30"))
        #expect(plan.documents(of: .refund).first?.total == note.total && plan.documents(of: .invoice).isEmpty)
        let moved = try Self.plan([], [.init(Self.charge("5", "110.00"), settledIn: "620")])
        #expect(
            Self.lines(moved.documents(of: .invoice).first) == [
                "Paid into 620 before | 620 | BASEXCLUDED | 110.00 | 0.00"
            ])
    }
}
