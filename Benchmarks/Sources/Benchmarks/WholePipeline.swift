import Foundation
import JSON

/// Everything together, by `counterfoil-play --load`: services, simulators, broker and database on this machine.
struct WholePipeline: Sendable {
    let bench: Bench

    /// One webhook every half second on a system with nothing else to do.
    func latency() async throws -> [Row] {
        let report = try await load("latency", ["--load", "2", "--load-minutes", "0.6", "--load-news", "100"])
        let calls = report["to_call_microseconds"]
        let (p50, p99) = (Self.value(calls?["p50"]) / 1_000, Self.value(calls?["p99"]) / 1_000)
        let most = report["memory_at_rest"]?.object?.map { ($0.key, Self.value($0.value) / 1_048_576) } ?? []
        let memory = most.map { "\($0.0) \(Text.number($0.1))" }.joined(separator: ", ")
        return [
            Row(
                "webhook to Xero call, idle system, p50", aim: "under 100 ms",
                "\(Text.number(p50)) ms (\(Text.number(Self.value(calls?["orders"]))) orders)", p50 < 100),
            Row("the same, p99", aim: "under 500 ms", "\(Text.number(p99)) ms", p99 < 500),
            Row("memory at rest, MB", aim: "each under 64", memory, !most.isEmpty && most.allSatisfy { $0.1 < 64 }),
        ] + complaints(report)
    }

    /// As many webhooks as the aim says, through every service.
    func sustained() async throws -> [Row] {
        let rate = 2_000
        let report = try await load("pipeline", ["--load", "\(rate)", "--load-minutes", "1", "--load-news", "1"])
        let answer = report["answer_microseconds"]
        let p99 = Self.value(answer?["p99"]) / 1_000
        let (sent, accepted) = (Self.value(report["sent"]), Self.value(report["answered_200"]))
        let cpu =
            report["cpu_nanoseconds_a_webhook"]?.object?.map {
                "\($0.key) \(Text.number(Self.value($0.value) / 1_000))"
            } ?? []
        return [
            Row(
                "the same with the whole pipeline running", aim: "2,000/s sustained",
                "\(Text.number(accepted)) of \(Text.number(sent)) answered 200 in 60 s, p99 \(Text.number(p99)) ms",
                accepted == sent && report["good"]?.bool == true),
            Row("processor time a webhook, by service, µs", cpu.joined(separator: ", ")),
        ] + complaints(report)
    }

    private func complaints(_ report: JSONValue) -> [Row] {
        (report["complaints"]?.array ?? []).map { Row("what was not as it should be", $0.string ?? "") }
    }

    private static func value(_ value: JSONValue?) -> Double { Double(value?.int ?? 0) }

    private func load(_ name: String, _ arguments: [String]) async throws -> JSONValue {
        try await bench.withDatabase(name) { url in
            let folder = "\(bench.folder)/\(name)"
            let path = "\(folder)/report.json"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try? FileManager.default.removeItem(atPath: path)
            let play = try Program(
                bench, "counterfoil-play", ["--once", "--folder", folder, "--load-report", path] + arguments,
                environment: ["DATABASE_URL": url])
            await play.wait(bench)
            guard let data = FileManager.default.contents(atPath: path) else {
                throw BenchError("the load came to no report:\n\(play.tail)")
            }
            return try JSONValue(parsing: Array(data))
        }
    }
}
