import Foundation
import TestSupport
import Testing

/// The whole pipeline as processes: what a user sees with `make run`, and what survives when things are killed.
@Suite(
    "The whole pipeline", .serialized,
    .enabled(if: TestServers.areAvailable, "needs the private servers: run it with make test"))
struct PlayTests {
    private let seed =
        Int(ProcessInfo.processInfo.environment["SEED"] ?? "")
        ?? (Playground.isSoak ? Int.random(in: 1...999_999) : 4242)

    @Test("200 orders travel through every service and the books tie", .timeLimit(.minutes(8)))
    func ordersTie() async throws {
        let result = try await Playground.play("play", ["--orders", "200", "--seed", "1"])
        #expect(result.status == 0, "\(result.output)")
        #expect(try Playground.requestProblems("play") == [])
        #expect(result.output.contains("The books tie."), "\(result.output)")
        let traces = try Playground.traces("play")
        // Many orders are swept before their webhook is worked; those that came by webhook show the whole way.
        let whole = traces.filter { $0.value.isSuperset(of: Playground.stages) }
        #expect(whole.count >= 20, "\(whole.count) of \(traces.count) traces go from webhook to Xero")
    }

    @Test(
        "kill -9 each second, a broker and a database restart and Xero's faults lose and double nothing",
        .timeLimit(.minutes(30)))
    func chaos() async throws {
        let seconds = Playground.isSoak ? 600 : 60
        print("chaos: seed \(seed), \(seconds) s")
        let result = try await Playground.play(
            "chaos", ["--orders", "200", "--seed", "\(seed)", "--chaos", "\(seconds)"])
        #expect(result.status == 0, "seed \(seed)\n\(result.output)")
        #expect(try Playground.requestProblems("chaos") == [])
        #expect(result.output.contains("The books tie."), "seed \(seed)\n\(result.output)")
    }

    @Test(
        "without a broker webhooks are accepted, without a database refused, and all comes through",
        .timeLimit(.minutes(8)))
    func outages() async throws {
        let result = try await Playground.play("outages", ["--orders", "60", "--seed", "3", "--outages"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("The books tie."), "\(result.output)")
    }

    @Test("1,000 paid orders in a burst keep Xero's real limits and the formula of calls", .timeLimit(.minutes(12)))
    func burst() async throws {
        let count = Playground.isSoak ? 5000 : 1000
        let result = try await Playground.play("burst", ["--burst", "\(count)", "--seed", "7"])
        #expect(result.status == 0, "\(result.output)")
        print(result.output.split(separator: "\n").suffix(30).joined(separator: "\n"))
    }
}
