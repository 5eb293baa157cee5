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
    "Orders that an operator takes back",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct OrderVoidTests {
    private static func act(_ harness: WriterHarness, _ action: String) {
        let request = SimulatedRequest(method: "POST", target: "/_control/orgs/\(harness.org)/\(action)")
        precondition(harness.simulator.handle(request).status < 300)
    }

    @Test("What is against a document goes before the document, once, with who wanted it and why")
    func everything() async throws {
        try await WriterHarness.run { harness in
            let orders = [
                SampleOrder(number: 1, customer: 1, kind: .refunded), SampleOrder(number: 2, customer: 2, kind: .split),
                SampleOrder(number: 3, customer: 3, kind: .reduced), SampleOrder(number: 4, customer: 4),
            ]
            try await harness.plan(orders)
            try await harness.write()
            try await harness.takeBack(Array(orders.dropLast()))
            #expect(
                try await harness.value("SELECT state_reason FROM document WHERE key LIKE '%/invoice/1/1'")
                    == "waits for payment 1 of 1")
            try await harness.write(harness.writer("writer-2"))
            // Xero refuses what is removed in another order; nothing was refused.
            #expect(harness.remains(Array(orders.dropLast()), besides: [orders[3]]) == [])
            #expect(try await harness.count("state NOT IN ('posted', 'voided')") == 0)
            #expect(try await harness.value("SELECT count(*) FROM dead_letter") == "0")
            #expect(
                try await harness.value("SELECT DISTINCT state || ': ' || reason FROM sale WHERE order_id <> '4'")
                    == "voided: voided by ann: entered twice")
            #expect(try await harness.value("SELECT state FROM sale WHERE order_id = '4'") == "posted")
            #expect(
                try await harness.value(
                    "SELECT count(*) FROM audit WHERE actor = 'ann' AND cause = 'voided by ann: entered twice'") == "13"
            )
            let deletions = harness.calls["by_endpoint"]?["POST /Payments/{id}"]?["calls"]?.int
            #expect(deletions == 4)

            // Asked again, nothing happens.
            let calls = harness.calls["calls"]?.int
            let again = try await harness.takeBack([orders[0]])
            #expect(again == [.nothingToDo("order 1 was voided by ann: entered twice")])
            try await harness.write(harness.writer("writer-3"))
            #expect(harness.calls["calls"]?.int == calls)
        }
    }

    @Test(
        "What was never sent is not sent, and what is on its way is removed when it has come",
        arguments: [
            "", "hang_after", "hang_before",
        ])
    func underway(_ fault: String) async throws {
        try await WriterHarness.run { harness in
            let order = SampleOrder(number: 1, customer: 1)
            try await harness.plan([order])
            if fault.isEmpty {
                #expect(
                    try await harness.takeBack([order]) == [
                        .done(state: "voided", reason: "voided by ann: entered twice")
                    ])
                try await harness.write(until: { try await harness.count("kind = 'contact' AND state = 'posted'") == 1 }
                )
                #expect(harness.books["invoices"]?.array == [])
                #expect(try await harness.count("state = 'superseded'") == 2)
                return
            }
            harness.faults([["match": ["endpoint": "PUT /Payments"], "kind": .string(fault), "count": 1]])
            try await harness.write(until: {
                try await harness.count("kind = 'payment' AND state IN ('sending', 'uncertain')") == 1
            })
            try await harness.takeBack([order])
            try await harness.write(harness.writer("writer-2"))
            #expect(harness.remains([order]) == [])
            #expect(try await harness.value("SELECT state FROM sale") == "voided")
        }
    }

    @Test("A reconciled payment is named with what to do, and the rest waits for it")
    func reconciled() async throws {
        try await WriterHarness.run { harness in
            let order = SampleOrder(number: 1, customer: 1)
            try await harness.plan([order])
            try await harness.write()
            Self.act(harness, "reconcile")
            try await harness.takeBack([order])
            let isStuck: @Sendable () async throws -> Bool = { try await harness.count("state = 'dead'") == 1 }
            try await harness.write(harness.writer("writer-2"), until: isStuck)
            let reason = try await harness.value("SELECT reason FROM sale") ?? ""
            #expect(reason.hasPrefix("payment 1 of 1: The payment is reconciled with a bank statement line"))
            #expect(try await harness.value("SELECT state FROM sale") == "dead")
            let waits = try await harness.value("SELECT state_reason FROM document WHERE kind = 'invoice'") ?? ""
            #expect(waits.hasPrefix("waits for payment 1 of 1, which is dead: The payment is reconciled"))
            #expect(try await harness.value("SELECT class FROM dead_letter") == "payment.reconciled")

            Self.act(harness, "unreconcile")
            let letter = try await harness.database.query("SELECT id FROM dead_letter")
            let id: Int64 = try #require(letter.first).decode("id")
            _ = try await harness.database.withTransaction { session in
                try await DeadLetterRetry.retry(id: id, by: "ann", in: session)
            }
            try await harness.write(harness.writer("writer-3"))
            #expect(harness.remains([order]) == [])
            #expect(try await harness.value("SELECT state FROM sale") == "voided")
            #expect(try await harness.value("SELECT state FROM dead_letter") == "resolved")
        }
    }

    @Test("In a locked period it is held with the reason, and goes on when the lock has moved")
    func locked() async throws {
        try await WriterHarness.run { harness in
            let order = SampleOrder(number: 1, customer: 1)
            try await harness.plan([order])
            try await harness.write()
            func writer(_ holder: String, locked: String) -> OrgWriter {
                let body: JSONValue = ["period_lock_date": .string(locked)]
                let request = SimulatedRequest(
                    method: "PUT", target: "/_control/orgs/\(harness.org)", body: body.encoded())
                precondition(harness.simulator.handle(request).status < 300)
                let writer = harness.writer(holder)
                var org = writer.org
                org.lockDate = CalendarDate(locked)
                writer.update(org)
                return writer
            }
            try await harness.takeBack([order])
            try await harness.write(writer("writer-2", locked: "2026-11-20")) {
                try await harness.count("state = 'held'") == 1
            }
            let reason = try await harness.value("SELECT reason FROM sale WHERE state = 'held'") ?? ""
            #expect(reason.hasPrefix("payment 1 of 1: locked: it is in Xero with the date 2026-11-20"))
            #expect(harness.calls["refused"]?.object?.isEmpty == true)
            try await harness.write(writer("writer-3", locked: "2026-11-19"))
            #expect(harness.remains([order]) == [])
            #expect(try await harness.value("SELECT state FROM sale") == "voided")
        }
    }

    @Test("A draft is deleted, and one that was approved in Xero meanwhile is voided", arguments: [false, true])
    func drafts(_ isApproved: Bool) async throws {
        try await WriterHarness.run { harness in
            let order = SampleOrder(number: 1, customer: 1, kind: .unpaid, status: "DRAFT")
            try await harness.plan([order])
            try await harness.write()
            if isApproved {
                let id = harness.books["invoices"]?[0]?["InvoiceID"]?.string ?? ""
                try await harness.approve(id)
            }
            try await harness.takeBack([order])
            try await harness.write(harness.writer("writer-2"))
            #expect(harness.books["invoices"]?[0]?["Status"]?.string == (isApproved ? "VOIDED" : "DELETED"))
            #expect(try await harness.value("SELECT state FROM sale") == "voided")
        }
    }

    @Test("Brought back, it is posted again under new numbers, once")
    func restored() async throws {
        try await WriterHarness.run { harness in
            let order = SampleOrder(number: 1, customer: 1, kind: .refunded)
            try await harness.plan([order])
            try await harness.write()
            try await harness.takeBack([order])
            try await harness.write(harness.writer("writer-2"))
            #expect(try await harness.restore([order]) == [.done(state: "observed", reason: nil)])
            #expect(try await harness.value("SELECT planned_revision::text FROM sale") == "0")
            try await harness.plan([order])
            try await harness.write(harness.writer("writer-3"))
            #expect(try await harness.value("SELECT state FROM sale") == "posted")
            let alive = (harness.books["invoices"]?.array ?? []).filter { $0["Status"]?.string == "PAID" }
            #expect(alive.compactMap { $0["InvoiceNumber"]?.string } == ["W-1.2"])
            let paid = (harness.books["payments"]?.array ?? []).filter { $0["Status"]?.string != "DELETED" }
            #expect(paid.count == 2)
            #expect(paid.compactMap { $0["Reference"]?.string }.allSatisfy { $0.hasSuffix(":2]") })
            #expect(try await harness.restore([order]) == [.nothingToDo("order 1 is not voided")])
        }
    }

    @Test("Brought back before anything was removed, what is there stays")
    func keptAfterAll() async throws {
        try await WriterHarness.run { harness in
            let order = SampleOrder(number: 1, customer: 1)
            try await harness.plan([order])
            try await harness.write()
            Self.act(harness, "reconcile")
            try await harness.takeBack([order])
            try await harness.write(harness.writer("writer-2")) { try await harness.count("state = 'dead'") == 1 }
            let calls = harness.calls["calls"]?.int
            try await harness.restore([order])
            let change = try await harness.plan([order])
            #expect(change.map(\.orderState) == [.posted])
            try await harness.write(harness.writer("writer-3"))
            #expect(harness.discrepancies([order]) == [])
            #expect(harness.calls["calls"]?.int == calls)
            #expect(try await harness.value("SELECT state FROM dead_letter") == "resolved")
        }
    }
}

