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
    "Locked periods", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct LockedPeriodTests {
    /// A writer for an org whose books are locked up to a day, here and in Xero.
    private static func writer(
        _ harness: WriterHarness, locked: String?, _ policy: LockedPeriod.Policy = .hold, holder: String
    ) -> OrgWriter {
        let body: JSONValue = .object(["period_lock_date": locked.map { .string($0) } ?? .null])
        let response = harness.simulator.handle(
            SimulatedRequest(method: "PUT", target: "/_control/orgs/\(harness.org)", body: body.encoded()))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
        let writer = harness.writer(holder)
        var org = writer.org
        org.lockDate = locked.flatMap { CalendarDate($0) }
        org.lockedPeriods = policy
        writer.update(org)
        return writer
    }

    @Test(
        "The last locked day is held and the next is not, as the days are where the organisation is, ahead of UTC",
        .timeLimit(.minutes(5)))
    func boundary() async throws {
        try await WriterHarness.run { harness in
            var facts = OrgFacts()
            facts.timeZone = XeroTimeZone.name("NEWZEALANDSTANDARDTIME")
            let org = OrgRecord(
                id: harness.org, appID: "app", tenantID: nil, dailyCalls: 1000, timeZone: nil, policies: [:],
                mapping: [:], state: .active, stateReason: nil, facts: facts)
            func day(_ instant: String) throws -> String {
                org.localTime.date(of: try #require(Instant(rfc3339: instant))).description
            }
            // Midnight in Auckland is at noon in UTC: all three are on 30 June there.
            var orders = [1, 2, 3].map { SampleOrder(number: $0, customer: $0) }
            orders[0].date = try day("2026-06-30T11:59:59Z")
            orders[1].date = try day("2026-06-30T12:00:00Z")
            orders[2].date = try day("2026-06-30T23:00:00Z")
            #expect(orders.map(\.date) == ["2026-06-30", "2026-07-01", "2026-07-01"])
            try await harness.plan(orders)
            let writer = Self.writer(harness, locked: "2026-06-30", holder: "writer-1")
            try await harness.write(writer) { try await harness.count("state = 'posted'") == 7 }
            let reason =
                "locked: it is dated 2026-06-30, and the books are locked up to and including 2026-06-30: move the "
                + "lock date in Xero, or set locked_periods: first_open_day for the org"
            #expect(
                try await harness.value(
                    "SELECT state || ' ' || state_reason FROM document WHERE key LIKE '%/invoice/1/%'")
                    == "held \(reason)")
            #expect(
                try await harness.value("SELECT state_reason FROM document WHERE key LIKE '%/payment/1/%'")
                    == "waits for invoice W-1, which is held: \(reason)")
            #expect(try await harness.value("SELECT state FROM sale WHERE order_id = '1'") == "held")
            #expect(try await harness.value("SELECT state FROM sale WHERE order_id = '2'") == "posted")
            #expect(harness.calls["refused"]?.object?.isEmpty == true)

            // Somebody moves the lock: it goes on by itself.
            try await harness.write(Self.writer(harness, locked: "2026-06-29", holder: "writer-2"))
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state = 'posted'") == "3")
        }
    }

    @Test("By policy it is dated on the first open day, tells its true date, and stays so", .timeLimit(.minutes(5)))
    func redated() async throws {
        try await WriterHarness.run { harness in
            var orders = [
                SampleOrder(number: 1, customer: 1, kind: .refunded),
                SampleOrder(number: 2, customer: 2, kind: .unpaid),
            ]
            for index in orders.indices { orders[index].date = "2026-06-15" }
            try await harness.plan(orders)
            try await harness.write(
                Self.writer(harness, locked: "2026-06-30", .firstOpenDay, holder: "writer-1"))
            #expect(harness.discrepancies(orders) == [])
            for invoice in harness.books["invoices"]?.array ?? [] {
                #expect(invoice["Date"]?.string.flatMap { XeroDate.date($0) }?.description == "2026-07-01")
                #expect(invoice["Reference"]?.string?.hasSuffix(" (2026-06-15)") == true)
            }
            #expect(
                try await harness.value(
                    "SELECT cause FROM audit WHERE change = 'redated' AND subject LIKE '%/invoice/1/%'")
                    == "dated 2026-07-01 instead of 2026-06-15: the books are locked up to and including 2026-06-30")
            // Planned again, nothing is to do; changed, it keeps the day it has.
            let calls = harness.calls["calls"]?.int
            try await harness.plan(orders, revision: 2)
            #expect(try await harness.isQuiet())
            orders[1].net = ExactDecimal(50)
            orders[1].tax = ExactDecimal(5)
            try await harness.plan([orders[1]], revision: 3)
            try await harness.write(
                Self.writer(harness, locked: "2026-06-30", .firstOpenDay, holder: "writer-2"))
            #expect(harness.calls["calls"]?.int == calls.map { $0 + 1 })
            #expect(harness.discrepancies(orders) == [])
            let edited = harness.books["invoices"]?.array?.first { $0["InvoiceNumber"]?.string == "W-2" }
            #expect(edited?["Date"]?.string.flatMap { XeroDate.date($0) }?.description == "2026-07-01")

            // Once its own day is locked as well, Xero changes nothing in it, whatever the policy.
            orders[1].net = ExactDecimal(40)
            orders[1].tax = ExactDecimal(4)
            try await harness.plan([orders[1]], revision: 4)
            let writer = Self.writer(harness, locked: "2026-07-31", .firstOpenDay, holder: "writer-3")
            try await harness.write(writer) { try await harness.count("state = 'held'") == 1 }
            let reason = try await harness.value("SELECT state_reason FROM document WHERE state = 'held'") ?? ""
            #expect(reason.hasPrefix("locked: it is in Xero with the date 2026-07-01"))
        }
    }

    @Test("A reference that tells the true date is still known as ours")
    func references() {
        #expect(LockedPeriod.isSame("Order 7 (2026-06-15)", as: "Order 7"))
        #expect(LockedPeriod.isSame("Order 7", as: "Order 7 (2026-06-15)"))
        #expect(LockedPeriod.isSame("Order 7", as: "Order 7"))
        #expect(!LockedPeriod.isSame("Order 7 (paid)", as: "Order 7"))
        #expect(!LockedPeriod.isSame("Order 8 (2026-06-15)", as: "Order 7"))
    }
}
