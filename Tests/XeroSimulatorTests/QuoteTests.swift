import Accounting
import JSON
import SimulatedXero
import Testing

@Suite struct QuoteTests {
    let bench = Bench()
    private let contact: String

    init() { contact = bench.contact() }

    private func element(_ number: String = "Q-1", _ changes: JSONObject = [:]) -> JSONValue {
        var element: JSONObject = [
            "QuoteNumber": .string(number), "Contact": ["ContactID": .string(contact)], "Date": "2026-06-15",
            "Reference": "Order 1", "LineAmountTypes": "EXCLUSIVE", "LineItems": [Bench.line()],
        ]
        for (key, value) in changes { element[key] = value.isNull ? nil : value }
        return .object(element)
    }

    private func quote(_ number: String = "Q-1", _ changes: JSONObject = [:]) -> JSONValue {
        bench.send("PUT", "Quotes", element(number, changes), unitdp: false)
    }

    private func change(_ quote: JSONValue, _ changes: JSONObject) -> JSONValue {
        var changes = changes
        changes["QuoteID"] = quote["QuoteID"]
        return bench.send("POST", "Quotes", element("Q-1", changes), unitdp: false)
    }

    @Test func aQuoteComesBackWithItsTotalsAndIsInNoBooks() {
        let made = quote("Q-1", ["ExpiryDate": "2026-07-15", "Title": "Order 1"])
        #expect(made.isAccepted)
        #expect(made["QuoteID"]?.string?.count == 36)
        #expect(made["Status"] == "DRAFT")
        #expect(made.number("SubTotal") == "100.00")
        #expect(made.number("TotalTax") == "10.00")
        #expect(made.number("Total") == "110.00")
        #expect(made["DateString"] == "2026-06-15T00:00:00")
        #expect(made["ExpiryDateString"] == "2026-07-15T00:00:00")
        #expect(made["LineAmountTypes"] == "EXCLUSIVE")
        let books = bench.xero.ledger("demo")["orgs"]?[0]
        #expect(books?["quotes"]?.array?.count == 1)
        #expect(books?["invoices"]?.array == [])
        #expect(books?["summary"]?["accounts"]?.array == [])
    }

    @Test func unitAmountsHaveFourDecimalsByThemselves() {
        let line = Bench.line(["Quantity": 3, "UnitAmount": number("0.3333")])
        #expect(quote("Q-1", ["LineItems": [line]]).number("SubTotal") == "1.00")
    }

    @Test func aNumberIsUsedOnce() {
        #expect(quote().isAccepted)
        #expect(quote().errors == ["Quote # must be unique."])
        #expect(quote("Q-2").isAccepted)
        #expect(quote("Q-3", ["QuoteNumber": nil])["QuoteNumber"] == "QU-0003")
    }

    @Test(arguments: [
        ("DRAFT", ["SENT", "DELETED"]), ("SENT", ["ACCEPTED", "DECLINED", "DELETED"]),
        ("ACCEPTED", ["SENT", "INVOICED", "DELETED"]), ("DECLINED", ["SENT", "DELETED"]),
        ("INVOICED", ["SENT", "DELETED"]), ("DELETED", []),
    ])
    func aStatusAllowsSomeOthers(status: String, next: [String]) {
        let ways = [
            "DRAFT": [], "SENT": ["SENT"], "ACCEPTED": ["SENT", "ACCEPTED"], "DECLINED": ["SENT", "DECLINED"],
            "INVOICED": ["SENT", "ACCEPTED", "INVOICED"], "DELETED": ["DELETED"],
        ]
        let all = ["DRAFT", "SENT", "ACCEPTED", "DECLINED", "INVOICED", "DELETED"]
        for (position, wanted) in all.enumerated() where wanted != status {
            var made = quote("Q-\(position)")
            for step in ways[status] ?? [] {
                made = change(
                    made, ["QuoteNumber": made["QuoteNumber"] ?? .null, "Status": .string(step), "LineItems": nil])
            }
            #expect(made["Status"]?.string == status)
            let answer = change(
                made, ["QuoteNumber": made["QuoteNumber"] ?? .null, "Status": .string(wanted), "LineItems": nil])
            #expect(answer.isAccepted == next.contains(wanted), "\(status) to \(wanted): \(answer.errors)")
        }
    }

    @Test func aNewQuoteIsADraftOrSent() {
        #expect(quote("Q-1", ["Status": "SENT"])["Status"] == "SENT")
        #expect(quote("Q-2", ["Status": "ACCEPTED"]).errors.count == 1)
    }

    @Test func whatAnUpdateLeavesOutIsEmptiedExceptLines() {
        let made = quote("Q-1", ["Title": "Order 1", "ExpiryDate": "2026-07-15"])
        let changed = change(made, ["LineItems": nil, "Reference": nil, "LineAmountTypes": nil])
        #expect(changed.isAccepted)
        #expect(changed["Reference"] == "")
        #expect(changed["Title"] == nil)
        #expect(changed["ExpiryDate"] == nil)
        #expect(changed["LineItems"]?[0]?["LineItemID"] == made["LineItems"]?[0]?["LineItemID"])
        #expect(change(made, ["Contact": nil]).errors.count == 1)
        #expect(change(made, ["Date": nil]).errors.count == 1)
    }

    @Test func whatWasAcceptedIsNotEditedUnlessItIsSentAgain() {
        let made = quote("Q-1", ["Status": "SENT"])
        let accepted = change(made, ["Status": "ACCEPTED", "LineItems": nil])
        #expect(accepted["Status"] == "ACCEPTED")
        let other: JSONValue = [Bench.line(["UnitAmount": 50])]
        #expect(change(made, ["Status": "ACCEPTED", "LineItems": other]).errors.count == 1)
        #expect(change(made, ["Status": "SENT", "LineItems": other]).number("Total") == "55.00")
    }

    @Test func quotesAreFoundByNumberAndInPagesOfAHundred() {
        for first in stride(from: 0, to: 120, by: 40) {
            _ = bench.send("PUT", "Quotes", (first..<first + 40).map { element("Q-\($0)") }, unitdp: false)
        }
        #expect(bench.list("/Quotes?QuoteNumber=Q-7&page=1").map { $0["QuoteNumber"] } == ["Q-7"])
        #expect(bench.list("/Quotes?page=1").count == 100)
        #expect(bench.list("/Quotes?page=2").count == 20)
        #expect(bench.list("/Quotes?page=3") == [])
        #expect(bench.list("/Quotes?Status=SENT") == [])
        let id = bench.list("/Quotes?page=1")[0]["QuoteID"]?.string ?? ""
        #expect(bench.list("/Quotes/\(id)").first?["QuoteNumber"] == "Q-0")
        #expect(bench.call("GET", "/Quotes/\(contact)").status == 404)
    }
}
