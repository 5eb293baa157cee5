import ServiceLifecycle
import SimulatedXero

/// Carries out calls whose caller no longer waits: what Xero commits after a time-out.
struct DelayedCommits: Service {
    private let xero: SimulatedXero
    private let calls: AsyncStream<SimulatedCall>
    private let continuation: AsyncStream<SimulatedCall>.Continuation

    init(xero: SimulatedXero) {
        self.xero = xero
        (calls, continuation) = AsyncStream.makeStream()
    }

    /// Has a call carried out after its delay.
    func add(_ call: SimulatedCall) { continuation.yield(call) }

    func run() async throws {
        await withDiscardingTaskGroup { group in
            for await call in calls.cancelOnGracefulShutdown() {
                group.addTask {
                    try? await cancelWhenGracefulShutdown {
                        try await Task.sleep(for: .microseconds(call.delayMicroseconds))
                    }
                    _ = xero.perform(call)
                }
            }
        }
    }
}
