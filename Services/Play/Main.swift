import ArgumentParser
import AsyncHTTPClient
import Foundation
import Logging
import Postgres
import ServiceKit
import UnixSignals

/// `counterfoil-play`: everything on this machine, with simulated storefronts and a simulated Xero.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counterfoil-play",
        abstract: "Starts every service and both simulators, plays orders through them and checks the books.",
        discussion: """
            AMQP_URL and DATABASE_URL come from the environment. Logs and state go to .local/ (or COUNTERFOIL_LOCAL).
            Exits 0 only if the books tie.

            With --attach nothing is started: services and simulators run already, in containers for example, and are
            reached at --xero, --storefront and --ingest. The services must have XERO_API_URL, XERO_IDENTITY_URL and
            XERO_MINUTE_SECONDS (--xero-minute) of that simulator; DATABASE_URL and COUNTERFOIL_KEY must be theirs.
            """)

    @Option(help: "How many orders to make up.")
    var orders = 200

    @Option(help: "How many stores they are sold in.")
    var stores = 1

    @Option(help: "The same seed plays the same orders with the same mishaps.")
    var seed: UInt64 = 1

    @Flag(help: "Stop after the verdict instead of staying up until Ctrl-C.")
    var once = false

    @Flag(help: "Go on with the database and the simulators' state of the last run.")
    var keep = false

    @Option(help: "Play the recorded WooCommerce payloads (*.json) of a folder instead.")
    var input: String?

    @Option(help: "Kill a random service each second for so many seconds, restart broker and database, make Xero fail.")
    var chaos: Int?

    @Flag(help: "Stop the broker while webhooks arrive, then the database, and see what is answered.")
    var outages = false

    @Option(help: "So many paid orders at once, at Xero's real limits.")
    var burst: Int?

    @Option(help: "So many webhooks a second for a time, and then an account of every one of them.")
    var load: Int?

    @Option(help: "How long the load lasts, in minutes.")
    var loadMinutes = 2.0

    @Option(help: "Of a hundred webhooks, how many tell of something new in an order's life.")
    var loadNews = 4

    @Option(help: "A file that gets the load's figures as JSON.")
    var loadReport: String?

    @Option(help: "Where logs and state go. Default COUNTERFOIL_LOCAL, or .local.")
    var folder: String?

    @Option(help: "How many seconds one of Xero's minutes lasts. Default 6; 60 for a burst.")
    var xeroMinute: Int?

    @Option(help: "How many seconds the books may take to tie after the last order. Default 180; 900 for a burst.")
    var deadline: Int?

    @Option(help: "Spread the changes in the stores over so many seconds.")
    var spread = 0

    @Flag(help: "Play through services and simulators that run already.")
    var attach = false

    @Option(help: "With --attach: where the simulated Xero is.")
    var xero: String?

    @Option(help: "With --attach: where the simulated storefronts are.")
    var storefront: String?

    @Option(help: "With --attach: where ingest receives webhooks.")
    var ingest: String?

    func validate() throws {
        for (name, value) in [
            ("orders", orders), ("stores", stores), ("chaos", chaos ?? 1), ("burst", burst ?? 1), ("load", load ?? 1),
        ]
        where value < 1 {
            throw ValidationError("--\(name) must be at least 1")
        }
        if [input != nil, chaos != nil, burst != nil, load != nil, outages].filter({ $0 }).count > 1 {
            throw ValidationError("--input, --chaos, --outages, --burst and --load exclude each other")
        }
        guard (0.1...1_440).contains(loadMinutes) else { throw ValidationError("--load-minutes is 0.1 to 1440") }
        guard (1...100).contains(loadNews) else { throw ValidationError("--load-news is 1 to 100") }
        if spread < 0 { throw ValidationError("--spread must be at least 0") }
        let addresses = [xero, storefront, ingest].compactMap { $0 }
        if attach, addresses.count < 3 { throw ValidationError("--attach needs --xero, --storefront and --ingest") }
        if attach, chaos != nil || outages || load != nil {
            throw ValidationError(
                "--chaos, --outages and --load watch or end processes, and with --attach none are the play's own")
        }
        if !attach, !addresses.isEmpty {
            throw ValidationError("--xero, --storefront and --ingest are given with --attach only")
        }
    }

    private var attachment: Attachment? {
        guard attach, let xero, let storefront, let ingest else { return nil }
        return Attachment(xero: xero, storefront: storefront, ingest: ingest)
    }

    private var options: PlayOptions {
        var options = PlayOptions()
        options.orders = orders
        options.stores = stores
        options.seed = seed
        options.once = once
        options.keep = keep
        options.input = input
        options.chaosSeconds = chaos
        options.outages = outages
        options.burst = burst
        options.load = load.map {
            LoadOptions(rate: $0, duration: .seconds(loadMinutes * 60), newsPercent: loadNews, report: loadReport)
        }
        options.folder = folder
        options.minuteSeconds = xeroMinute
        options.deadlineSeconds = deadline
        options.spreadSeconds = spread
        options.attachment = attachment
        return options
    }

    func run() async throws {
        let console = Console.standard()
        do {
            let ties = try await PlayRun(options: options, console: console).run()
            if !ties { throw ExitCode(1) }
        } catch let error as PlayError {
            console.line("counterfoil-play: \(error)")
            throw ExitCode(1)
        } catch let error as ConfigurationError {
            console.line("counterfoil-play: \(error)")
            throw ExitCode(1)
        } catch let error as PostgresError {
            console.line("counterfoil-play: the database at DATABASE_URL does not answer: \(error)")
            throw ExitCode(1)
        }
    }
}

