import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import Play

@Suite("Supervisor", .timeLimit(.minutes(5)))
struct SupervisorTests {
    private func withSupervisor(
        _ body: (Supervisor, _ folder: String, _ lines: NIOLockedValueBox<String>) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("play-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let lines = NIOLockedValueBox("")
        let console = Console(isTerminal: false) { text in lines.withLockedValue { $0 += text } }
        let supervisor = Supervisor(
            console: console, records: ProcessRecords(path: "\(folder)/processes", binaries: "/bin"))
        async let running: Void = supervisor.run()
        do {
            try await body(supervisor, folder, lines)
        } catch {
            await supervisor.stop()
            await running
            throw error
        }
        await supervisor.stop()
        await running
        #expect(supervisor.running.isEmpty)
    }

    private func shell(_ script: String, in folder: String) -> ChildCommand {
        ChildCommand(
            name: "sh", executable: "/bin/sh", arguments: ["-c", script], environment: ["MARK": "1"],
            logPath: "\(folder)/log")
    }

    private func lines(_ folder: String) -> [Substring] {
        let data = FileManager.default.contents(atPath: "\(folder)/log") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    private func until(_ condition: () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    @Test("a child that ends by itself is started again, with a warning; its output goes to its log")
    func restarts() async throws {
        try await withSupervisor { supervisor, folder, output in
            supervisor.start(shell("echo run $MARK; exit 3", in: folder))
            await until { supervisor.restarts["sh", default: 0] >= 2 }
            #expect(lines(folder).prefix(2) == ["run 1", "run 1"])
            #expect(output.withLockedValue { $0 }.contains("sh ended (exit code 3) and is started again"))
        }
    }

    @Test("a kill that is part of the play restarts the child without a warning")
    func killsQuietly() async throws {
        try await withSupervisor { supervisor, folder, output in
            supervisor.start(shell("echo run; exec sleep 600", in: folder))
            await until { lines(folder).count == 1 }
            #expect(supervisor.kill("sh"))
            await until { lines(folder).count == 2 }
            #expect(output.withLockedValue { $0 }.isEmpty)
            #expect(!supervisor.kill("nobody"))
        }
    }

    @Test("stopping leaves neither a child behind that ignores SIGTERM, nor what it started")
    func stopsTheStubborn() async throws {
        try await withSupervisor { supervisor, folder, _ in
            supervisor.start(shell("trap '' TERM; sleep 600 & echo $!; wait; sleep 600", in: folder))
            await until { lines(folder).count == 1 }
            let grandchild = try #require(lines(folder).first.flatMap { pid_t($0) })
            await supervisor.stop(patience: .milliseconds(50))
            // Killed with its group; what is left of it, if anything, is nobody's child any more and no longer running.
            let status = try? String(contentsOfFile: "/proc/\(grandchild)/stat", encoding: .utf8)
            #expect(status == nil || status?.contains(") Z ") == true || status?.contains(") X ") == true)
        }
    }

    @Test("waiting grows while a child does not live long, and starts anew after a long life")
    func policy() {
        var policy = RestartPolicy()
        let delays = (0..<8).map { _ in policy.ended(after: .seconds(1)) }
        #expect(delays[0] == .milliseconds(100))
        #expect(delays[3] == .milliseconds(800))
        #expect(delays[7] == .seconds(5))
        _ = policy.ended(after: .seconds(60))
        #expect(policy.ended(after: .seconds(1)) == .milliseconds(100))
        #expect(policy.restarts == 10)
    }

    @Test("what an earlier play left running is ended only if it runs from our folder")
    func leftovers() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("play-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let child = try ChildProcess.start(shell("exec sleep 600", in: folder))
        let strangers = ProcessRecords(path: "\(folder)/processes", binaries: folder)
        strangers.write([(pid: child.pid, name: "sleep")])
        #expect(strangers.endLeftovers().isEmpty)
        child.send(9)
        #expect(await child.waitForExit() == .signal(9))
    }

    @Test("free ports differ")
    func ports() throws {
        #expect(Set(try PortAllocator.free(20)).count == 20)
    }
}
