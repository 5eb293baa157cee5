import Mapping
import NIOConcurrencyHelpers
import Xero

@testable import XeroWriter

/// Stops a call on its way, before Xero sees it or after Xero has answered. With `isKill` the writer that made it is stopped
/// altogether, as `kill -9` would: its calls and its waits never come back, and nothing is cleaned up.
final class CallGate: Sendable {
    /// Where the call is stopped.
    enum Place: Sendable { case before, after }

    private struct State {
        var isUsed = false
        var isOpen = false
        var isReached = false
        var isGivenUp = false
        var waiters: [CheckedContinuation<Bool, Never>] = []
        var stopped: [CheckedContinuation<Void, Never>] = []
    }

    private let place: Place
    private let isKill: Bool
    private let isMatch: @Sendable (XeroRequest) -> Bool
    private let state = NIOLockedValueBox(State())

    /// A gate.
    /// - Parameters:
    ///   - place: where the call is stopped.
    ///   - isKill: whether everything of the writer stops with it.
    ///   - isMatch: whether it is this call.
    init(_ place: Place, isKill: Bool, _ isMatch: @escaping @Sendable (XeroRequest) -> Bool) {
        self.place = place
        self.isKill = isKill
        self.isMatch = isMatch
    }

    /// Whether the call has been stopped.
    var isReached: Bool { state.withLockedValue { $0.isReached } }

    private var isDead: Bool { isKill && isReached }

    /// The same transport with this gate on it.
    func guarding(_ transport: XeroTransport) -> XeroTransport {
        XeroTransport(
            api: { request in
                let isFirst = self.isFirst(request)
                if self.isDead || isFirst && self.place == .before {
                    await self.stop()
                    throw XeroTransportError(.noAnswer, "never sent")
                }
                let response = try await transport.api(request)
                if self.isDead || isFirst { await self.stop() }
                if self.isKill && (self.isDead || isFirst) { throw XeroTransportError(.noAnswer, "never heard") }
                return response
            }, identity: transport.identity)
    }

    /// The same clocks with this gate on them.
    func guarding(_ time: WriterTime) -> WriterTime {
        var time = time
        let wait = time.wait
        time.wait = { duration, isIdle in
            if !self.isDead { try await wait(duration, isIdle) }
            if self.isDead {
                await self.stop()
                throw CancellationError()
            }
        }
        return time
    }

    private func isFirst(_ request: XeroRequest) -> Bool {
        guard isMatch(request) else { return false }
        return state.withLockedValue { state in
            defer { state.isUsed = true }
            return !state.isUsed
        }
    }

    private func stop() async {
        await withCheckedContinuation { continuation in
            let (waiters, isOpen) = state.withLockedValue { state in
                state.isReached = true
                if !state.isOpen { state.stopped.append(continuation) }
                defer { state.waiters = [] }
                return (state.waiters, state.isOpen)
            }
            for waiter in waiters { waiter.resume(returning: true) }
            if isOpen { continuation.resume() }
        }
    }

    /// Waits until a call stands at the gate.
    /// - Returns: false if none ever will.
    func reached() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLockedValue { state -> Bool? in
                if state.isReached { return true }
                if state.isGivenUp { return false }
                state.waiters.append(continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// No call will come any more.
    func giveUp() {
        let waiters = state.withLockedValue { state in
            state.isGivenUp = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: false) }
    }

    /// Lets what was stopped go on; what was killed learns that nothing came.
    func open() {
        let stopped = state.withLockedValue { state in
            state.isOpen = true
            defer { state.stopped = [] }
            return state.stopped
        }
        for continuation in stopped { continuation.resume() }
    }
}
