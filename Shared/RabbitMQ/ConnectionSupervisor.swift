import IOThread
import Logging
import ServiceLifecycle

/// Runs the thread of a connection from start to end, and ends calls into the C library that hang.
///
/// librabbitmq 0.11 can wait without limit inside a publish (its issue 780), and a peer that takes no data makes any
/// write wait. The thread then stops coming back to `poll`; shutting its socket down is what wakes it.
enum ConnectionSupervisor {
    static func run<Work>(_ thread: IOThread<AMQPCommand<Work>>, _ parts: ConnectionParts) async throws {
        thread.send(.start)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await thread.waitUntilEnded() }
                    group.addTask { await watch(thread, parts) }
                    await group.next()
                    group.cancelAll()
                }
            } onGracefulShutdown: {
                parts.status.draining()
                thread.send(.finish)
            }
        } onCancel: {
            thread.stop()
            parts.shared.shutDown()
        }
        if let failure = parts.status.failure { throw failure }
    }

    /// Looks every second whether the thread is stuck, until cancelled.
    private static func watch<Work>(_ thread: IOThread<AMQPCommand<Work>>, _ parts: ConnectionParts) async {
        let configuration = parts.configuration
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let limit =
                parts.status.isDraining ? configuration.drainTimeout : .seconds(3 * configuration.heartbeatSeconds)
            guard let busy = thread.busyFor, busy > limit else { continue }
            if parts.shared.shutDown() {
                parts.logger.warning(
                    "a call to the broker hangs, ending its connection", metadata: [LogKey.busy: "\(busy)"])
            }
        }
    }
}
