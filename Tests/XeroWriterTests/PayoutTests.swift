import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Postgres
import TestSupport
import Testing

@testable import Transformer

extension SummedStore {
    var booker: PayoutBooker {
        PayoutBooker(database: harness.database, rules: rules, planning: planning, logger: Logger(label: "test"))
    }

    /// Imports a file of payouts.
    @discardableResult
    func give(_ file: String) async throws -> [PayoutStore.Import] {
        let payouts = try PayoutFile.read(Array(file.utf8))
        return try await harness.database.withTransaction { session in
            var results: [PayoutStore.Import] = []
            for payout in payouts {
                results.append(try await PayoutStore.add(payout, storeID: "shop", actor: "test", in: session))
            }
            return results
        }
    }

    /// State and findings of a payout.
    func payout(_ id: String) async throws -> String? {
        try await harness.value(
            "SELECT concat_ws(' ', state, reason, findings->>0) FROM payout WHERE payout_id = '\(id)'")
    }

    /// What is on an account in Xero; money that came in is positive.
    func balance(_ account: String) -> String {
        let accounts = harness.books["summary"]?["accounts"]?.array ?? []
        return accounts.first { $0["code"]?.string == account }?["balance"]?.decimal?.fixed(2) ?? "-"
    }
}

@Suite(
    "Payouts, from orders and a provider's file to the books",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct PayoutTests {
    private static let header = "payout,provider,currency,paid_on,net,type,order,amount,fee,date\n"

    private static let december = """
        \(header)po_1,stripe,AUD,2026-12-03,202.40,charge,1,110.00,3.30,
        po_1,,,,,charge,2,110.00,3.30,
        po_1,,,,,refund,2,-11.00,,
        """

    @Test("A payout over the end of a month is two paid invoices whose payments are the net; it is booked once")
    func monthEnd() async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            store.use(posting: ["stripe": "payout_summary"])
            try store.now("2026-12-02T03:00:00Z")
            // The last second of November in Sydney, and the first of December.
            try await store.take(.init(id: 1, at: "2026-11-30T12:59:59"))
            try await store.take(.init(id: 2, at: "2026-11-30T13:00:00"))
            #expect(try await store.state(1) == "planned")
            try await store.closing.round()
            try await store.post()
            #expect(store.invoices.isEmpty, "nothing is posted before it is paid out")

            #expect(try await store.give(Self.december) == [.added])
            #expect(try await store.give(Self.december) == [.unchanged])
            try await store.booker.round()
            #expect(
                try await store.payout("po_1")
                    == "held the payout is not what is known of its orders line 2: order 2 is paid out with 110.00, -11.00, "
                    + "but what is not paid out of it yet is sale 110.00: 11.00 apart")
            try await store.take(
                .init(id: 2, at: "2026-11-30T13:00:00", refundedAt: "2026-12-01T01:00:00", refundedCents: 1100),
                revision: 2)
            async let first = store.booker.round()
            async let second = store.booker.round()
            let made = try await first + second
            #expect(made.map(\.orderID) == ["payout:po_1:2026-11", "payout:po_1:2026-12"])
            try await store.post()
            #expect(
                store.invoices == [
                    "S-PAYOUT-po_1-2026-11 106.70 10.00 PAID", "S-PAYOUT-po_1-2026-12 95.70 9.00 PAID",
                ])
            #expect(
                store.balance("090") == "202.40" && store.balance("404") == "6.60" && store.balance("820") == "-19.00")
            #expect(try await store.payout("po_1") == "booked")
            #expect(try await store.state(1) == "posted")
            #expect(try await store.state(2) == "posted")
            // Given again, booked again, planned again: nothing changes.
            #expect(try await store.give(Self.december) == [.unchanged])
            #expect(try await store.give(Self.december.replacing("3.30,", with: "3.30,2026-11-30")) == [.differs])
            #expect(try await store.booker.round() == [])
            try await harness.database.execute("UPDATE sale SET planned_revision = 0 WHERE order_id LIKE 'payout:%'")
            _ = try await store.planning.planDue(limit: 10, concurrency: 2)
            try await store.post()
            #expect(store.invoices.count == 2 && store.balance("090") == "202.40")
            #expect(try await harness.count("state <> 'posted'") == 0)
        }
    }

    @Test("A payout waits for its orders, and what the provider took back is a credit note with its refund")
    func taken() async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            store.use(posting: "payout_summary")
            try store.now("2026-11-20T03:00:00Z")
            try await store.give("\(Self.header)a,stripe,AUD,2026-11-21,108.90,charge,7,110.00,1.10,")
            try await store.booker.round()
            #expect(try await store.payout("a")?.hasSuffix("line 1: order 7 is not known here") == true)
            try await store.take(.init(id: 7, at: "2026-11-20T01:00:00", isWrong: true))
            try await store.booker.round()
            #expect(try await store.payout("a")?.contains("order 7 is held: the order does not add up") == true)
            try await store.take(.init(id: 7, at: "2026-11-20T01:00:00"), revision: 2)
            try await store.booker.round()
            #expect(try await store.payout("a") == "booked")
            try await store.take(
                .init(id: 7, at: "2026-11-20T01:00:00", refundedAt: "2026-11-25T01:00:00"), revision: 3)
            #expect(try await store.state(7) == "planned")
            try await store.give("\(Self.header)b,stripe,AUD,2026-11-26,-110.50,refund,7,-110.00,0.50,")
            try await store.booker.round()
            try await store.post()
            #expect(store.invoices == ["S-PAYOUT-a 108.90 10.00 PAID"])
            #expect(store.creditNotes == ["CN-S-PAYOUT-b 110.50 10.00 PAID"])
            #expect(store.balance("090") == "-1.60" && store.balance("200") == "0.00" && store.balance("404") == "1.60")
            #expect(try await store.state(7) == "posted")
            // A posted credit note is left alone when it is planned again.
            try await harness.database.execute("UPDATE sale SET planned_revision = 0 WHERE order_id LIKE 'payout:%'")
            _ = try await store.planning.planDue(limit: 10, concurrency: 2)
            #expect(try await harness.count("state <> 'posted'") == 0)
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state <> 'posted'") == "0")
        }
    }

    @Test("An order whose day is still open when it is paid out is posted once, even if the mode changes then")
    func openDay() async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            try store.now("2026-11-20T03:00:00Z")
            store.use(posting: ["stripe": "daily_summary"])
            try await store.take(.init(id: 1, at: "2026-11-20T01:00:00"))
            try await store.take(.init(id: 2, at: "2026-11-20T01:00:00"))
            try await store.give(
                "\(Self.header)a,stripe,AUD,2026-11-20,217.00,charge,1,110.00,1.50,\na,,,,,charge,2,110.00,1.50,")
            try await store.booker.round()
            store.use(posting: ["stripe": "payout_summary"])
            try await store.take(.init(id: 1, at: "2026-11-20T01:00:00"), revision: 2)
            try store.now("2026-11-20T14:30:00Z")
            try await store.closing.round()
            try await store.post()
            #expect(store.invoices == ["S-1 110.00 10.00 PAID", "S-DAY-2026-11-20-AUD 110.00 10.00 PAID"])
            #expect(
                store.creditNotes == ["CN-S-PAYOUT-a 3.00 0.00 PAID"], "the fees, out of the account with the money")
            #expect(store.balance("090") == "217.00" && store.balance("404") == "3.00")
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state <> 'posted'") == "0")
        }
    }

    @Test(
        "Switched between all three modes, with refunds after the switch, every order is posted once",
        arguments: [1, 2, 3] as [UInt64])
    func switching(_ seed: UInt64) async throws {
        try await WriterHarness.run { harness in
            let store = SummedStore(harness)
            var (random, shop) = (SeededRandom(seed: seed), Sold())
            let modes: [JSONValue] = [
                "each_order", ["stripe": "daily_summary"], ["stripe": "payout_summary", "default": "daily_summary"],
            ]
            for day in 20...26 {
                try store.now("2026-11-\(day)T03:00:00Z")
                for _ in 0..<8 {
                    store.use(posting: random.pick(modes))
                    let order = shop.next(on: day, &random)
                    try await store.take(order.order, revision: order.revision)
                }
                try store.now("2026-11-\(day)T14:30:00Z")
                try await store.closing.round()
                if day % 2 == 0 { try await store.post() }
                guard let file = shop.payout(on: day, Self.header) else { continue }
                try await store.give(file)
                try await store.booker.round()
            }
            try store.now("2026-11-28T14:30:00Z")
            try await store.closing.round()
            try await store.post()
            #expect(try await harness.value("SELECT count(*) FROM payout WHERE state <> 'booked'") == "0")
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state <> 'posted'") == "0")
            #expect(try await harness.count("state <> 'posted'") == 0)
            let twice = """
                SELECT count(*) FROM sale s WHERE order_id NOT LIKE '%:%' AND 1 <>
                    (SELECT count(DISTINCT coalesce(split_part(e.summary_id, ':', 1), '')) FROM summary_entry e
                     WHERE e.order_id = s.order_id)
                    + (SELECT count(*) FROM document d WHERE d.order_id = s.order_id AND d.kind = 'invoice'
                       AND d.state = 'posted')
                """
            #expect(try await harness.value(twice) == "0")
            #expect(store.balance("200") == shop.text(-shop.net) && store.balance("820") == shop.text(-shop.tax))
            #expect(
                store.balance("090") == shop.text(shop.net + shop.tax - shop.fees)
                    && store.balance("404") == shop.text(shop.fees))
        }
    }

    /// What was sold and given back, and what of it is not paid out yet.
    private struct Sold {
        private var orders: [SummedStore.Order] = []
        private var open: [(order: Int, cents: Int)] = []
        private(set) var fees = 0

        /// What was sold less what was given back.
        var net: Int { orders.filter { $0.refundedAt == nil }.map(\.cents).reduce(0, +) }
        var tax: Int { orders.filter { $0.refundedAt == nil }.map(\.tax).reduce(0, +) }

        func text(_ cents: Int) -> String { ExactDecimal(units: cents, scale: 2).fixed(2) }

        /// A new order, or one of before with a refund.
        mutating func next(on day: Int, _ random: inout SeededRandom) -> (order: SummedStore.Order, revision: Int) {
            if let place = orders.indices.filter({ orders[$0].refundedAt == nil }).randomElement(using: &random),
                random.chance(30)
            {
                orders[place].refundedAt = "2026-11-\(day)T02:30:00"
                open.append((orders[place].id, -orders[place].cents - orders[place].tax))
                return (orders[place], 2)
            }
            let order = SummedStore.Order(
                id: orders.count + 1, at: "2026-11-\(day)T0\(random.int(0...2)):00:00", cents: random.int(100...50_000))
            orders.append(order)
            open.append((order.id, order.cents + order.tax))
            return (order, 1)
        }

        mutating func payout(on day: Int, _ header: String) -> String? {
            guard !open.isEmpty else { return nil }
            let net = open.map { $0.cents - ($0.cents > 0 ? 30 : 0) }.reduce(0, +)
            fees += 30 * open.count { $0.cents > 0 }
            let rows = open.map { line in
                "po_\(day),stripe,AUD,2026-11-\(day),\(text(net)),\(line.cents > 0 ? "charge" : "refund"),\(line.order),"
                    + "\(text(line.cents)),\(line.cents > 0 ? "0.30" : "0"),"
            }
            open = []
            return header + rows.joined(separator: "\n")
        }
    }
}
