import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import TestSupport
import Testing

@testable import XeroWriter

@Suite(
    "Another mapping of what is settled, in the books",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"),
    .timeLimit(.minutes(5)))
struct RemappingBooksTests {
    private static func plan(
        _ order: SampleOrder, agreed: Bool = true, lockDate: String? = nil, in harness: WriterHarness
    ) async throws -> PlanChange {
        let day = try #require(CalendarDate("2026-11-21"))
        let consent = Correction(day: day, lockDate: lockDate.flatMap { CalendarDate($0) })
        return try await harness.database.withTransaction { session in
            try await PlanWriter.write(
                plan: order.plan, storeID: "shop", orgID: "acme", orderID: order.id, revision: 1,
                mappingVersion: 2,
                correction: agreed ? consent : nil, in: session)
        }
    }

    /// Number, status and lines of every invoice and credit note.
    private static func books(_ harness: WriterHarness) -> [String] {
        [("invoices", "InvoiceNumber"), ("credit_notes", "CreditNoteNumber")].flatMap { list, number in
            (harness.books[list]?.array ?? []).map { document in
                let lines = (document["LineItems"]?.array ?? []).map { line in
                    "\(line["LineAmount"]?.decimal?.fixed(2) ?? "")@\(line["AccountCode"]?.string ?? "")"
                }
                let name = document[number]?.string ?? ""
                return "\(name) \(document["Status"]?.string ?? "") \(lines.joined(separator: " "))"
            }.sorted()
        }
    }

    @Test("On consent the account of a paid invoice is changed in place, once; without it nothing is")
    func recodes() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1)
            try await harness.plan([order])
            try await harness.write()
            order.account = "260"
            let ignored = try await Self.plan(order, agreed: false, in: harness)
            #expect(ignored.orderState == .posted)
            let change = try await Self.plan(order, in: harness)
            #expect(change.changed == 1 && change.created == 0)
            try await harness.write()
            #expect(Self.books(harness) == ["W-1 PAID 100.00@260"])
            let again = try await Self.plan(order, in: harness)
            #expect(again.changed == 0 && again.created == 0 && again.orderState == .posted)
        }
    }

    @Test(
        "In a locked period the amount is moved by an invoice of nothing that is dated with the consent"
    )
    func moves() async throws {
        try await WriterHarness.run { harness in
            var order = SampleOrder(number: 1, customer: 1)
            try await harness.plan([order])
            try await harness.write()
            order.account = "260"
            _ = try await Self.plan(order, lockDate: "2026-11-20", in: harness)
            try await harness.write()
            #expect(Self.books(harness) == ["W-1 PAID 100.00@200", "W-1.2 PAID 100.00@260 -100.00@200"])
            #expect(harness.books["payments"]?.array?.count == 1)
            let again = try await Self.plan(order, lockDate: "2026-11-20", in: harness)
            #expect(again.changed == 0 && again.created == 0 && again.orderState == .posted)
        }
    }
}
