import CRawLoops
import Foundation
import Logging
import RabbitMQ

/// The RabbitMQ driver beside the same work in C, on quorum queues.
struct BrokerPairs: Sendable {
    private static let bodyBytes = 512
    private static let window = 1_000
    private static let prefetch = 250
    private static let count = 20_000

    let bench: Bench

    /// What one side did.
    private struct Outcome: Sendable {
        var rate: Double
        var cpuMicroseconds: Double
    }

    /// Publishing with confirms.
    func publish() async throws -> [Row] {
        try await pair(
            "publish with confirms, quorum queue",
            ours: { configuration, queue in try await driverPublish(configuration, queue) },
            raw: { queue in
                try await raw(queue) { raw_publish($0, Self.count, Int32(Self.bodyBytes), Int32(Self.window), $1) }
            })
    }

    /// Consuming and acknowledging.
    func consume() async throws -> [Row] {
        func fill(_ queue: String) async throws {
            _ = try await raw(queue) { raw_publish($0, Self.count, Int32(Self.bodyBytes), Int32(Self.window), $1) }
        }
        return try await pair(
            "consume, handle nothing, ack",
            ours: { configuration, queue in
                try await fill(queue)
                return try await driverConsume(configuration, queue)
            },
            raw: { queue in
                try await fill(queue)
                return try await raw(queue) { raw_consume($0, Self.count, Int32(Self.prefetch), $1) }
            })
    }

    // MARK: Pairs

    private func pair(
        _ what: String, ours: (RabbitMQConfiguration, String) async throws -> Outcome,
        raw: (String) async throws -> Outcome
    ) async throws -> [Row] {
        let configuration = try RabbitMQConfiguration(url: bench.amqpURL)
        var (ratios, ourRates, rawRates, ourCPU, rawCPU) = (Series(), Series(), Series(), Series(), Series())
        for round in 0..<bench.rounds {
            // Who goes first changes from round to round.
            var (mine, theirs): (Outcome?, Outcome?) = (nil, nil)
            for turn in 0..<2 {
                if (turn + round) % 2 == 0 {
                    mine = try await withQueue(configuration) { try await ours(configuration, $0) }
                } else {
                    theirs = try await withQueue(configuration) { try await raw($0) }
                }
            }
            guard let mine, let theirs else { continue }
            ratios.add(100 * mine.rate / theirs.rate)
            ourRates.add(mine.rate)
            rawRates.add(theirs.rate)
            ourCPU.add(mine.cpuMicroseconds)
            rawCPU.add(theirs.cpuMicroseconds)
        }
        return [
            Row(
                what, aim: "85 % of a raw C loop",
                "\(ratios.text()) %: \(ourRates.text())/s against \(rawRates.text())/s", ratios.median >= 85),
            Row(
                "client processor time of that, a message",
                "\(ourCPU.text(decimals: 1)) µs against \(rawCPU.text(decimals: 1)) µs"),
        ]
    }

    private func withQueue(
        _ configuration: RabbitMQConfiguration, _ body: (String) async throws -> Outcome
    ) async throws -> Outcome {
        let queue = "bench.\(UInt64.random(in: .min ... .max))"
        try await withPublisher(configuration, queue) { _ in }
        let result: Result<Outcome, any Error>
        do { result = .success(try await body(queue)) } catch { result = .failure(error) }
        _ = try? await raw(queue) { raw_delete_queue($0, $1) }
        return try result.get()
    }

    // MARK: The driver

    private func withPublisher<Value: Sendable>(
        _ configuration: RabbitMQConfiguration, _ queue: String, _ body: (RabbitMQPublisher) async throws -> Value
    ) async throws -> Value {
        let publisher = RabbitMQPublisher(
            configuration: configuration, topology: Topology(queues: [.quorum(queue)]), logger: Logger(label: "bench"))
        let running = Task { try await publisher.run() }
        defer { running.cancel() }
        for _ in 0..<1_000 where !publisher.isConnected { try await Task.sleep(for: .milliseconds(10)) }
        guard publisher.isConnected else { throw BenchError("no connection to the broker within 10 s") }
        return try await body(publisher)
    }

    private func driverPublish(_ configuration: RabbitMQConfiguration, _ queue: String) async throws -> Outcome {
        try await withPublisher(configuration, queue) { publisher in
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: Self.bodyBytes)
            let clock = Stopwatch()
            let failures = await withTaskGroup(of: Int.self) { group in
                let (tasks, batch) = (8, 250)
                for task in 0..<tasks {
                    group.addTask {
                        var failed = 0
                        for first in stride(from: task * batch, to: Self.count, by: tasks * batch) {
                            let messages = (first..<first + batch).map { index in
                                OutgoingMessage(
                                    exchange: "", routingKey: queue,
                                    properties: MessageProperties(
                                        contentType: "application/json", messageID: "message-\(index)"), body: body)
                            }
                            for case .failure in await publisher.publish(messages) { failed += 1 }
                        }
                        return failed
                    }
                }
                return await group.reduce(0, +)
            }
            guard failures == 0 else { throw BenchError("\(failures) messages were not confirmed") }
            return clock.outcome(Self.count)
        }
    }

    private func driverConsume(_ configuration: RabbitMQConfiguration, _ queue: String) async throws -> Outcome {
        let consumer = RabbitMQConsumer(
            configuration: configuration, queue: queue, prefetch: Self.prefetch, logger: Logger(label: "bench"))
        let running = Task { try await consumer.run() }
        defer { running.cancel() }
        var clock = Stopwatch()
        var taken = 0
        for await delivery in consumer.deliveries {
            delivery.ack()
            taken += 1
            // As in C, the clock starts with the first message: subscribing does not count.
            if taken == 1 { clock = Stopwatch() }
            if taken == Self.count { break }
        }
        return clock.outcome(taken - 1)
    }

    private struct Stopwatch {
        private let start = ContinuousClock.now
        private let cpu = Self.cpuSeconds

        private static var cpuSeconds: Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }

        func outcome(_ count: Int) -> Outcome {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            return Outcome(
                rate: Double(count) / seconds, cpuMicroseconds: (Self.cpuSeconds - cpu) * 1e6 / Double(count))
        }
    }

    // MARK: C

    private func raw(
        _ queue: String,
        _ loop: @escaping @Sendable (UnsafePointer<raw_broker>, UnsafeMutablePointer<raw_result>) -> Void
    ) async throws -> Outcome {
        let configuration = try RabbitMQConfiguration(url: bench.amqpURL)
        let result = await bench.onThread { () -> RawResult in
            var result = raw_result()
            configuration.host.withCString { host in
                configuration.user.withCString { user in
                    configuration.password.withCString { password in
                        configuration.virtualHost.withCString { vhost in
                            queue.withCString { queue in
                                var broker = raw_broker(
                                    host: host, port: Int32(configuration.port), user: user, password: password,
                                    vhost: vhost, queue: queue)
                                loop(&broker, &result)
                            }
                        }
                    }
                }
            }
            return RawResult(result)
        }
        if !result.error.isEmpty { throw BenchError("the loop in C: \(result.error)") }
        return Outcome(
            rate: Double(result.count) / result.seconds, cpuMicroseconds: result.cpuSeconds * 1e6 / Double(result.count)
        )
    }
}

/// What a loop in C says of itself.
struct RawResult: Sendable {
    let count: Int
    let seconds: Double
    let cpuSeconds: Double
    let error: String

    init(_ result: raw_result) {
        count = result.count
        seconds = result.seconds
        cpuSeconds = result.cpu_seconds
        error = withUnsafeBytes(of: result.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