extension WriterHarness {
    /// Has orders voided by an operator.
    @discardableResult
    func takeBack(_ orders: [SampleOrder]) async throws -> [OrderVoid.Outcome] {
        let mark = OrderVoid.Mark(actor: "ann", reason: "entered twice")
        return try await each(orders) { standing, session in
            try await OrderVoid.void(standing, storeID: store, mark: mark, in: session)
        }
    }

    /// Brings orders back that an operator had voided.
    @discardableResult
    fileprivate func restore(_ orders: [SampleOrder]) async throws -> [OrderVoid.Outcome] {
        try await each(orders) { standing, session in
            try await OrderVoid.restore(standing, storeID: store, by: "ann", in: session)
        }
    }

    private func each(
        _ orders: [SampleOrder],
        _ act: @escaping @Sendable (OrderVoid.Standing, PostgresTransaction) async throws -> OrderVoid.Outcome
    ) async throws -> [OrderVoid.Outcome] {
        var outcomes: [OrderVoid.Outcome] = []
        for order in orders {
            let outcome = try await database.withTransaction { session in
                let found = try await OrderVoid.find(storeID: store, order: order.id, in: session)
                guard let found else { throw CellFailure("no order \(order.id)") }
                return try await act(found, session)
            }
            outcomes.append(outcome)
        }
        return outcomes
    }

