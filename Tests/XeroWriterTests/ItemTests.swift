import Accounting
import JSON
import Ledger
import Mapping
import NIOConcurrencyHelpers
import Postgres
import SimulatedXero
import TestSupport
import Testing
import Xero

@testable import XeroWriter

@Suite(
    "Items that lines name",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct ItemTests {
    /// A person's doing in Xero.
    @discardableResult
    private static func inXero(
        _ harness: WriterHarness, _ method: String, _ path: String, _ body: JSONValue? = nil
    ) -> JSONValue {
        let response = harness.simulator.handle(
            SimulatedRequest(
                method: method, target: "/api.xro/2.0\(path)",
                headers: [
                    "Authorization": "Bearer \(harness.simulator.accessToken(for: harness.org))",
                    "Accept": "application/json",
                ], body: body?.encoded() ?? []))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
        return (try? JSONValue(parsing: response.body)) ?? .null
    }

    private static func items(_ harness: WriterHarness) -> [JSONValue] { harness.books["items"]?.array ?? [] }

    private static func calls(_ harness: WriterHarness, _ endpoint: String) async throws -> Int {
        let words = endpoint.split(separator: " ")
        let rows = try await harness.database.query(
            """
            SELECT count(*) AS n FROM call
            WHERE method = \(String(words[0])) AND path LIKE \("/api.xro/2.0/\(words[1])?%") AND outcome = 'done'
            """)
        return try rows[0].decode("n")
    }

    @Test("Two stores and two writers make the item of a SKU once", .timeLimit(.minutes(5)))
    func once() async throws {
        try await WriterHarness.run { harness in
            var second = harness
            second.store = "outlet"
            try await harness.database.execute(
                """
                INSERT INTO store (id, platform, org_id, url, since, settings, secrets, mapping_version, version)
                VALUES ('outlet', 'woocommerce', \(harness.org), 'http://outlet', '2020-01-01', '{}', '', 1, 1)
                """)
            let orders = (1...40).map { number in
                SampleOrder(number: number, customer: number, item: "SKU-\(number % 4)")
            }
            let other = second
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await harness.planTogether(orders.filter { $0.number <= 20 }) }
                group.addTask { try await other.planTogether(orders.filter { $0.number > 20 }) }
                try await group.waitForAll()
            }
            #expect(try await harness.count("kind = 'item'") == 4)
            let writers = ["writer-1", "writer-2"].map { harness.writer($0) }
            harness.clock.isOver.withLockedValue { box in
                box = MovedTime.Probe {
                    let isOver = try await harness.isQuiet()
                    if isOver { for writer in writers { writer.retire() } }
                    return isOver
                }
            }
            await withTaskGroup(of: Void.self) { group in
                for writer in writers { group.addTask { await writer.run() } }
            }
            #expect(Self.items(harness).compactMap { $0["Code"]?.string }.sorted() == (0...3).map { "SKU-\($0)" })
            let named = (harness.books["invoices"]?.array ?? []).map { $0["LineItems"]?[0]?["ItemCode"]?.string ?? "" }
            #expect(named.count == 40)
            #expect(named.allSatisfy { $0.hasPrefix("SKU-") })
            #expect(try await Self.calls(harness, "PUT Items") == 1)
            #expect(try await harness.count("state <> 'posted'") == 0)
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state = 'posted'") == "40")
        }
    }

    @Test(
        "Contact and item posted at the same moment: the invoice that waits for both goes on", .timeLimit(.minutes(5)))
    func together() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1, item: "SKU-1")])
            let isDone = NIOLockedValueBox(false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await harness.database.withTransaction { session in
                    try await Self.post("contact", harness, in: session)
                    group.addTask {
                        defer { isDone.withLockedValue { $0 = true } }
                        try await harness.database.withTransaction { try await Self.post("item", harness, in: $0) }
                    }
                    // Until the other one waits for this one, or has not waited.
                    var isWaiting = false
                    while !isWaiting && !isDone.withLockedValue({ $0 }) {
                        let rows = try await harness.database.query(
                            """
                            SELECT count(*) AS n FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock'
                            """)
                        isWaiting = try rows[0].decode("n", as: Int.self) > 0
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await harness.states()["acme/shop/invoice/1/1"] == "ready")
        }
    }

    /// What storing a result does to a document and to what waits for it.
    private static func post(_ kind: String, _ harness: WriterHarness, in session: some PostgresSession) async throws {
        let rows = try await session.query(
            "SELECT id FROM document WHERE org_id = \(harness.org) AND kind = \(kind)")
        var documents = try await DocumentStore.lock(ids: [rows[0].decode("id")], in: session)
        try documents[0].machine.handle(.found)
        documents[0].setPosted(["Name": "x"], id: kind)
        try await DocumentStore.save(documents, in: session)
        try await Readiness.promote(around: documents.map(\.id), in: session)
    }

    @Test("One bad item of fifty costs the others nothing, and its order goes without it", .timeLimit(.minutes(5)))
    func bad() async throws {
        try await WriterHarness.run { harness in
            var orders = (1...50).map { SampleOrder(number: $0, customer: 1, item: "SKU-\($0)") }
            orders[16].itemAccount = "999"
            try await harness.plan(orders)
            try await harness.write()
            #expect(Self.items(harness).count == 49)
            #expect(try await Self.calls(harness, "PUT Items") == 1)
            #expect(try await harness.states()["acme/xero/item/SKU-17/1"] == "dead")
            #expect(try await harness.value("SELECT class FROM dead_letter WHERE state = 'open'") == "mapping.account")
            // Its order is posted, without the item, and says so.
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state = 'posted'") == "50")
            #expect(
                try await harness.value("SELECT subject FROM audit WHERE change = 'without item SKU-17'")
                    == "acme/shop/invoice/17/1")
            var wanted = orders
            wanted[16].item = nil
            #expect(harness.discrepancies(wanted) == [])
            // The same plan wants nothing else; a corrected mapping makes the item after all.
            #expect(try await harness.plan([orders[16]], revision: 2).map(\.changed) == [0])
            orders[16].itemAccount = nil
            #expect(try await harness.plan([orders[16]], revision: 3, mappingVersion: 2).map(\.changed) == [1])
            try await harness.write()
            #expect(Self.items(harness).count == 50)
            #expect(try await harness.value("SELECT count(*) FROM dead_letter WHERE state = 'open'") == "0")
        }
    }

    @Test("An order that insists on its item waits for it, and names it", .timeLimit(.minutes(5)))
    func insists() async throws {
        try await WriterHarness.run { harness in
            let orders = (1...2).map { SampleOrder(number: $0, customer: 1, item: "SKU-1", insistsOnItem: true) }
            harness.faults([["kind": "rejected", "message": "Account must be valid.", "path": "Items"]])
            try await harness.plan(orders)
            try await harness.write(until: {
                try await harness.count("state IN ('ready', 'sending', 'uncertain')") == 0
            })
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state = 'dead'") == "2")
            let reason = try await harness.value("SELECT state_reason FROM document WHERE kind = 'invoice'")
            #expect(reason?.contains("item SKU-1") == true)
            harness.faults([])
            let letter = try await harness.value("SELECT id FROM dead_letter WHERE state = 'open'").flatMap {
                Int64($0)
            }
            let id = try #require(letter)
            try await harness.database.withTransaction { session in
                _ = try await DeadLetterRetry.retry(id: id, by: "test", in: session)
            }
            try await harness.write(harness.writer("writer-2"))
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE state = 'posted'") == "2")
        }
    }

    @Test("An item that a person made is used as it is", .timeLimit(.minutes(5)))
    func adopted() async throws {
        try await WriterHarness.run { harness in
            Self.inXero(harness, "PUT", "/Items", ["Items": [["Code": "SKU-1", "Name": "Mine"]]])
            let orders = (1...3).map { SampleOrder(number: $0, customer: 1, item: "SKU-\($0)") }
            try await harness.plan(orders)
            try await harness.write()
            #expect(harness.discrepancies(orders) == [])
            #expect(Self.items(harness).first { $0["Code"] == "SKU-1" }?["Name"] == "Mine")
            #expect(try await harness.count("state <> 'posted'") == 0)
        }
    }

    @Test("An item that is gone in Xero is made again, and the order goes on with it", .timeLimit(.minutes(5)))
    func gone() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1, item: "SKU-1")])
            try await harness.write()
            let id = Self.items(harness).first?["ItemID"]?.string ?? ""
            Self.inXero(harness, "DELETE", "/Items/\(id)")
            let orders = (1...5).map { number in
                // Some were planned when the organisation's list had it.
                SampleOrder(number: number, customer: number, item: "SKU-1", isItemListed: number > 3)
            }
            try await harness.plan(Array(orders.dropFirst()))
            try await harness.write(harness.writer("writer-2"))
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.count("state <> 'posted'") == 0)
            #expect(try await harness.value("SELECT count(*) FROM dead_letter") == "0")
        }
    }

    @Test("Without an item that nobody makes the order goes on, and the list is read again", .timeLimit(.minutes(5)))
    func unlisted() async throws {
        try await WriterHarness.run { harness in
            try await ReferenceStore.keep(
                ["Items": [["Code": "SKU-9"]]], as: .items, of: harness.org, time: harness.time().ledger,
                in: harness.database)
            harness.clock.advance(seconds: 600, harness.simulator)
            var orders = (1...3).map { SampleOrder(number: $0, customer: 1) }
            orders[1].item = "SKU-9"
            orders[1].isItemListed = true
            try await harness.plan(orders)
            try await harness.write()
            orders[1].item = nil
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.count("state <> 'posted'") == 0)
            #expect(
                try await harness.value("SELECT is_stale::text FROM org_reference WHERE name = 'Items'") == "true")
        }
    }

    @Test("A dry run makes no items, and stops none of a live store", .timeLimit(.minutes(5)))
    func dryRun() async throws {
        try await WriterHarness.run { harness in
            let order = SampleOrder(number: 1, customer: 1, item: "SKU-1")
            try await harness.database.execute(
                "UPDATE store SET settings = '{\"dry_run\": true}' WHERE id = \(harness.store)")
            try await harness.planDry(order)
            #expect(try await harness.states()["acme/xero/item/SKU-1/1"] == "planned")
            var live = harness
            live.store = "live"
            try await harness.database.execute(
                """
                INSERT INTO store (id, platform, org_id, url, since, settings, secrets, mapping_version, version)
                VALUES ('live', 'woocommerce', \(harness.org), 'http://live', '2020-01-01', '{}', '', 1, 1)
                """)
            try await live.plan([SampleOrder(number: 2, customer: 2, item: "SKU-1")])
            #expect(try await harness.states()["acme/xero/item/SKU-1/1"] == "ready")
            try await harness.planDry(order)
            #expect(try await harness.states()["acme/xero/item/SKU-1/1"] == "ready")
            try await live.write(until: { try await harness.count("store_id <> 'shop' AND state <> 'posted'") == 0 })
            #expect(Self.items(harness).count == 1)
            #expect(harness.books["invoices"]?.array?.count == 1)
        }
    }
}

extension WriterHarness {
    /// Plans an order of a store of which nothing is sent.
    fileprivate func planDry(_ sample: SampleOrder) async throws {
        var placed = sample
        (placed.org, placed.store) = (org, store)
        let order = placed
        try await database.withTransaction { session in
            _ = try await PlanWriter.write(
                plan: order.plan, storeID: store, orgID: org, orderID: order.id, revision: 1, mappingVersion: 1,
                isDryRun: true, in: session)
        }
    }
}
