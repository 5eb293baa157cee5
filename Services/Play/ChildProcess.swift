import Foundation
import Glibc
import NIOConcurrencyHelpers

/// How a process ended.
enum ChildExit: Sendable, Hashable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    var description: String {
        switch self {
        case .code(let code): "exit code \(code)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}

/// A program to start.
struct ChildCommand: Sendable {
    /// Its name in messages and of its log file.
    var name: String
    /// The executable's full path.
    var executable: String
    /// Without the program's own name.
    var arguments: [String] = []
    /// Over the play's own environment.
    var environment: [String: String] = [:]
    /// Where standard output and error go, appended.
    var logPath: String
}

/// A running child, leader of a process group of its own, so that nothing it started stays behind.
final class ChildProcess: Sendable {
    private struct State {
        var exit: ChildExit?
        var waiters: [CheckedContinuation<ChildExit, Never>] = []
    }

    let name: String
    let pid: pid_t
    private let state = NIOLockedValueBox(State())

    private init(name: String, pid: pid_t) {
        self.name = name
        self.pid = pid
    }

    /// Starts a child. A thread waits for its end, so that no process identifier is used after it has gone to somebody else.
    static func start(_ command: ChildCommand) throws -> ChildProcess {
        let child = ChildProcess(name: command.name, pid: try spawn(command))
        let thread = Thread { child.reap() }
        thread.name = "wait-\(command.name)"
        thread.stackSize = 512 * 1024
        thread.start()
        return child
    }

    /// Waits until it has ended.
    func waitForExit() async -> ChildExit {
        await withCheckedContinuation { continuation in
            let exit = state.withLockedValue { state -> ChildExit? in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// Sends a signal to the child, or to everything in its group.
    func send(_ signal: Int32, toGroup: Bool = false) {
        state.withLockedValue { state in
            guard state.exit == nil else { return }
            _ = kill(toGroup ? -pid : pid, signal)
        }
    }

    /// Ends it: politely, and after `patience` without asking.
    func stop(patience: Duration) async {
        send(SIGTERM)
        let impatience = Task {
            try await Task.sleep(for: patience)
            send(SIGKILL, toGroup: true)
        }
        _ = await waitForExit()
        impatience.cancel()
    }

    private func reap() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        let waiters = state.withLockedValue { state -> [CheckedContinuation<ChildExit, Never>] in
            // What it started goes with it; its identifier is still its own until it is collected below.
            _ = kill(-pid, SIGKILL)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            state.exit = status & 0x7F == 0 ? .code((status >> 8) & 0xFF) : .signal(status & 0x7F)
            defer { state.waiters = [] }
            return state.waiters
        }
        let exit = state.withLockedValue { $0.exit } ?? .code(-1)
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    private static func spawn(_ command: ChildCommand) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, command.logPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        // The play ignores signals it handles by other means; a child must not inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let environment = ProcessInfo.processInfo.environment.merging(command.environment) { $1 }
        var arguments: [UnsafeMutablePointer<CChar>?] = ([command.executable] + command.arguments).map { strdup($0) }
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") }
        arguments.append(nil)
        variables.append(nil)
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, command.executable, &actions, &attributes, arguments, variables)
        guard status == 0 else {
            throw PlayError("\(command.executable) cannot be started: \(String(cString: strerror(status)))")
        }
        return pid
    }
}
