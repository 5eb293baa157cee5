import Foundation
import JSON
import NIOHTTP1
import SimulatedWooCommerce

/// Trouble on purpose: a service of ours is killed each second, broker and database are restarted once, and Xero misbehaves.
struct Chaos: Sendable {
    let seconds: Int
    let seed: UInt64
    let supervisor: Supervisor
    let xero: ControlClient
    let console: Console
    let servers: ServerScript

    /// What the simulated Xero does to a call in a hundred.
    static let faults: [(kind: String, percent: Int)] = [
        ("refuse", 2), ("hang_before", 1), ("hang_after", 1), ("500_before", 3), ("500_after", 3),
        ("500_after_half", 3), ("reset_before", 2), ("reset_after", 3), ("html_503", 2), ("garbage", 2),
    ]

    /// What happens in each second: which service is killed, and what is restarted.
    static func schedule(seconds: Int, seed: UInt64) -> [(kill: String, restart: String?)] {
        var random = SeededGenerator(seed: seed)
        return (0..<seconds).map { second in
            let restart: String? =
                second == seconds / 3 ? "rabbitmq" : second == seconds * 2 / 3 && seconds > 1 ? "postgres" : nil
            return (kill: random.pick(Fleet.services), restart: restart)
        }
    }

    /// Turns Xero's faults on.
    func begin() async throws {
        let rules = Self.faults.enumerated().map { index, fault -> JSONValue in
            let seed = Int(self.seed % 1_000_000) + index + 1
            return [
                "kind": .string(fault.kind), "seed": .number(JSONNumber(seed)),
                "probability": .number(JSONNumber(text: "0.0\(fault.percent)") ?? JSONNumber(0)),
            ]
        }
        try await xero.send(.PUT, "/_control/faults", .array(rules))
    }

    /// Turns them off again.
    func end() async throws {
        try await xero.send(.PUT, "/_control/faults", .array([]))
    }

    /// Kills and restarts to the schedule; returns when it is over and all servers are back.
    /// - Returns: how many kills found something to kill.
    func run() async throws -> Int {
        var kills = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            let start = ContinuousClock.now
            for (second, event) in Self.schedule(seconds: seconds, seed: seed).enumerated() {
                try await Task.sleep(until: start + .seconds(second), clock: .continuous)
                if supervisor.kill(event.kill) { kills += 1 }
                if let restart = event.restart {
                    console.line("second \(second): \(restart) is restarted")
                    group.addTask { try await servers.run("restart", restart) }
                }
            }
            try await group.waitForAll()
        }
        return kills
    }
}
