import JSON
import SimulatedXero
import Testing

@Suite struct QueryTests {
    let bench = Bench()

    private func numbers(_ target: String, headers: [String: String] = [:]) -> [String] {
        bench.list(target, headers: headers).compactMap { $0["InvoiceNumber"]?.string }
    }

    @Test func listsWithoutAPageHaveNoLines() {
        _ = bench.invoice()
        #expect(bench.list("/Invoices").first?["LineItems"] == [])
        #expect(bench.list("/Invoices?page=1").first?["LineItems"]?.array?.count == 1)
        #expect(bench.list("/Invoices/A-1").first?["LineItems"]?.array?.count == 1)
    }

    @Test func pagesAreDescribed() {
        let contact = bench.contact()
        _ = bench.send("PUT", "Invoices", (1...5).map { Bench.invoice("A-\($0)", contact: contact) })
        let page = bench.call("GET", "/Invoices?page=2&pageSize=2").json
        #expect(page["pagination"] == ["page": 2, "pageSize": 2, "pageCount": 3, "itemCount": 5])
        #expect(page["Invoices"]?.array?.map { $0["InvoiceNumber"] } == ["A-3", "A-4"])
        #expect(bench.call("GET", "/Invoices?page=9&pageSize=5000").json["pagination"]?["pageSize"] == 1000)
        #expect(bench.call("GET", "/Invoices").json["pagination"] == nil)
    }

    @Test func documentsAreFoundByListsAndFilters() {
        let contact = bench.contact()
        _ = bench.send(
            "PUT", "Invoices",
            (1...4).map { Bench.invoice("A-\($0)", contact: contact, ["Reference": .string("Order \($0)")]) })
        #expect(numbers("/Invoices?InvoiceNumbers=A-2,A-4,B-1") == ["A-2", "A-4"])
        #expect(numbers("/Invoices?where=Reference%3D%3D%22Order%203%22") == ["A-3"])
        #expect(numbers("/Invoices?Statuses=VOIDED") == [])
        #expect(numbers("/Invoices?where=Date%3E%3DDateTime(2026,06,16)") == [])
        #expect(numbers("/Invoices?where=AmountDue%3E100%20AND%20InvoiceNumber%3D%3D%22A-1%22") == ["A-1"])
        #expect(numbers("/Invoices?where=InvoiceNumber%3D%3D%22A-1%22%20OR%20InvoiceNumber%3D%3D%22A-2%22").count == 2)
        let id = bench.list("/Invoices/A-3").first?["InvoiceID"]?.string ?? ""
        #expect(numbers("/Invoices?IDs=\(id)") == ["A-3"])
    }

    @Test func aFilterThatCannotBeReadIsA400() {
        _ = bench.invoice()
        let wrong = bench.call("GET", "/Invoices?where=Nonsense%3D%3D%22x%22")
        #expect(wrong.status == 400)
        #expect(wrong.json["Type"] == "QueryParseException")
        #expect(bench.call("GET", "/Invoices?where=Reference%3D%3D%22x").status == 400)
    }

    @Test func modifiedSinceShowsWhatChangedLater() {
        _ = bench.invoice("A-1")
        bench.advance(.seconds(10))
        _ = bench.invoice("A-2")
        let since = ["If-Modified-Since": "2026-06-15T12:00:05"]
        #expect(numbers("/Invoices?page=1", headers: since) == ["A-2"])
        bench.advance(.seconds(10))
        _ = bench.pay(bench.list("/Invoices/A-1").first ?? .null)
        #expect(numbers("/Invoices?page=1", headers: since) == ["A-1", "A-2"])
        #expect(bench.list("/Payments?page=1", headers: since).count == 1)
        #expect(bench.list("/Contacts?page=1", headers: since).isEmpty)
    }

    @Test func referenceDataIsThere() {
        #expect(bench.call("GET", "/Organisation").json["Organisations"]?[0]?["BaseCurrency"] == "AUD")
        let rounding = bench.list("/Accounts?where=SystemAccount%3D%3D%22ROUNDING%22")
        #expect(rounding.map { $0["Code"] } == ["860"])
        #expect(bench.list("/Accounts").contains { $0["Code"] == "090" && $0["Type"] == "BANK" })
        #expect(
            bench.list("/TaxRates").contains { $0["TaxType"] == "OUTPUT" && $0.number("EffectiveRate") == "10.0000" })
        #expect(bench.list("/Currencies").contains { $0["Code"] == "EUR" })
        #expect(bench.call("GET", "/TrackingCategories").json["TrackingCategories"] == [])
        #expect(bench.call("GET", "/Nonsense").status == 404)
    }

    @Test func itemsHaveUniqueCodes() {
        #expect(bench.send("PUT", "Items", ["Code": "SKU", "Name": "Thing"]).isAccepted)
        #expect(
            bench.send("PUT", "Items", ["Code": "SKU"]).errors == ["Price List Item with Code 'SKU' already exists"])
        #expect(bench.list("/Items/SKU").count == 1)
        #expect(bench.invoice("A-1", ["LineItems": [Bench.line(["ItemCode": "SKU"])]]).isAccepted)
    }

    @Test func withoutAskingForJSONTheAnswerIsXML() {
        let response = bench.call("GET", "/Organisation", headers: ["Accept": "*/*"])
        #expect(response.header("Content-Type")?.contains("xml") == true)
    }

    @Test func bodiesThatAreNoJSONAreRefused() {
        let token = bench.xero.accessToken()
        for body in ["", "{", "[]", "{}", "null", "\u{0}"] {
            let response = bench.xero.handle(
                SimulatedRequest(
                    method: "PUT", target: "/api.xro/2.0/Invoices",
                    headers: ["authorization": "Bearer \(token)", "accept": "application/json"], body: Array(body.utf8))
            )
            #expect(response.status == 400, "\(body)")
            #expect(response.json["Type"] == "PostDataInvalidException")
        }
    }
}
