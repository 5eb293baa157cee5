import Accounting
import Foundation
import JSON
import Ledger
import SimulatedXero
import TestSupport
import Testing

@testable import XeroWriter

@Suite(
    "A busy day of one organisation, at Xero's real limits", .serialized,
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct FullDayTests {
    private static let isSoak = ProcessInfo.processInfo.environment["SOAK"] != nil
    private static let orders = isSoak ? 10_000 : 2000
    private static let customers = isSoak ? 7000 : 1400

    /// Two calls for fifty paid orders and one for fifty contacts, with room for what comes between.
    private static func allowed(orders: Int, contacts: Int) -> Int {
        let calls = 2 * ((orders + 49) / 50) + (contacts + 49) / 50
        return calls + (calls + 19) / 20 + 20
    }

    @Test("paid orders in bulk take the fewest calls, and no limit is ever met", .timeLimit(.minutes(10)))
    func bulk() async throws {
        try await WriterHarness.run { harness in
            let orders = (1...Self.orders).map { SampleOrder(number: $0, customer: $0 % Self.customers) }
            try await harness.planTogether(orders)
            let began = harness.time().now()
            try await harness.write()
            let took = harness.time().now().seconds(since: began)
            let allowed = Self.allowed(orders: Self.orders, contacts: Self.customers)
            Self.report("\(Self.orders) paid orders of \(Self.customers) customers", harness, took, allowed: allowed)
            #expect(harness.discrepancies(orders) == [])
            #expect(harness.calls["calls"]?.int ?? .max <= allowed)
            #expect(harness.calls["day_used"]?.int ?? .max <= 1000)
            #expect(harness.calls["in_flight_maximum"]?.int ?? .max <= 5)
            #expect(harness.calls["refused"]?.object?.isEmpty == true)
        }
    }

    @Test(
        "calls that another app takes from the day are not asked for twice: the rest waits for the next day",
        .timeLimit(.minutes(10)))
    func anotherApp() async throws {
        try await WriterHarness.run { single in
            var harness = single
            harness.longestSeconds = 72 * 3600
            harness.pollSeconds = 60
            let count = Self.orders / 2
            // Their batches take more calls than the other app leaves of the day.
            let left = Self.allowed(orders: count, contacts: count) / 2
            try Self.takeCalls(1000 - left, from: harness)
            let orders = (1...count).map { SampleOrder(number: $0, customer: $0) }
            try await harness.planTogether(orders)
            let began = harness.time().now()
            try await harness.write()
            let took = harness.time().now().seconds(since: began)
            Self.report("\(count) paid orders, \(1000 - left) of the day's calls taken by another app", harness, took)
            #expect(harness.discrepancies(orders) == [])
            #expect(took < 26 * 3600, "it goes on as soon as the next day begins")
            #expect(harness.calls["refused"]?.object?.isEmpty == true)
        }
    }

    /// Calls of another app, spread so that they break no other limit.
    private static func takeCalls(_ count: Int, from harness: WriterHarness) throws {
        let token = harness.simulator.accessToken(for: harness.org)
        for call in 0..<count {
            if call % 50 == 49 { harness.clock.advance(seconds: 60, harness.simulator) }
            let answer = harness.simulator.handle(
                SimulatedRequest(
                    method: "GET", target: "/api.xro/2.0/Organisation", headers: ["authorization": "Bearer \(token)"]))
            try #require(answer.status == 200)
        }
    }

    private static func report(_ title: String, _ harness: WriterHarness, _ seconds: Double, allowed: Int? = nil) {
        let calls = harness.calls
        let total = calls["calls"]?.int ?? 0
        print("\(title):")
        for (endpoint, count) in calls["by_endpoint"]?.object ?? [:] {
            print("  \(endpoint): \(count["calls"]?.int ?? 0) calls, \(count["elements"]?.int ?? 0) elements")
        }
        print(
            "  \(total) calls\(allowed.map { " (\($0) allowed)" } ?? ""),"
                + " at most \(calls["in_flight_maximum"]?.int ?? 0) in flight;"
                + " \(Int(seconds)) s of Xero's, where 60 calls a minute take \(total) s")
    }
}
