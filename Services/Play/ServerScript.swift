import Foundation

/// `deploy/local/servers`: the private RabbitMQ and PostgreSQL, by name.
struct ServerScript: Sendable {
    let path: String
    let logFolder: String

    /// Has one of them stopped, started or restarted; returns when that is done.
    /// - Throws: `PlayError` with the end of what the script printed.
    func run(_ action: String, _ server: String) async throws {
        let log = "\(logFolder)/servers-\(server).log"
        let child = try ChildProcess.start(
            ChildCommand(name: "servers", executable: "/bin/bash", arguments: [path, action, server], logPath: log))
        let exit = await child.waitForExit()
        guard exit == .code(0) else {
            throw PlayError("\(path) \(action) \(server) failed (\(exit)):\n\(Fleet.tail(of: log))")
        }
    }

    /// How many messages each of the broker's queues holds, delivered ones included.
    func queues() async -> [String: Int] {
        let log = "\(logFolder)/servers-queues.log"
        try? FileManager.default.removeItem(atPath: log)
        let command = ChildCommand(name: "servers", executable: "/bin/bash", arguments: [path, "queues"], logPath: log)
        guard let child = try? ChildProcess.start(command), await child.waitForExit() == .code(0) else { return [:] }
        let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var depths: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "\t")
            if words.count == 2, let depth = Int(words[1]) { depths[String(words[0])] = depth }
        }
        return depths
    }
}
