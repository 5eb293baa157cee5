import NIOConcurrencyHelpers

/// Whether a service can do its work, for /readyz: a list of named conditions, each with a reason while it does not hold.
public final class Readiness: Sendable {
    /// One condition that does not hold.
    public struct Obstacle: Sendable, Hashable {
        /// The condition, e.g. `database`.
        public let name: String
        /// Why it does not hold, in a person's words.
        public let reason: String
    }

    /// Closures live in a class of their own: kept directly in a lock's value they would gain a thunk with every copy.
    private final class Condition: Sendable {
        let name: String
        let obstacle: @Sendable () -> String?

        init(name: String, obstacle: @escaping @Sendable () -> String?) {
            self.name = name
            self.obstacle = obstacle
        }
    }

    private struct State {
        var conditions: [Condition] = []
        var reasons: [String: String] = [:]
    }

    private let state = NIOLockedValueBox(State())

    /// Makes a readiness without conditions: ready.
    public init() {}

    /// Adds a condition that is asked whenever readiness is.
    ///
    /// - Parameters:
    ///   - name: the condition.
    ///   - obstacle: nil while it holds, else the reason. Must return at once.
    public func add(_ name: String, obstacle: @escaping @Sendable () -> String?) {
        let condition = Condition(name: name, obstacle: obstacle)
        state.withLockedValue { $0.conditions.append(condition) }
    }

    /// Says that a condition does not hold, until ``clear(_:)``.
    public func set(_ name: String, reason: String) {
        state.withLockedValue { $0.reasons[name] = reason }
    }

    /// Says that a condition set by ``set(_:reason:)`` holds again.
    public func clear(_ name: String) {
        state.withLockedValue { $0.reasons[name] = nil }
    }

    /// The conditions that do not hold now, by name; empty if ready.
    public func obstacles() -> [Obstacle] {
        let (conditions, reasons) = state.withLockedValue { ($0.conditions, $0.reasons) }
        var obstacles = reasons.map { Obstacle(name: $0.key, reason: $0.value) }
        for condition in conditions {
            if let reason = condition.obstacle() {
                obstacles.append(Obstacle(name: condition.name, reason: reason))
            }
        }
        return obstacles.sorted { $0.name < $1.name }
    }
}
