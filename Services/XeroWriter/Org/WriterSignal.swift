import NIOConcurrencyHelpers

/// Lets the loop of one organisation be woken before its time. A wake while nobody waits is kept for the next wait.
final class WriterSignal: Sendable {
    private struct Box {
        var isWoken = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let box = NIOLockedValueBox(Box())

    /// Ends the present wait, or the next one at once.
    func wake() {
        let waiting = box.withLockedValue { box -> CheckedContinuation<Void, Never>? in
            defer { box.waiting = nil }
            box.isWoken = box.waiting == nil
            return box.waiting
        }
        waiting?.resume()
    }

    /// Waits until woken, for so many seconds, or until the task is cancelled. One task at a time may wait.
    func wait(seconds: Double, isIdle: Bool, time: WriterTime) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.woken() }
            group.addTask { try? await time.wait(.nanoseconds(Int64(min(seconds, 3600) * 1e9)), isIdle) }
            await group.next()
            group.cancelAll()
        }
    }

    private func woken() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = box.withLockedValue { box in
                    if box.isWoken || Task.isCancelled {
                        box.isWoken = false
                        return true
                    }
                    box.waiting = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiting = box.withLockedValue { box -> CheckedContinuation<Void, Never>? in
                defer { box.waiting = nil }
                return box.waiting
            }
            waiting?.resume()
        }
    }
}
