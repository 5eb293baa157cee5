import Foundation

/// Everything the play starts or attaches to: which programs, where they listen, and with what environment.
struct Fleet: Sendable {
    /// A program and how to see that it is ready.
    struct Member: Sendable {
        let name: String
        /// How it is started; nil if somebody else runs it.
        let command: ChildCommand?
        let readinessBase: String
        let readinessPath: String
        /// One of ours, to be killed at will; a simulator is not.
        let isService: Bool
    }

    static let services = ["ingest", "storefront-sync", "transformer", "xero-writer", "reconciler", "dead-letter"]

    /// Where logs and state go.
    let folder: String
    /// Where the executables are.
    let binaries: String
    let xeroURL: String
    let storefrontURL: String
    let ingestURL: String
    let members: [Member]
    /// Over the play's own environment.
    let environment: [String: String]
    /// Whether services and simulators are somebody else's.
    let isAttached: Bool

    /// Chooses ports and puts the commands together.
    /// - Parameters:
    ///   - folder: `.local`; logs go to `log/` below it, state to `play/`.
    ///   - binaries: the folder of the executables.
    ///   - key: COUNTERFOIL_KEY.
    ///   - minuteSeconds: how long one of Xero's minutes lasts.
    ///   - keepsState: whether the simulators write down what they hold, to survive their own restart.
    ///   - logLevel: LOG_LEVEL of the services; nil for the environment's, or theirs.
    init(
        folder: String, binaries: String, key: String, minuteSeconds: Int, keepsState: Bool = true,
        logLevel: String? = nil
    ) throws {
        let ports = try PortAllocator.free(3 + Self.services.count)
        func address(_ index: Int) -> String { "127.0.0.1:\(ports[index])" }
        self.folder = folder
        self.binaries = binaries
        isAttached = false
        xeroURL = "http://\(address(0))"
        storefrontURL = "http://\(address(1))"
        ingestURL = "http://\(address(2))"
        var environment = [
            "COUNTERFOIL_KEY": key, "XERO_API_URL": xeroURL, "XERO_IDENTITY_URL": xeroURL, "XERO_LOGIN_URL": xeroURL,
            "XERO_MINUTE_SECONDS": String(minuteSeconds), "XERO_DAY_SECONDS": String(minuteSeconds * 1_440),
            "LOG_FORMAT": "text",
        ]
        environment["LOG_LEVEL"] = logLevel
        let common = environment
        self.environment = common
        func command(_ name: String, _ arguments: [String] = [], _ extra: [String: String] = [:]) -> ChildCommand {
            ChildCommand(
                name: name, executable: "\(binaries)/\(name)", arguments: arguments,
                environment: common.merging(extra) { $1 }, logPath: "\(folder)/log/\(name).log")
        }
        func state(_ name: String) -> [String] { keepsState ? ["--state", "\(folder)/play/\(name).state"] : [] }
        var members = [
            Member(
                name: "xero-simulator",
                command: command("xero-simulator", ["--bind", address(0)] + state("xero-simulator")),
                readinessBase: xeroURL, readinessPath: "/_control/settings", isService: false),
            Member(
                name: "storefront-simulator",
                command: command("storefront-simulator", ["--bind", address(1)] + state("storefront-simulator")),
                readinessBase: storefrontURL, readinessPath: "/readyz", isService: false),
        ]
        for (index, name) in Self.services.enumerated() {
            let health = address(3 + index)
            let extra = ["HEALTH_BIND": health, "HTTP_BIND": name == "ingest" ? address(2) : "127.0.0.1:0"]
            members.append(
                Member(
                    name: name, command: command(name, [], extra), readinessBase: "http://\(health)",
                    readinessPath: "/readyz", isService: true))
        }
        self.members = members
    }

    /// What somebody else runs. Of it, only the simulators have to be waited for: who starts the services sees to them.
    /// - Parameters:
    ///   - folder: the logs of `counterfoil` go to `log/` below it.
    ///   - binaries: the folder of the executables.
    ///   - attachment: where everything is.
    init(folder: String, binaries: String, attachedTo attachment: Attachment) {
        self.folder = folder
        self.binaries = binaries
        isAttached = true
        xeroURL = attachment.xeroURL
        storefrontURL = attachment.storefrontURL
        ingestURL = attachment.ingestURL
        environment = [:]
        members = [
            Member(
                name: "xero-simulator", command: nil, readinessBase: attachment.xeroURL,
                readinessPath: "/_control/settings", isService: false),
            Member(
                name: "storefront-simulator", command: nil, readinessBase: attachment.storefrontURL,
                readinessPath: "/readyz", isService: false),
        ]
    }

    /// The stand-ins.
    var simulators: [Member] { members.filter { !$0.isService } }

    /// Our services.
    var services: [Member] { members.filter(\.isService) }

    /// Makes the folders; without `keep` the simulators' state of the last run goes.
    func prepareFolders(keep: Bool) throws {
        let files = FileManager.default
        for name in ["log", "play"] {
            try files.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        for member in members {
            let name = member.name
            try? files.removeItem(atPath: "\(folder)/log/\(name).log")
            if !keep, !member.isService {
                for file in (try? files.contentsOfDirectory(atPath: "\(folder)/play")) ?? []
                where file.hasPrefix("\(name).state") {
                    try? files.removeItem(atPath: "\(folder)/play/\(file)")
                }
            }
        }
    }

    /// Runs `counterfoil` to its end.
    /// - Throws: `PlayError` with the end of its log if it fails.
    func counterfoil(_ arguments: [String], environment extra: [String: String] = [:]) async throws {
        let log = "\(folder)/log/counterfoil-\(arguments.first ?? "")-play.log"
        try? FileManager.default.removeItem(atPath: log)
        let child = try ChildProcess.start(
            ChildCommand(
                name: "counterfoil", executable: "\(binaries)/counterfoil", arguments: arguments,
                environment: environment.merging(extra) { $1 }, logPath: log))
        let exit = await withTaskCancellationHandler {
            await child.waitForExit()
        } onCancel: {
            child.send(15)
        }
        guard exit == .code(0) else {
            throw PlayError("counterfoil \(arguments.joined(separator: " ")) failed (\(exit)):\n\(Self.tail(of: log))")
        }
    }

    /// The last lines of a log.
    static func tail(of path: String, lines: Int = 20) -> String {
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
            return "  (\(path) is empty)"
        }
        let text = String(decoding: data.suffix(16_384), as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).map { "  " + $0 }.joined(separator: "\n")
    }
}