/// Puts a session together, and takes everything down again whatever happens.
struct PlayRun {
    let options: PlayOptions
    let console: Console

    private enum Event: Sendable {
        case played(Result<Bool, any Error>)
        case interrupted
    }

    /// - Returns: whether the books tie.
    func run() async throws -> Bool {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let environment = ProcessInfo.processInfo.environment
        let settings = Environment(environment)
        let url = try settings.optional("DATABASE_URL")
        guard let url, try options.attachment != nil || settings.optional("AMQP_URL") != nil else {
            throw PlayError("DATABASE_URL and AMQP_URL are needed; `make run` starts servers and sets both")
        }
        let files = FileManager.default
        let folder = URL(fileURLWithPath: options.folder ?? environment["COUNTERFOIL_LOCAL"] ?? ".local").path
        let executable = try files.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let binaries = URL(fileURLWithPath: executable).deletingLastPathComponent().path
        let fleet: Fleet
        if let attachment = options.attachment {
            fleet = Fleet(folder: folder, binaries: binaries, attachedTo: attachment)
        } else {
            let key = try KeyFile.key(folder: folder, environment: environment)
            fleet = try Fleet(
                folder: folder, binaries: binaries, key: key, minuteSeconds: options.xeroMinute,
                keepsState: options.load == nil,
                // A line for each step of each order would be most of what a load writes.
                logLevel: options.load == nil ? nil : environment["LOG_LEVEL"] ?? "notice")
        }
        try fleet.prepareFolders(keep: options.keep)
        let records = ProcessRecords(path: "\(folder)/play/processes", binaries: binaries)
        let leftovers = records.endLeftovers()
        if !leftovers.isEmpty {
            console.warn("ended what an earlier play had left running: \(leftovers.joined(separator: ", "))")
        }
        let database = PostgresClient(
            configuration: try PostgresConfiguration(url: url), logger: Logger(label: "play"))
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let session = PlaySession(
            options: options, console: console, supervisor: Supervisor(console: console, records: records),
            fleet: fleet, database: database, http: http)
        let result = await run(session)
        try? await http.shutdown()
        return try result.get()
    }

    private func run(_ session: PlaySession) async -> Result<Bool, any Error> {
        await withTaskGroup(of: Event?.self) { group in
            group.addTask {
                try? await session.database.run()
                return nil
            }
            group.addTask {
                await session.supervisor.run()
                return nil
            }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return .interrupted }
                return nil
            }
            group.addTask {
                do { return .played(.success(try await session.play())) } catch { return .played(.failure(error)) }
            }
            var result: Result<Bool, any Error> = .failure(PlayError("interrupted before the verdict"))
            loop: while let event = await group.next() {
                switch event {
                case .played(let played):
                    result = played
                    guard !options.once, case .success = played else { break loop }
                    console.line("\n\(session.places)\nEverything stays up; Ctrl-C ends it.")
                case .interrupted: break loop
                case nil: continue
                }
            }
            if !session.fleet.isAttached { console.progress("Stopping…") }
            await session.supervisor.stop()
            group.cancelAll()
            await group.waitForAll()
            if !session.fleet.isAttached { console.line("Everything has been stopped.") }
            return result
        }
    }
}
