import CSystemShims
import DequeModule
import Glibc
import NIOConcurrencyHelpers

/// A queue of commands with a descriptor that becomes readable when the queue stops being empty.
///
/// The descriptor is written only on the change from "nothing waiting" to "something waiting", so a burst of sends
/// costs one system call.
final class Mailbox<Command: Sendable>: Sendable {
    private struct State {
        var queue = Deque<Command>()
        var signalled = false
        var closed = false
        var stopRequested = false
    }

    private let state = NIOLockedValueBox(State())
    let descriptor: Int32

    init() {
        descriptor = counterfoil_eventfd()
        precondition(descriptor >= 0, "no eventfd: the process has no descriptors left (errno \(errno))")
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Queues a command; false if the mailbox is closed, and then the command was not taken.
    func send(_ command: Command) -> Bool {
        let (accepted, wakes) = state.withLockedValue { state -> (Bool, Bool) in
            if state.closed { return (false, false) }
            state.queue.append(command)
            return (true, Self.signal(&state))
        }
        if wakes { wake() }
        return accepted
    }

    func requestStop() {
        let wakes = state.withLockedValue { state -> Bool in
            if state.closed || state.stopRequested { return false }
            state.stopRequested = true
            return Self.signal(&state)
        }
        if wakes { wake() }
    }

    /// Takes everything that is queued into `batch` (empty on entry); true if a stop was requested.
    func drain(into batch: inout Deque<Command>) -> Bool {
        state.withLockedValue { state in
            swap(&state.queue, &batch)
            state.signalled = false
            return state.stopRequested
        }
    }

    /// Refuses further commands and returns those never drained.
    func close() -> Deque<Command> {
        state.withLockedValue { state in
            state.closed = true
            let rest = state.queue
            state.queue = Deque()
            return rest
        }
    }

    /// Clears the descriptor; called by the thread before it drains, so that a later send signals again.
    func clearWake() {
        var count: UInt64 = 0
        _ = withUnsafeMutableBytes(of: &count) { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    }

    private static func signal(_ state: inout State) -> Bool {
        if state.signalled { return false }
        state.signalled = true
        return true
    }

    private func wake() {
        var one: UInt64 = 1
        _ = withUnsafeBytes(of: &one) { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
