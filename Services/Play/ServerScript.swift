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
}
