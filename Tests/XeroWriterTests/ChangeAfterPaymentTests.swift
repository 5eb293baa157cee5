import Accounting
import JSON
import Ledger
import Mapping
import TestSupport
import Testing

@testable import XeroWriter

@Suite(
    "Writing what changed after payment",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct ChangeAfterPaymentTests {
    @Test("What rose is a supplementary invoice, what fell a credit note, both settled", .timeLimit(.minutes(5)))
    func edits() async throws {
        try await WriterHarness.run { harness in
            var orders = [SampleOrder(number: 1, customer: 1), SampleOrder(number: 2, customer: 2)]
            try await harness.settle(orders)
            (orders[0].net, orders[0].tax) = (ExactDecimal(150), ExactDecimal(15))
            (orders[1].net, orders[1].tax) = (ExactDecimal(60), ExactDecimal(6))
            try await harness.settle(orders, revision: 2)
            #expect(
                harness.settled == [
                    "CN-W-2.2 44.00 tax 4.00", "W-1 110.00 tax 10.00", "W-1.2 55.00 tax 5.00",
                    "W-2 110.00 tax 10.00",
                ])
            #expect(harness.money == ["CN-W-2.2 -44.00", "W-1 110.00", "W-1.2 55.00", "W-2 110.00"])
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state = 'posted'") == "2")
            // Told again, and back again.
            let again = try await harness.plan(orders, revision: 3)
            #expect(again.allSatisfy { $0.created == 0 && $0.changed == 0 && $0.orderState == .posted })
            (orders[0].net, orders[0].tax) = (ExactDecimal(100), ExactDecimal(10))
            try await harness.settle([orders[0]], revision: 4)
            #expect(harness.settled.first == "CN-W-1.3 55.00 tax 5.00")
        }
    }

    @Test("A deleted refund is undone by an invoice over it, paid", .timeLimit(.minutes(5)))
    func deletedRefund() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1, kind: .refunded)
            try await harness.settle([order])
            order.kind = .paid
            try await harness.settle([order], revision: 2)
            #expect(
                harness.settled == ["CN-W-1 22.00 tax 2.00", "W-1 110.00 tax 10.00", "W-1.2 22.00 tax 2.00"])
            #expect(harness.money == ["CN-W-1 -22.00", "W-1 110.00", "W-1.2 22.00"])
        }
    }

    @Test("A cancellation waits while the money is kept, and is a credit note when it is not", .timeLimit(.minutes(5)))
    func cancellation() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1)
            try await harness.settle([order])
            order.kind = .cancelled
            let change = try await harness.plan([order], revision: 2)[0]
            guard case .held(let reason) = change.orderState, !change.isWritten else {
                Issue.record("a paid order cannot be void: \(change)")
                return
            }
            #expect(reason.contains("refund it in the store"))
            #expect(harness.settled == ["W-1 110.00 tax 10.00"])
            order.kind = .emptied
            try await harness.settle([order], revision: 3)
            #expect(harness.settled == ["CN-W-1.2 110.00 tax 10.00", "W-1 110.00 tax 10.00"])
            #expect(harness.money == ["CN-W-1.2 -110.00", "W-1 110.00"])
            #expect(try await harness.value("SELECT state FROM sale") == "posted")
        }
    }

    @Test("Another customer gets a new invoice, and the first one a credit note", .timeLimit(.minutes(5)))
    func customer() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1)
            try await harness.settle([order])
            order.customer = 2
            try await harness.settle([order], revision: 2)
            #expect(
                harness.settled == ["CN-W-1.2 110.00 tax 10.00", "W-1 110.00 tax 10.00", "W-1.2 110.00 tax 10.00"])
            #expect(harness.contacts == ["CN-W-1.2": "Customer 1", "W-1": "Customer 1", "W-1.2": "Customer 2"])
        }
    }

    @Test(
        "An edit that arrives while nobody knows about the payment leaves the same books",
        .timeLimit(.minutes(5)), arguments: ["hang_after", "hang_before"])
    func uncertain(_ fault: String) async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1)
            harness.faults([["match": ["endpoint": "PUT /Payments"], "kind": .string(fault), "count": 1]])
            try await harness.plan([order])
            try await harness.write(until: {
                try await harness.count("kind = 'payment' AND state IN ('sending', 'uncertain')") == 1
            })
            (order.net, order.tax) = (ExactDecimal(150), ExactDecimal(15))
            try await harness.settle([order], revision: 2)
            #expect(harness.settled == ["W-1 110.00 tax 10.00", "W-1.2 55.00 tax 5.00"])
            #expect(harness.money == ["W-1 110.00", "W-1.2 55.00"])
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

    private func list(_ name: String) -> [JSONValue] { books[name]?.array ?? [] }

    private func number(_ value: JSONValue?) -> String {
        value?["InvoiceNumber"]?.string ?? value?["CreditNoteNumber"]?.string ?? "?"
    }

    /// The invoices and credit notes that are paid, with their totals.
    fileprivate var settled: [String] {
        (list("invoices") + list("credit_notes")).filter { $0["Status"]?.string == "PAID" }.map { document in
            let tax = document["TotalTax"]?.decimal ?? .zero
            return "\(number(document)) \(document["Total"]?.decimal?.fixed(2) ?? "?") tax \(tax.fixed(2))"
        }.sorted()
    }

    /// What was paid and paid back, by document.
    fileprivate var money: [String] {
        list("payments").map { payment in
            let amount = payment["Amount"]?.decimal ?? .zero
            let note = payment["CreditNote"]
            return "\(number(note ?? payment["Invoice"])) \((note == nil ? amount : -amount).fixed(2))"
        }.sorted()
    }

    /// Who each document is for, by number.
    fileprivate var contacts: [String: String] {
        Dictionary(
            (list("invoices") + list("credit_notes")).map { (number($0), $0["Contact"]?["Name"]?.string ?? "?") },
            uniquingKeysWith: { first, _ in first })
    }
}
