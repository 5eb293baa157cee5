import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import SimulatedXero
import TestSupport
import Testing

@testable import XeroWriter

@Suite(
    "Quotes in Xero", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct QuoteTests {
    @Test("A quote is edited, and an invoice when it is paid; what nobody owes is in no books")
    func life() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1, kind: .quoted)
            try await harness.settle([order])
            #expect(harness.quotes == ["Q-W-1 110.00 tax 10.00 DRAFT"])
            #expect(harness.books["invoices"]?.array == [])
            #expect(harness.books["summary"]?["accounts"]?.array == [])
            let line = harness.books["quotes"]?[0]?["LineItems"]?[0]?["LineItemID"]
            (order.net, order.tax) = (ExactDecimal(150), ExactDecimal(15))
            try await harness.settle([order], revision: 2)
            #expect(harness.quotes == ["Q-W-1 165.00 tax 15.00 DRAFT"])
            #expect(harness.books["quotes"]?[0]?["LineItems"]?[0]?["LineItemID"] == line)
            // Told again.
            let again = try await harness.plan([order], revision: 3)
            #expect(again.allSatisfy { $0.created == 0 && $0.changed == 0 && $0.orderState == .posted })
            order.kind = .paid
            try await harness.settle([order], revision: 4)
            #expect(harness.discrepancies([order]) == [])
            #expect(harness.quotes == ["Q-W-1 165.00 tax 15.00 INVOICED"])
            #expect(try await harness.value("SELECT state FROM sale") == "posted")
            // The mapping still says quote, and the order is told unpaid by an earlier mistake of the store.
            order.kind = .quoted
            let held = try await harness.plan([order], revision: 5)[0]
            #expect(!held.isWritten)
            order.kind = .paid
            let settled = try await harness.plan([order], revision: 6)[0]
            #expect(settled.created == 0 && settled.changed == 0 && settled.orderState == .posted)
        }
    }

    @Test("No rule says quote any more: the quote is invoiced once the invoice is there")
    func noMoreQuote() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1, kind: .quoted)
            order.quoteStatus = "SENT"
            try await harness.settle([order])
            #expect(harness.quotes == ["Q-W-1 110.00 tax 10.00 SENT"])
            order.kind = .unpaid
            harness.faults([
                ["match": ["endpoint": "PUT /Invoices"], "kind": "rejected", "message": "Account must be valid."]
            ])
            try await harness.plan([order], revision: 2)
            try await harness.write(until: { try await harness.count("kind = 'invoice' AND state = 'dead'") == 1 })
            #expect(harness.quotes == ["Q-W-1 110.00 tax 10.00 SENT"])
            harness.faults([])
            try await harness.retryAll()
            try await harness.write()
            #expect(harness.quotes == ["Q-W-1 110.00 tax 10.00 INVOICED"])
            #expect(harness.discrepancies([order]) == [])
        }
    }

    @Test(
        "Cancelled, a draft is deleted and what was sent is declined; an order that comes back has a quote of another number",
        arguments: [("DRAFT", "DELETED"), ("SENT", "DECLINED")])
    func cancelled(_ status: String, _ end: String) async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1, kind: .quoted)
            order.quoteStatus = status
            try await harness.settle([order])
            order.kind = .declined
            try await harness.settle([order], revision: 2)
            #expect(harness.quotes == ["Q-W-1 110.00 tax 10.00 \(end)"])
            #expect(try await harness.value("SELECT state FROM document WHERE kind = 'quote'") == "voided")
            order.kind = .quoted
            try await harness.settle([order], revision: 3)
            #expect(
                harness.quotes == ["Q-W-1 110.00 tax 10.00 \(end)", "Q-W-1.2 110.00 tax 10.00 \(status)"])
        }
    }

    @Test("An order that was paid before its quote was sent has none")
    func overtaken() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1, kind: .quoted)
            try await harness.plan([order])
            order.kind = .paid
            try await harness.settle([order], revision: 2)
            #expect(harness.quotes == [])
            #expect(harness.discrepancies([order]) == [])
        }
    }

    @Test(
        "What becomes of an order while nobody knows of its quote ends in the same books",
        arguments: ["hang_after", "hang_before"], [SampleOrder.Kind.paid, .declined, .quoted])
    func uncertain(_ fault: String, _ kind: SampleOrder.Kind) async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1, kind: .quoted)
            harness.faults([["match": ["endpoint": "PUT /Quotes"], "kind": .string(fault), "count": 1]])
            try await harness.plan([order])
            try await harness.write(until: {
                try await harness.count("kind = 'quote' AND state IN ('sending', 'uncertain')") == 1
            })
            (order.kind, order.net, order.tax) = (kind, ExactDecimal(150), ExactDecimal(15))
            try await harness.settle([order], revision: 2)
            #expect(harness.discrepancies([order]) == [])
        }
    }

    @Test(
        "An order cancelled while a change of it hangs is void in Xero", arguments: [SampleOrder.Kind.quoted, .unpaid])
    func cancelledDuringChange(_ kind: SampleOrder.Kind) async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1, kind: kind)
            try await harness.settle([order])
            harness.faults([
                ["match": ["endpoint": kind == .quoted ? "POST /Quotes" : "POST /Invoices"], "kind": "hang_after"]
            ])
            (order.net, order.tax) = (ExactDecimal(150), ExactDecimal(15))
            try await harness.plan([order], revision: 2)
            try await harness.write(until: { try await harness.count("state = 'uncertain'") == 1 })
            harness.faults([])
            order.kind = kind == .quoted ? .declined : .cancelled
            try await harness.settle([order], revision: 3)
            #expect(harness.discrepancies([order]) == [])
            let list = harness.books[kind == .quoted ? "quotes" : "invoices"]
            #expect(list?[0]?["Status"]?.string == (kind == .quoted ? "DELETED" : "VOIDED"))
        }
    }

    @Test(
        "What a person did with the quote in Xero is found out and respected",
        arguments: [["SENT"], ["SENT", "ACCEPTED"], ["SENT", "ACCEPTED", "INVOICED"], ["SENT", "DECLINED"]])
    func people(_ statuses: [String]) async throws {
        try await WriterHarness.run { harness in
            var orders = [1, 2].map { SampleOrder(number: $0, customer: $0, kind: .quoted) }
            try await harness.settle(orders)
            for status in statuses { harness.set(status) }
            // One is edited, the other paid.
            (orders[0].net, orders[0].tax) = (ExactDecimal(150), ExactDecimal(15))
            orders[1].kind = .paid
            try await harness.plan(orders, revision: 2)
            try await harness.write()
            let last = statuses.last ?? ""
            let isOver = last == "INVOICED" || last == "DECLINED"
            #expect(
                harness.quotes == [
                    isOver ? "Q-W-1 110.00 tax 10.00 \(last)" : "Q-W-1 165.00 tax 15.00 SENT",
                    "Q-W-2 110.00 tax 10.00 INVOICED",
                ])
            let dead = try await harness.value(
                "SELECT string_agg(state_reason, '') FROM document WHERE state NOT IN ('posted', 'voided')")
            #expect((dead?.contains("in Xero by somebody") ?? false) == isOver, "\(dead ?? "")")
        }
    }

    @Test("Somebody's quote of our number is not ours")
    func foreign() async throws {
        try await WriterHarness.run { harness in
            let contact = harness.call("PUT", "Contacts", ["Name": "Somebody"])["ContactID"] ?? .null
            _ = harness.call(
                "PUT", "Quotes",
                [
                    "QuoteNumber": "Q-W-1", "Reference": "mine", "Contact": ["ContactID": contact],
                    "Date": "2026-11-01", "LineItems": [["Description": "Talk", "Quantity": 1, "UnitAmount": 7]],
                ])
            try await harness.plan([SampleOrder(number: 1, customer: 1, kind: .quoted)])
            try await harness.write()
            #expect(harness.quotes == ["Q-W-1 7.00 tax 0.00 DRAFT"])
            #expect(try await harness.value("SELECT class FROM dead_letter") == "duplicate.number")
        }
    }

    @Test("A database restored from before the quote was sent adopts it")
    func restored() async throws {
        try await WriterHarness.run { harness in
            let orders = (1...5).map { SampleOrder(number: $0, customer: $0, kind: .quoted) }
            try await harness.settle(orders)
            try await harness.database.execute(
                """
                UPDATE document SET xero_id = NULL, posted = NULL, state = 'ready', sent_version = 0, posted_version = 0,
                    lookup_first = true WHERE kind = 'quote'
                """)
            try await harness.write()
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.count("kind = 'quote' AND state = 'posted'") == 5)
        }
    }
}

