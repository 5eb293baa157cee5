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
    "What an organisation says about itself",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct ReferenceTests {
    private static func control(_ harness: WriterHarness, _ body: JSONValue) {
        let response = harness.simulator.handle(
            SimulatedRequest(method: "PUT", target: "/_control/orgs/\(harness.org)", body: body.encoded()))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
    }

    private static func due(_ harness: WriterHarness) async throws -> [ReferencePart] {
        try await ReferenceStore.due(
            orgID: harness.org, minuteSeconds: 60, time: harness.time().ledger, in: harness.database)
    }

    private static func readDue(_ harness: WriterHarness, _ holder: String) async throws {
        try await harness.write(harness.writer(holder, keepsReference: true)) {
            try await Self.due(harness).isEmpty
        }
    }

    private static func facts(_ harness: WriterHarness) async throws -> OrgFacts? {
        let sealing = ConfigurationSealing(seal: { $0 }, open: { $0 })
        return try await ConfigurationLoader.load(from: harness.database, sealing: sealing).orgs[harness.org]?.facts
    }

    @Test("is read once, again when it is old, and planning and writing know what it says", .timeLimit(.minutes(5)))
    func kept() async throws {
        try await WriterHarness.run { harness in
            Self.control(harness, ["country": "NZ", "currency": "NZD", "time_zone": "Pacific/Auckland"])
            #expect(try await Self.due(harness) == ReferencePart.allCases)
            try await Self.readDue(harness, "writer-1")
            #expect(harness.calls["calls"]?.int == ReferencePart.allCases.count)
            #expect(
                try await harness.value("SELECT sum(calls) FROM call_count WHERE purpose = 'reference'")
                    == "\(ReferencePart.allCases.count)")
            let facts = try #require(try await Self.facts(harness))
            #expect(facts.timeZone == "Pacific/Auckland")
            #expect(facts.lockDate == nil)
            let known = try #require(try await ReferenceStore.loadAll(in: harness.database)[harness.org])
            #expect(known.roundingAccount == "860")
            #expect(known.percents["OUTPUT2"] == ExactDecimal(15))
            let reference = try await ReferenceStore.load(orgID: harness.org, in: harness.database)
            let sales = try #require(reference.accounts?["200"])
            #expect(sales.takesLines && !sales.isArchived)
            #expect(sales.accountClass == "REVENUE")
            #expect(reference.accounts?["090"]?.takesPayments == true)
            let rate = try #require(reference.taxRates?["OUTPUT2"])
            #expect(rate.percent == ExactDecimal(15))
            #expect(rate.classes.contains("REVENUE"))
            #expect(reference.currencies?.contains(try #require(Currency("NZD"))) == true)

            // The lock moves while nobody tells; only what is old is read again.
            Self.control(harness, ["country": "NZ", "currency": "NZD", "period_lock_date": "2026-06-30"])
            harness.clock.advance(seconds: 119 * 60, harness.simulator)
            #expect(try await Self.due(harness) == [])
            harness.clock.advance(seconds: 120, harness.simulator)
            #expect(try await Self.due(harness) == [.organisation])
            try await Self.readDue(harness, "writer-2")
            #expect(harness.calls["calls"]?.int == ReferencePart.allCases.count + 1)
            #expect(try await Self.facts(harness)?.lockDate?.description == "2026-06-30")
        }
    }

    @Test("is read again when Xero's refusal says that it changed", .timeLimit(.minutes(5)))
    func stale() async throws {
        try await WriterHarness.run { harness in
            try await Self.readDue(harness, "writer-1")
            harness.clock.advance(seconds: 600, harness.simulator)
            let orders = (1...3).map { SampleOrder(number: $0, customer: $0) }
            try await harness.plan(orders)
            harness.faults([
                [
                    "kind": "rejected", "path": "Invoices", "count": 1,
                    "message": "Account code '200' is not a valid code for this document.",
                ]
            ])
            try await harness.write { try await harness.count("state = 'dead'") == 3 }
            #expect(try await Self.due(harness) == [.accounts])
            try await Self.readDue(harness, "writer-2")
            // However many documents fail for the same reason, what was read a moment ago is not read again.
            try await ReferenceStore.markStale(
                after: ["mapping.account"], orgID: harness.org, minuteSeconds: 60, time: harness.time().ledger,
                in: harness.database)
            #expect(try await Self.due(harness) == [])
        }
    }

    @Test(
        "has held orders planned again when it changes, and keeps the rest when one part cannot be read",
        .timeLimit(.minutes(5)))
    func partial() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1)])
            try await harness.database.execute("UPDATE sale SET state = 'held'")
            harness.faults([["kind": "500_before", "path": "TaxRates", "count": 1]])
            let until = harness.clock.offset + 300
            let writer = harness.writer(keepsReference: true)
            try await harness.write(writer) { harness.clock.offset > until }
            #expect(try await Self.due(harness) == [.taxRates])
            #expect(try await harness.value("SELECT count(*) FROM sale WHERE planned_revision < revision") == "1")
        }
    }
}
