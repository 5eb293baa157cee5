import NIOConcurrencyHelpers

/// Keeps children running as a container's restart policy does, and ends them all.
final class Supervisor: Sendable {
    private struct State {
        var isStopping = false
        var running: [String: ChildProcess] = [:]
        var restarts: [String: Int] = [:]
        /// Ends that are part of the play, so that nobody is warned.
        var expectedEnds: Set<String> = []
    }

    private let state = NIOLockedValueBox(State())
    private let console: Console
    private let records: ProcessRecords
    private let commands: AsyncStream<ChildCommand>
    private let continuation: AsyncStream<ChildCommand>.Continuation

    init(console: Console, records: ProcessRecords) {
        self.console = console
        self.records = records
        (commands, continuation) = AsyncStream.makeStream(of: ChildCommand.self)
    }

    /// Starts what ``start(_:)`` asks for and starts it again when it ends, until ``stop()``.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await command in commands {
                group.addTask { await self.keepRunning(command) }
            }
        }
    }

    /// Has a child started and kept running.
    func start(_ command: ChildCommand) {
        continuation.yield(command)
    }

    /// Kills a running child outright; it is started again.
    /// - Returns: false if it is not running at the moment.
    func kill(_ name: String) -> Bool {
        let child = state.withLockedValue { state -> ChildProcess? in
            if state.running[name] != nil { state.expectedEnds.insert(name) }
            return state.running[name]
        }
        child?.send(9, toGroup: true)
        return child != nil
    }

    /// How often each child has been started again.
    var restarts: [String: Int] { state.withLockedValue { $0.restarts } }

    /// The names of the children that run now.
    var running: [String] { state.withLockedValue { $0.running.keys.sorted() } }

    /// The process of each child that runs now, by name.
    var processes: [String: Int32] { state.withLockedValue { $0.running.mapValues(\.pid) } }

    /// Ends all children, politely at first; returns when none is left.
    func stop(patience: Duration = .seconds(20)) async {
        let children = state.withLockedValue { state -> [ChildProcess] in
            state.isStopping = true
            return Array(state.running.values)
        }
        continuation.finish()
        await withDiscardingTaskGroup { group in
            for child in children { group.addTask { await child.stop(patience: patience) } }
        }
    }

    private var isStopping: Bool { state.withLockedValue { $0.isStopping } }

    private func keepRunning(_ command: ChildCommand) async {
        var policy = RestartPolicy()
        while !isStopping {
            let started = ContinuousClock.now
            let ending: String
            do {
                ending = try await runOnce(command)
            } catch {
                ending = String(describing: error)
            }
            guard !isStopping else { return }
            let wasExpected = state.withLockedValue { state -> Bool in
                state.restarts[command.name, default: 0] += 1
                return state.expectedEnds.remove(command.name) != nil
            }
            if !wasExpected {
                console.warn("\(command.name) ended (\(ending)) and is started again; its log is \(command.logPath)")
            }
            let delay = policy.ended(after: ContinuousClock.now - started)
            do { try await Task.sleep(for: delay) } catch { return }
        }
    }

    private func runOnce(_ command: ChildCommand) async throws -> String {
        let child = try ChildProcess.start(command)
        let isTooLate = state.withLockedValue { state -> Bool in
            state.running[command.name] = child
            records.write(state.running.values.map { (pid: $0.pid, name: $0.name) })
            return state.isStopping
        }
        if isTooLate { await child.stop(patience: .seconds(2)) }
        let ending = await child.waitForExit()
        state.withLockedValue { state in
            state.running[command.name] = nil
            records.write(state.running.values.map { (pid: $0.pid, name: $0.name) })
        }
        return ending.description
    }
}
