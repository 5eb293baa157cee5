import Accounting
import JSON
import SimulatedWooCommerce
import Testing

@testable import Play

@Suite("Audit")
struct AuditTests {
    private let store = PlayStore(id: "shop", prefix: "S1-")

    private func order(_ id: Int, _ outcome: ExpectedOutcome = .posted, credited: Int = 0) -> PlayedOrder {
        let books = ExpectedBooks(
            total: ExactDecimal(11), tax: ExactDecimal(1), paid: ExactDecimal(11), credited: ExactDecimal(credited),
            creditNotes: credited == 0 ? 0 : 1)
        return PlayedOrder(
            store: store,
            expected: ExpectedOrder(
                orderID: id, number: String(id), currency: "AUD", story: "paid", outcome: outcome,
                books: outcome == .posted ? books : nil, contact: "c:1"))
    }

    /// An order that was changed after payment.
    private func changed(_ id: Int) -> PlayedOrder {
        let books = ExpectedBooks(
            total: ExactDecimal(11), tax: ExactDecimal(1), paid: ExactDecimal(11), credited: .zero, creditNotes: 0,
            isChangedAfterPayment: true)
        return PlayedOrder(
            store: store,
            expected: ExpectedOrder(
                orderID: id, number: String(id), currency: "AUD", story: "edited", outcome: .posted, books: books,
                contact: "c:1"))
    }

    private func invoice(_ number: String, total: String = "11.00", status: String = "PAID") throws -> JSONValue {
        [
            "InvoiceNumber": .string(number), "Status": .string(status), "CurrencyCode": "AUD",
            "Total": .number(try #require(JSONNumber(text: total))), "TotalTax": 1, "AmountPaid": 11, "AmountDue": 0,
        ]
    }

    private func creditNote(_ number: String, total: Int, remaining: Int = 0) -> JSONValue {
        [
            "CreditNoteNumber": .string(number), "Status": "PAID", "CurrencyCode": "AUD",
            "Total": .number(JSONNumber(total)), "RemainingCredit": .number(JSONNumber(remaining)),
        ]
    }

    private func audit(
        _ orders: [PlayedOrder], states: [String], invoices: [JSONValue] = [], notes: [JSONValue] = []
    ) -> [String] {
        let rows = zip(orders, states).map { ($0.key, SaleRow(state: $1, reason: "because", findings: [])) }
        let books = Books(["orgs": [["invoices": .array(invoices), "credit_notes": .array(notes)]]])
        return Audit(orders: orders, sales: Dictionary(uniqueKeysWithValues: rows), books: books).discrepancies
    }

    @Test("an order with its invoice, payment and credit note ties")
    func ties() throws {
        #expect(
            audit(
                [order(7, credited: 4)], states: ["posted"], invoices: [try invoice("S1-7")],
                notes: [creditNote("CN-S1-7-8", total: 4)]
            ).isEmpty)
    }

    @Test("what differs is named with both figures")
    func differs() throws {
        let found = audit(
            [order(7, credited: 4)], states: ["posted"], invoices: [try invoice("S1-7", total: "11.01")],
            notes: [creditNote("CN-S1-7-8", total: 4, remaining: 4)])
        #expect(
            found == [
                "shop order 7: the invoice's total is 11.01, should be 11.00",
                "shop order 7: what is left of its credit notes is 4.00, should be 0.00",
            ])
    }

    @Test("missing, doubled and foreign documents are found, voided ones do not count")
    func documents() throws {
        #expect(audit([order(7)], states: ["posted"]) == ["shop order 7: has no invoice"])
        let twice = [try invoice("S1-7"), try invoice("S1-7")]
        #expect(audit([order(7)], states: ["posted"], invoices: twice) == ["shop order 7: has 2 invoices"])
        let voided = [try invoice("S1-7"), try invoice("S1-7", status: "VOIDED")]
        #expect(audit([order(7)], states: ["posted"], invoices: voided).isEmpty)
        let foreign = audit([], states: [], invoices: [try invoice("S1-9")], notes: [creditNote("CN-S1-9-1", total: 1)])
        #expect(
            foreign == [
                "invoice S1-9 belongs to no order of the play", "credit note CN-S1-9-1 belongs to no order of the play",
            ])
    }

    @Test("a held or ignored order must leave nothing in the books")
    func nothingForHeld() throws {
        #expect(audit([order(7, .held)], states: ["held"]).isEmpty)
        #expect(audit([order(7, .held)], states: ["planned"]) == ["shop order 7: is planned (because), should be held"])
        #expect(
            audit([order(7, .ignored)], states: ["ignored"], invoices: [try invoice("S1-7")])
                == ["shop order 7: is ignored, but has documents in the books"])
    }

    @Test("of an order changed after payment the sum of its documents counts")
    func differences() throws {
        let invoices = [try invoice("S1-7"), try invoice("S1-7.2")]
        let notes = [creditNote("CN-S1-7.2", total: 4), creditNote("CN-S1-7-8", total: 7)]
        let found = audit([changed(7)], states: ["posted"], invoices: invoices, notes: notes)
        #expect(found == ["shop order 7: the tax of its documents is 2.00, should be 1.00"])
        #expect(audit([changed(7)], states: ["posted"], invoices: [try invoice("S1-7")]).isEmpty)
        let other = audit([changed(7)], states: ["posted"], invoices: [try invoice("S1-7"), try invoice("S1-8.2")])
        #expect(other == ["invoice S1-8.2 belongs to no order of the play"])
    }

    @Test("an order nobody knows is lost")
    func lost() {
        #expect(
            Audit(orders: [order(7)], sales: [:], books: Books([:])).discrepancies
                == ["shop order 7: Counterfoil does not know it"])
    }

    @Test("the allowance of calls is that of the promise")
    func allowance() {
        #expect(CallReport.allowance(orders: 10_000, contacts: 7_000) == 400 + 140 + 27 + 20)
        #expect(CallReport.allowance(orders: 1, contacts: 1) == 3 + 1 + 20)
    }

    @Test("calls are read with refusals by reason")
    func calls() {
        let report = CallReport([
            "calls": 5,
            "orgs": [
                "demo": [
                    "in_flight_maximum": 3, "refused": ["minute": 2, "concurrent": 0],
                    "by_endpoint": ["PUT Invoices": ["calls": 5, "elements": 90]],
                ]
            ],
        ])
        #expect(report.total == 5)
        #expect(report.inFlightMaximum == 3)
        #expect(report.minuteRefusals == 2)
        #expect(report.refusedText == "minute 2")
    }
}
