import Foundation
import Logging
import ServiceLifecycle
import SimulatedXero

/// Keeps what changed the books in a file, so that they survive the simulator's own restart.
struct JournalFile: Service {
    let path: String
    let xero: SimulatedXero
    let logger: Logger

    /// Does again what the file says, if there is one; a last line that was cut short is dropped.
    func load() throws {
        if let data = FileManager.default.contents(atPath: path) {
            let bytes = [UInt8](data)
            let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) where !xero.restore(line: line) {
                logger.warning("a line of the state file cannot be read", metadata: ["path": "\(path)"])
            }
            if end < bytes.count { try data.prefix(end).write(to: URL(fileURLWithPath: path), options: .atomic) }
        } else if !FileManager.default.createFile(atPath: path, contents: nil) {
            throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path])
        }
        xero.startJournal()
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .milliseconds(250))
                save()
            }
        }
        save()
    }

    /// Writes what has not been written yet.
    func save() {
        let (startsOver, lines) = xero.takeJournal()
        if lines.isEmpty && !startsOver { return }
        do {
            if startsOver {
                try Data(lines).write(to: URL(fileURLWithPath: path), options: .atomic)
                return
            }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            defer { try? file.close() }
            try file.seekToEnd()
            try file.write(contentsOf: Data(lines))
        } catch {
            logger.error("state not written", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }
}
