import Accounting
import JSON
import Testing

@testable import Play

@Suite("Earlier orders")
struct EarlierOrdersTests {
    private let store = PlayStore.generated(2)

    private var earlier: EarlierOrders {
        var earlier = EarlierOrders()
        earlier.add(
            [["order": ["id": 1_010, "number": "1010"]], ["order": ["id": 1_234, "number": "W-7"]]], in: store)
        return earlier
    }

    @Test("New orders are numbered after the highest of their own store")
    func numbersGoOn() {
        #expect(earlier.firstID(in: store) == 1_240)
        #expect(earlier.firstID(in: PlayStore.generated(1)) == 1_000)
    }

    @Test("Documents of earlier orders are left out of the books, others stay")
    func leavesOut() {
        func invoice(_ number: String) -> JSONValue { ["InvoiceNumber": .string(number), "Status": "PAID"] }
        func note(_ number: String) -> JSONValue { ["CreditNoteNumber": .string(number), "Status": "PAID"] }
        func payment(_ number: String) -> JSONValue { ["Amount": 5, "Invoice": ["InvoiceNumber": .string(number)]] }
        let books = earlier.removed(
            from: Books([
                "orgs": [
                    [
                        "invoices": [invoice("S2-1010"), invoice("S2-W-7"), invoice("S1-1010"), invoice("S2-1240")],
                        "credit_notes": [note("CN-S2-1010-1011"), note("CN-S2-1240-1241")],
                        "payments": [
                            payment("S2-1010"), payment("S1-1010"),
                            ["Amount": 1, "CreditNote": ["CreditNoteNumber": "CN-S2-1010-1011"]],
                        ],
                    ]
                ]
            ]))
        #expect(books.invoices.map(\.number) == ["S1-1010", "S2-1240"])
        #expect(books.creditNotes.map(\.number) == ["CN-S2-1240-1241"])
        #expect(books.payments.map(\.document) == ["S1-1010"])
    }
}
