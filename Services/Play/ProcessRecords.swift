import Foundation
import Glibc

/// Which processes a play has started, on disk: should the play itself be killed, the next one ends what it left behind.
struct ProcessRecords: Sendable {
    let path: String
    /// The folder of our executables: only what runs from there is ever ended.
    let binaries: String

    /// Replaces the record.
    func write(_ processes: [(pid: pid_t, name: String)]) {
        let text = processes.map { "\($0.pid) \($0.name)\n" }.joined()
        try? Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Ends what an earlier play left behind.
    /// - Returns: the names of what was ended.
    func endLeftovers() -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        var ended: [String] = []
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let pid = pid_t(words[0]), pid > 1 else { continue }
            let name = String(words[1])
            let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
            guard executable == "\(binaries)/\(name)" || executable == "\(binaries)/\(name) (deleted)" else { continue }
            if kill(-pid, SIGKILL) == 0 { ended.append(name) }
        }
        write([])
        return ended
    }
}
