import Foundation
import Glibc
import NIOConcurrencyHelpers
import Postgres

/// What was seen at one moment of a load.
struct LoadSample: Sendable {
    /// Since the load began; before it, negative.
    var seconds: Double
    /// Resident bytes of each service.
    var memory: [String: Int] = [:]
    /// Processor seconds each service has used.
    var cpu: [String: Double] = [:]
    /// What waits, by stage.
    var waiting: [String: Int] = [:]
}

/// Watches services and queues while a load runs.
struct LoadMonitor: Sendable {
    /// What waits in the database, by stage. Each is counted over an index that holds hardly more than what waits.
    private static let stages: [(name: String, query: PostgresQuery)] = [
        ("outbox", "SELECT count(*) AS n FROM outbox"),
        ("orders to read", "SELECT count(*) AS n FROM hint WHERE due_at <= now()"),
        ("orders to plan", "SELECT count(*) AS n FROM sale WHERE planned_revision < revision"),
        (
            "documents to post",
            "SELECT count(*) AS n FROM document WHERE state IN ('planned', 'waiting', 'ready', 'sending', 'uncertain')"
        ),
    ]
    private static let every = Duration.seconds(5)
    /// Asking the broker starts a program that is not cheap.
    private static let brokerEvery = 6

    let supervisor: Supervisor
    let database: PostgresClient
    let servers: ServerScript
    let samples = NIOLockedValueBox<[LoadSample]>([])

    /// Takes a sample every few seconds until cancelled.
    func run() async {
        let start = ContinuousClock.now
        var round = 0
        while !Task.isCancelled {
            var sample = await look(seconds: (ContinuousClock.now - start) / .seconds(1))
            if round % Self.brokerEvery == 0 {
                for (queue, depth) in await servers.queues() { sample.waiting["queue \(queue)"] = depth }
            }
            samples.withLockedValue { $0.append(sample) }
            round += 1
            try? await Task.sleep(until: start + Self.every * round, clock: .continuous)
        }
    }

    /// A sample taken now, without the broker's queues.
    func look(seconds: Double) async -> LoadSample {
        var sample = LoadSample(seconds: seconds)
        for (name, pid) in supervisor.processes where Fleet.services.contains(name) {
            sample.memory[name] = Self.residentBytes(pid)
            sample.cpu[name] = Self.cpuSeconds(pid)
        }
        for stage in Self.stages { sample.waiting[stage.name] = await count(stage.query) }
        return sample
    }

    /// What waits in the database altogether; nil if it cannot be told.
    func backlog() async -> Int? {
        var total = 0
        for stage in Self.stages {
            guard let count = await count(stage.query) else { return nil }
            total += count
        }
        return total
    }

    private func count(_ query: PostgresQuery) async -> Int? {
        try? await database.query(query).first?.decode("n", as: Int.self)
    }

    private static func residentBytes(_ pid: Int32) -> Int {
        let fields = text("/proc/\(pid)/statm").split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    private static func cpuSeconds(_ pid: Int32) -> Double {
        // The name in parentheses may hold blanks; user and system time are the 12th and 13th field after it.
        let fields = text("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// Whether memory stays flat and queues bounded, from samples of the load.
enum LoadTrend {
    /// The median of the second and of the last third, and the highest; nil with too few values to tell.
    static func thirds(_ values: [Double]) -> (middle: Double, last: Double, highest: Double)? {
        guard values.count >= 6 else { return nil }
        let third = values.count / 3
        return (
            middle: Percentile.of(Array(values[third..<2 * third]), 50),
            last: Percentile.of(Array(values[(2 * third)...]), 50), highest: values.max() ?? 0
        )
    }

    /// Sentences about services that grow: the last third of the load against the second, beyond 10 % and 4 MB.
    static func growing(_ samples: [LoadSample]) -> [String] {
        Set(samples.flatMap(\.memory.keys)).sorted().compactMap { name in
            guard let memory = thirds(samples.compactMap { $0.memory[name].map(Double.init) }) else { return nil }
            guard memory.last > memory.middle * 1.1 + Double(4 << 20) else { return nil }
            return "\(name) grows: from \(megabytes(memory.middle)) to \(megabytes(memory.last))"
        }
    }

    /// Sentences about stages where more and more waits, or more than arrives in half a minute.
    static func unbounded(_ samples: [LoadSample], rate: Int) -> [String] {
        Set(samples.flatMap(\.waiting.keys)).sorted().compactMap { stage in
            guard let waiting = thirds(samples.compactMap { $0.waiting[stage].map(Double.init) }) else { return nil }
            let bound = Double(max(rate * 30, 1_000))
            if waiting.highest > bound { return "\(stage): \(Int(waiting.highest)) waited at once" }
            guard waiting.last > waiting.middle * 2 + Double(max(rate, 200)) else { return nil }
            return "\(stage): more and more wait, from \(Int(waiting.middle)) to \(Int(waiting.last))"
        }
    }

    /// `38.2 MB`
    static func megabytes(_ bytes: Double) -> String {
        let tenths = Int((bytes / 104_857.6).rounded())
        return "\(tenths / 10).\(tenths % 10) MB"
    }
}
