import JSON
import SimulatedXero
import Testing

@Suite struct ItemTests {
    private let bench = Bench()

    private static func item(_ code: String, _ changes: JSONObject = [:]) -> JSONValue {
        var item: JSONObject = [
            "Code": .string(code), "Name": "Thing",
            "SalesDetails": ["AccountCode": "203", "UnitPrice": number("12.5")],
        ]
        for (key, value) in changes { item[key] = value }
        return .object(item)
    }

    @Test func `items are made in batches, and one that is wrong costs the others nothing`() {
        let results = bench.send(
            "PUT", "Items",
            [
                Self.item("A"), Self.item(String(repeating: "B", count: 31)), Self.item("A"),
                Self.item("C", ["Name": .string(String(repeating: "n", count: 51))]),
                Self.item("D", ["SalesDetails": ["AccountCode": "090"]]),
                Self.item("E", ["SalesDetails": ["AccountCode": "200", "TaxType": "INPUT"]]), Self.item("F"),
            ])
        #expect(results.map(\.isAccepted) == [true, false, false, false, false, false, true])
        #expect(results[1].errors == ["The item Code is limited to 30 characters."])
        #expect(results[2].errors == ["Price List Item with Code 'A' already exists"])
        #expect(results[3].errors == ["The item Name is limited to 50 characters."])
        #expect(results[4].errors == ["Account code '090' is not a valid code for this document."])
        #expect(results[5].errors == ["The TaxType code 'INPUT' cannot be used with account code '200'."])
        #expect(bench.list("/Items").compactMap { $0["Code"]?.string } == ["A", "F"])
    }

    @Test func `items are found by code, by what changed and by their own names`() {
        _ = bench.send("PUT", "Items", [Self.item("A"), Self.item("B")])
        let since = ["If-Modified-Since": "2026-06-15T12:00:01"]
        #expect(bench.list("/Items?where=Code%3D%3D%22B%22").map { $0["Code"] } == ["B"])
        #expect(bench.call("GET", "/Items/A").json["Items"]?[0]?["Code"] == "A")
        #expect(bench.list("/Items", headers: since).isEmpty)
        bench.advance(.seconds(60))
        _ = bench.send("POST", "Items", ["Code": "B", "Name": "Other"])
        #expect(bench.list("/Items", headers: since).map { $0["Name"] } == ["Other"])
    }

    @Test func `a line takes price and account of its item, and its account's tax`() {
        _ = bench.send("PUT", "Items", [Self.item("A")])
        let line = Bench.line(["ItemCode": "A", "UnitAmount": .null, "AccountCode": .null, "TaxType": .null])
        let invoice = bench.invoice("A-1", ["LineItems": [line]])
        #expect(invoice.errors == [])
        let made = invoice["LineItems"]?[0]
        #expect(made?["AccountCode"] == "203")
        #expect(made?.number("UnitAmount") == "12.5000")
        #expect(made?["TaxType"] == "OUTPUT")
    }

    @Test func `an item that is gone cannot be named any more`() {
        _ = bench.send("PUT", "Items", [Self.item("A")])
        #expect(bench.call("DELETE", "/Items/A").status == 204)
        #expect(bench.call("DELETE", "/Items/A").status == 404)
        #expect(bench.list("/Items").isEmpty)
        let refused = bench.invoice("A-1", ["LineItems": [Bench.line(["ItemCode": "A"])]])
        #expect(refused.errors == ["Item code 'A' is not valid."])
        #expect(bench.send("PUT", "Items", Self.item("A")).isAccepted)
    }
}
