import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Postgres
import TestSupport
import Testing

@testable import XeroWriter

@Suite("Circuit breakers in PostgreSQL", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct BreakerTests {
    private func gate(_ harness: WriterHarness, _ holder: String) -> XeroGate {
        XeroGate(database: harness.database, time: harness.time(), settings: WriterSettings(holder: holder))
    }

    @Test(
        "an organisation's opens after three failures, holds a new lease holder back too, and closes",
        .timeLimit(.minutes(5)))
    func org() async throws {
        try await WriterHarness.run { harness in
            harness.faults([["kind": "500_before", "count": 5]])
            try await harness.plan([SampleOrder(number: 1, customer: 1)])
            let isOpen = "SELECT count(*) FROM breaker WHERE id = 'org/acme' AND open_until IS NOT NULL"
            try await harness.write(until: { try await harness.value(isOpen) == "1" })
            let reason = try await harness.value("SELECT reason FROM breaker WHERE id = 'org/acme'")
            #expect(reason == "Xero answered 500")
            #expect(try await harness.value("SELECT failures FROM breaker WHERE id = 'org/acme'") == "3")
            let opened = harness.clock.offset
            let calls = harness.calls["calls"]?.int ?? 0
            // Another holder finds it open, and asks one thing at a time.
            let second = harness.writer("writer-2")
            try await harness.write(second, until: { (harness.calls["calls"]?.int ?? 0) > calls })
            #expect(harness.clock.offset - opened > CircuitBreaker.firstPause - 1)
            try await harness.write()
            #expect(harness.discrepancies([SampleOrder(number: 1, customer: 1)]) == [])
            #expect(try await harness.value("SELECT failures FROM breaker WHERE id = 'org/acme'") == "0")
            #expect(try await harness.value(isOpen) == "0")
        }
    }

    @Test("one that an operator holds open lets nothing through until it is let go", .timeLimit(.minutes(5)))
    func held() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1)])
            try await BreakerStore.hold("org/acme", by: "test", reason: "stocktaking", in: harness.database)
            try await harness.write(until: { harness.clock.offset > 600 })
            #expect(harness.calls["calls"]?.int == 0)
            #expect(try await BreakerStore.letGo("org/acme", by: "test", in: harness.database))
            #expect(try await !BreakerStore.letGo("org/acme", by: "test", in: harness.database))
            try await harness.write()
            #expect(harness.discrepancies([SampleOrder(number: 1, customer: 1)]) == [])
        }
    }

    @Test("Xero's opens when several organisations fail; then one of them tries, and the others wait")
    func xero() async throws {
        try await WriterHarness.run { harness in
            let (first, second) = (gate(harness, "writer-1"), gate(harness, "writer-2"))
            #expect(try await first.admit("a") == .free)
            for org in ["a", "b", "a", "b", "a"] { try await first.note(failure: "no answer", orgID: org) }
            guard case .wait(let pause) = try await first.admit("a") else {
                Issue.record("the breaker is not open")
                return
            }
            #expect(pause > 14 && pause <= 15)
            harness.clock.advance(seconds: 16, harness.simulator)
            #expect(try await second.admit("b") == .probe)
            #expect(try await first.admit("a") == .wait(seconds: 1))
            #expect(try await second.admit("b") == .probe, "it may ask again whether it may")
            try await second.note(failure: nil, orgID: "b")
            #expect(try await second.admit("b") == .free)
            harness.clock.advance(seconds: 2, harness.simulator)
            #expect(try await first.admit("a") == .free)
        }
    }

    @Test("an app's minute is shared: no minute has more calls than Xero allows, wherever it begins")
    func appMinute() async throws {
        try await WriterHarness.run { harness in
            let time = harness.time().ledger
            func take() async throws -> Bool {
                try await AppMinute.take(
                    appID: "app", calls: 20, minuteSeconds: 60, time: time, in: harness.database) != nil
            }
            var taken = 0
            while try await take() { taken += 20 }
            #expect(taken == AppMinute.share / 20 * 20)
            #expect(taken * (AppMinute.parts + 1) <= AppMinute.limit)
            harness.clock.advance(seconds: 11, harness.simulator)
            #expect(try await take())
            try await AppMinute.block(appID: "app", seconds: 30, time: time, in: harness.database)
            #expect(try await !take())
            harness.clock.advance(seconds: 31, harness.simulator)
            #expect(try await take())
        }
    }
}

@Suite(
    "What was reported as made and never was",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct DoubtTests {
    @Test(
        "what Xero does not know when something refers to it is looked up and made again",
        arguments: [CellSubject.contact, .invoice, .creditNote])
    func referredTo(_ subject: CellSubject) async throws {
        try await WriterHarness.run { harness in
            let cell = FaultCell(
                subject: subject, fault: .phantom, harness: harness, rules: [["kind": "phantom", "count": 1]])
            let problems = try await cell.run()
            #expect(problems == [])
        }
    }

    @Test("a payment that a comparison misses is looked up and made again; one that is there is not")
    func missed() async throws {
        try await WriterHarness.run { harness in
            let orders = [SampleOrder(number: 1, customer: 1), SampleOrder(number: 2, customer: 2)]
            harness.faults([["kind": "phantom", "count": 1, "match": ["endpoint": "PUT /Payments"]]])
            try await harness.plan([orders[0]])
            try await harness.write()
            try await harness.plan([orders[1]])
            try await harness.write()
            #expect(harness.discrepancies(orders) != [])
            let doubted = try await harness.database.withTransaction { session in
                try await Doubts.raise(
                    keys: ["acme/shop/payment/1/1", "acme/shop/payment/2/1", "acme/shop/payment/3/1"],
                    cause: "missed", by: "test", in: session)
            }
            #expect(doubted.count == 2)
            try await harness.write()
            #expect(harness.discrepancies(orders) == [])
        }
    }
}
