import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import SimulatedXero
import TestSupport
import Testing
import Xero

@testable import XeroWriter

@Suite(
    "Writing an organisation's documents",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct OrgWriterTests {
    @Test("A hundred paid orders become contacts, invoices and payments, frugally", .timeLimit(.minutes(5)))
    func happyPath() async throws {
        try await WriterHarness.run { harness in
            let orders = (1...100).map { SampleOrder(number: $0, customer: $0 % 70) }
            try await harness.plan(orders)
            try await harness.write()
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.count("state = 'posted'") == 270)
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state = 'posted'") == "100")
            let calls = harness.calls["calls"]?.int ?? 0
            // Twice the batches of 50 orders, the batches of 70 contacts, 5 % and 20.
            #expect(calls <= 26)
            #expect(try await harness.value("SELECT sum(calls) FROM call_count") == "\(calls)")
            #expect(harness.calls["refused"]?.object?.isEmpty == true)
            #expect(
                try await harness.value("SELECT count(*) FROM outbox WHERE exchange = 'ledger.outcomes'") == "270")
            #expect(try await harness.value("SELECT count(*) FROM call WHERE finished_at IS NULL") == "0")
        }
    }

    @Test("Refunds, allocations, voids and edits of unpaid orders arrive", .timeLimit(.minutes(5)))
    func otherDocuments() async throws {
        try await WriterHarness.run { harness in
            var orders = [
                SampleOrder(number: 1, customer: 1, kind: .refunded),
                SampleOrder(number: 2, customer: 2, kind: .reduced),
                SampleOrder(number: 3, customer: 3, kind: .unpaid), SampleOrder(number: 4, customer: 4, kind: .unpaid),
            ]
            try await harness.plan(orders)
            try await harness.write()
            #expect(harness.discrepancies(orders) == [])
            orders[2].net = ExactDecimal(50)
            orders[2].tax = ExactDecimal(5)
            orders[2].kind = .paid
            orders[3].kind = .cancelled
            try await harness.plan([orders[2], orders[3]], revision: 2)
            try await harness.write()
            let invoices = harness.books["invoices"]?.array ?? []
            #expect(invoices.count == 4)
            let edited = invoices.first { $0["InvoiceNumber"]?.string == "W-3" }
            #expect(edited?["Total"]?.decimal == ExactDecimal(55))
            #expect(edited?["Status"]?.string == "PAID")
            #expect(edited?["LineItems"]?.array?.count == 1)
            let cancelled = invoices.first { $0["InvoiceNumber"]?.string == "W-4" }
            #expect(cancelled?["Status"]?.string == "VOIDED")
            #expect(try await harness.states()["acme/shop/invoice/4/1"] == "voided")
        }
    }

    @Test("A refused document is dead with its reason, and what needs it waits naming it", .timeLimit(.minutes(5)))
    func refusal() async throws {
        try await WriterHarness.run { harness in
            var bad = SampleOrder(number: 2, customer: 2)
            bad.account = "no-such"
            let good = [SampleOrder(number: 1, customer: 1), SampleOrder(number: 3, customer: 3)]
            try await harness.plan([good[0], bad, good[1]])
            try await harness.write(until: {
                try await harness.count("state IN ('posted', 'dead')") == 8
            })
            #expect(try await harness.count("state = 'dead' AND kind = 'invoice'") == 1)
            let waiting = try await harness.value("SELECT state_reason FROM document WHERE state = 'waiting'")
            #expect(waiting?.contains("waits for invoice W-2, which is dead") == true)
            #expect(try await harness.value("SELECT class FROM dead_letter") == "mapping.account")
            #expect(try await harness.value("SELECT state FROM sale WHERE order_id = '2'") == "dead")
            #expect(try await harness.value("SELECT count(*) FROM outbox WHERE exchange = 'dead.letters'") == "1")
            // The mapping is put right and the order planned again.
            bad.account = "200"
            try await harness.plan([bad], revision: 1, mappingVersion: 2)
            try await harness.write()
            #expect(harness.discrepancies(good + [bad]) == [])
            #expect(try await harness.value("SELECT state FROM dead_letter") == "resolved")
        }
    }
}
