import NIOConcurrencyHelpers

/// What other threads may know about a connection: written by the thread that owns it.
final class ConnectionStatus: Sendable {
    private struct State {
        var isConnected = false
        var isDraining = false
        var failure: RabbitMQError?
    }

    private let state = NIOLockedValueBox(State())

    var isConnected: Bool { state.withLockedValue { $0.isConnected } }
    var isDraining: Bool { state.withLockedValue { $0.isDraining } }
    /// Why the connection ended, if it was not because of a stop.
    var failure: RabbitMQError? { state.withLockedValue { $0.failure } }

    func connected() { state.withLockedValue { $0.isConnected = true } }
    func disconnected() { state.withLockedValue { $0.isConnected = false } }
    func draining() { state.withLockedValue { $0.isDraining = true } }

    func ended(_ failure: RabbitMQError?) {
        state.withLockedValue { state in
            state.isConnected = false
            state.failure = failure
        }
    }
}