extension WriterHarness {
    /// Plans orders and writes them to the end.
    fileprivate func settle(_ orders: [SampleOrder], revision: Int = 1) async throws {
        try await plan(orders, revision: revision)
        try await write()
        #expect(try await count("state NOT IN ('posted', 'voided', 'superseded')") == 0)
    }

    /// The quotes in Xero, with their totals and statuses.
    fileprivate var quotes: [String] {
        (books["quotes"]?.array ?? []).map { quote in
            let (total, tax) = (quote["Total"]?.decimal ?? .zero, quote["TotalTax"]?.decimal ?? .zero)
            return "\(quote["QuoteNumber"]?.string ?? "?") \(total.fixed(2)) tax \(tax.fixed(2)) "
                + "\(quote["Status"]?.string ?? "?")"
        }.sorted()
    }

    /// A call that somebody else makes.
    fileprivate func call(_ method: String, _ resource: String, _ element: JSONValue) -> JSONValue {
        let body: JSONValue = .object([resource: [element]])
        let response = simulator.handle(
            SimulatedRequest(
                method: method, target: "/api.xro/2.0/\(resource)",
                headers: [
                    "Authorization": "Bearer \(simulator.accessToken(for: org))", "Accept": "application/json",
                ], body: body.encoded()))
        precondition(response.status == 200, String(decoding: response.body, as: UTF8.self))
        return (try? JSONValue(parsing: response.body))?[resource]?[0] ?? .null
    }

    /// Somebody gives every quote in Xero another status.
    fileprivate func set(_ status: String) {
        for quote in books["quotes"]?.array ?? [] {
            var element = quote.object ?? [:]
            (element["LineItems"], element["Status"]) = (nil, .string(status))
            for name in ["SubTotal", "TotalTax", "Total", "DateString", "ExpiryDateString"] { element[name] = nil }
            _ = call("POST", "Quotes", .object(element))
        }
    }

    /// A person presses retry on everything that failed.
    fileprivate func retryAll() async throws {
        for letter in try await database.query("SELECT id FROM dead_letter WHERE state = 'open'") {
            let id: Int64 = try letter.decode("id")
            _ = try await database.withTransaction { session in
                try await DeadLetterRetry.retry(id: id, by: "test", in: session)
            }
        }
    }
}
