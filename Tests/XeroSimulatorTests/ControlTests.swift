import Accounting
import JSON
import SimulatedXero
import Testing

@Suite struct ControlTests {
    let bench = Bench()

    @Test func theLedgerListsEverythingAndItsBalancesAddUpToZero() {
        let invoice = bench.invoice()
        _ = bench.pay(invoice)
        _ = bench.invoice("A-2", ["CurrencyCode": "EUR", "LineItems": [Bench.line(["UnitAmount": number("0.07")])]])
        _ = bench.refund(bench.creditNote(), number("30.00"))
        let ledger = bench.control("GET", "/ledger").json["orgs"]?[0] ?? .null
        #expect(ledger["contacts"]?.array?.count == 1)
        #expect(ledger["invoices"]?.array?.count == 2)
        #expect(ledger["payments"]?.array?.count == 2)
        #expect(ledger["credit_notes"]?.array?.count == 1)
        let summary = ledger["summary"] ?? .null
        #expect(
            summary["invoices"]?.array?.first == [
                "currency": "AUD", "status": "PAID", "count": 1, "total": number("110.00"), "tax": number("10.00"),
                "outstanding": number("0.00"),
            ])
        for currency in ["AUD", "EUR"] {
            let balances = summary["accounts"]?.array?.filter { $0["currency"]?.string == currency } ?? []
            #expect(balances.count >= 3)
            let sum = balances.compactMap { $0["balance"]?.decimal }.reduce(ExactDecimal.zero, +)
            #expect(sum.isZero)
        }
    }

    @Test func callsAreReportedByEndpoint() {
        let contact = bench.contact()
        _ = bench.send("PUT", "Invoices", (1...3).map { Bench.invoice("A-\($0)", contact: contact) })
        _ = bench.list("/Invoices/A-1")
        let endpoints = bench.control("GET", "/calls").json["orgs"]?["demo"]?["by_endpoint"]
        #expect(endpoints?["PUT /Invoices"] == ["calls": 1, "elements": 3])
        #expect(endpoints?["GET /Invoices/{id}"] == ["calls": 1, "elements": 0])
    }

    @Test func settingsChangeForAllOrForOne() {
        #expect(
            bench.control("PUT", "/settings", ["rounding": "halfEven", "minute_seconds": number("0.5")]).status == 200)
        #expect(bench.control("GET", "/settings").json["rounding"] == "halfEven")
        #expect(bench.control("PUT", "/settings", ["org": "demo", "minute_limit": 7]).status == 200)
        #expect(bench.control("GET", "/settings").json["orgs"]?["demo"]?["minute_limit"] == 7)
        for wrong: JSONValue in [
            ["rounding": "up"], ["minute_seconds": 0], ["day_limit": -1], ["nonsense": 1], ["org": "none"], [],
        ] {
            #expect(bench.control("PUT", "/settings", wrong).status == 400)
        }
    }

    @Test func organisationsAreAddedDisconnectedAndRevoked() {
        let added = bench.control("PUT", "/orgs/acme", ["country": "GB", "period_lock_date": "2025-12-31"])
        #expect(added.json["client_id"] == "acme")
        #expect(added.json["currency"] == "GBP")
        #expect(bench.call("GET", "/Organisation", org: "acme").status == 200)
        bench.control("POST", "/orgs/acme/disconnect")
        #expect(bench.call("GET", "/Organisation", org: "acme").status == 403)
        bench.control("POST", "/orgs/acme/connect")
        #expect(bench.call("GET", "/Organisation", org: "acme").status == 200)
        #expect(bench.control("PUT", "/orgs/b%20ad").status == 400)
    }

    @Test func aResetEmptiesTheBooksAndKeepsTheOrganisations() {
        let before = bench.contact()
        let tenant = bench.xero.tenantID()
        bench.advance(.seconds(1))
        #expect(bench.control("POST", "/reset").status == 200)
        #expect(bench.list("/Contacts").isEmpty)
        #expect(bench.xero.tenantID() == tenant)
        #expect(bench.contact() != before)
    }

    @Test func thePageEscapesEverything() {
        _ = bench.send("PUT", "Contacts", ["Name": "Tom & \"Jerry\" 'x'", "EmailAddress": "t@example.com"])
        _ = bench.invoice("<script>alert(1)</script>", ["Reference": "</td><b>"])
        let page = String(decoding: bench.control("GET", "").body, as: UTF8.self)
        #expect(!page.contains("<script>"))
        #expect(!page.contains("<b>"))
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(page.contains("Tom &amp; &quot;Jerry&quot; &#39;x&#39;"))
        #expect(page.contains("110.00"))
    }

    @Test func aJournalMakesTheSameBooksAgain() {
        bench.xero.startJournal()
        bench.control("PUT", "/settings", ["rounding": "halfEven"])
        bench.control("PUT", "/orgs/acme", ["country": "GB"])
        bench.control("PUT", "/faults", [["kind": "500_after_half", "match": ["path": "/Contacts"], "count": 1]])
        _ = bench.send("PUT", "Contacts", [["Name": "Half A"], ["Name": "Half B"]])
        let invoice = bench.invoice("A-1", ["LineItems": [Bench.line(["UnitAmount": number("0.45")])]])
        bench.advance(.seconds(5))
        _ = bench.pay(invoice, number("0.20"))
        _ = bench.send("PUT", "Contacts", ["Name": " refused"])
        let lines = bench.xero.takeJournal().lines
        let other = Bench(more: [OrganisationDefinition(key: "more")])
        for line in lines.split(separator: UInt8(ascii: "\n")) { #expect(other.xero.restore(line: line)) }
        #expect(other.xero.ledger("demo") == bench.xero.ledger("demo"))
        #expect(other.xero.ledger("acme")["orgs"]?.array?.count == 1)
        #expect(!other.xero.restore(line: Array("{\"t\":1".utf8)))
    }
}