    /// Approves an invoice in Xero, as a person does.
    fileprivate func approve(_ id: String) async throws {
        let token = simulator.accessToken(for: org)
        let body: JSONValue = ["Status": "AUTHORISED"]
        let request = SimulatedRequest(
            method: "POST", target: "/api.xro/2.0/Invoices/\(id)",
            headers: ["Authorization": "Bearer \(token)", "Accept": "application/json"], body: body.encoded())
        let response = simulator.handle(request)
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
    }

    /// What is left in the books of orders that were taken back; others stand beside them.
    func remains(_ orders: [SampleOrder], besides others: [SampleOrder] = []) -> [String] {
        let books = books
        func list(_ name: String) -> [JSONValue] { books[name]?.array ?? [] }
        let kept = Set(others.map(\.invoiceNumber))
        var found: [String] = []
        for invoice in list("invoices") where !kept.contains(invoice["InvoiceNumber"]?.string ?? "") {
            if invoice["Status"]?.string != "VOIDED" { found.append("invoice is \(invoice["Status"]?.string ?? "?")") }
        }
        for note in list("credit_notes") where note["Status"]?.string != "VOIDED" {
            found.append("credit note is \(note["Status"]?.string ?? "?")")
        }
        let payments = list("payments").count { $0["Status"]?.string != "DELETED" }
        if payments != others.count { found.append("\(payments) payments instead of \(others.count)") }
        if !list("allocations").isEmpty { found.append("\(list("allocations").count) allocations") }
        if list("invoices").count != orders.count + others.count {
            found.append("\(list("invoices").count) invoices")
        }
        return found
    }
}
