import NIOConcurrencyHelpers

/// Lets one waiting loop be woken before its time. A wake that comes while nobody waits is kept for the next wait; several
/// become one.
final class WakeSignal: Sendable {
    private enum State {
        case idle
        case woken
        case waiting(number: UInt64, CheckedContinuation<Void, Never>)
    }

    private struct Box {
        var state = State.idle
        var waits: UInt64 = 0
    }

    private let box = NIOLockedValueBox(Box())

    /// Ends the present wait, or the next one at once.
    func wake() {
        let continuation = box.withLockedValue { box -> CheckedContinuation<Void, Never>? in
            if case .waiting(_, let continuation) = box.state {
                box.state = .idle
                return continuation
            }
            box.state = .woken
            return nil
        }
        continuation?.resume()
    }

    /// Waits until woken, until `duration` has passed, or until the task is cancelled.
    ///
    /// - Important: One task at a time may wait.
    func wait(for duration: Duration, clock: any Clock<Duration>) async {
        if takePending() { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await clock.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
    }

    private func takePending() -> Bool {
        box.withLockedValue { box in
            guard case .woken = box.state else { return false }
            box.state = .idle
            return true
        }
    }

    private func wait() async {
        let number = box.withLockedValue { box in
            box.waits += 1
            return box.waits
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumeNow = box.withLockedValue { box -> Bool in
                    if Task.isCancelled { return true }
                    if case .woken = box.state {
                        box.state = .idle
                        return true
                    }
                    if case .waiting = box.state {
                        preconditionFailure("two tasks wait for one wake signal")
                    }
                    box.state = .waiting(number: number, continuation)
                    return false
                }
                if resumeNow { continuation.resume() }
            }
        } onCancel: {
            let continuation = box.withLockedValue { box -> CheckedContinuation<Void, Never>? in
                guard case .waiting(number, let continuation) = box.state else { return nil }
                box.state = .idle
                return continuation
            }
            continuation?.resume()
        }
    }
}
