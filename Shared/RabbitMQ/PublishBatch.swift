import NIOConcurrencyHelpers

/// Messages published together and the place where their outcomes are collected.
///
/// Settled by the connection's thread, awaited by one task. A task that is cancelled stops waiting at once; what it
/// still waited for ends as `cancelled`, and later answers are dropped.
final class PublishBatch: Sendable {
    typealias Outcome = Result<Void, RabbitMQError>

    private struct State {
        var outcomes: [Outcome?]
        var remaining: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    let messages: [OutgoingMessage]
    private let state: NIOLockedValueBox<State>

    init(_ messages: [OutgoingMessage]) {
        self.messages = messages
        state = NIOLockedValueBox(
            State(outcomes: Array(repeating: nil, count: messages.count), remaining: messages.count))
    }

    /// True while somebody waits for the message's outcome.
    func isWanted(_ index: Int) -> Bool { state.withLockedValue { $0.outcomes[index] == nil } }

    /// Records an outcome; the first one counts.
    func settle(_ index: Int, _ outcome: Outcome) {
        let waiter = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard state.outcomes[index] == nil else { return nil }
            state.outcomes[index] = outcome
            state.remaining -= 1
            return Self.takeWaiter(&state)
        }
        waiter?.resume()
    }

    /// Records one outcome for everything not settled.
    func settleRest(_ outcome: Outcome) {
        let waiter = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            for index in state.outcomes.indices where state.outcomes[index] == nil { state.outcomes[index] = outcome }
            state.remaining = 0
            return Self.takeWaiter(&state)
        }
        waiter?.resume()
    }

    /// Waits for every outcome, by position.
    func outcomes() async -> [Outcome] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isSettled = state.withLockedValue { state in
                    if state.remaining > 0 { state.waiter = continuation }
                    return state.remaining == 0
                }
                if isSettled { continuation.resume() }
            }
        } onCancel: {
            settleRest(
                .failure(RabbitMQError(.cancelled, "the task was cancelled while it waited for publisher confirms")))
        }
        return state.withLockedValue { state in
            state.outcomes.map { outcome in
                guard let outcome else { preconditionFailure("a batch was released before it was settled") }
                return outcome
            }
        }
    }

    private static func takeWaiter(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        guard state.remaining == 0, let waiter = state.waiter else { return nil }
        state.waiter = nil
        return waiter
    }
}
