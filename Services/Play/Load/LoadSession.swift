import Accounting
import AsyncHTTPClient
import Foundation
import JSON
import NIOConcurrencyHelpers
import SimulatedWooCommerce

/// A steady load through every service, and the account of it afterwards.
struct LoadSession: Sendable {
    /// How long the services are left alone before their memory at rest is taken.
    private static let rest = Duration.seconds(5)

    let play: PlaySession
    let options: LoadOptions

    /// - Returns: whether every delivery is accounted for, the books tie, memory was flat and queues bounded.
    func run() async throws -> Bool {
        let stores = (1...options.orgs).map { number in
            PlayStore(id: "shop-\(number)", prefix: "L\(number)-", org: "org-\(number)")
        }
        try await play.startSimulators()
        try await play.prepare(
            PlaySession.Script(stores: stores, sendsWebhooks: false, sweepSeconds: 60, rereadSeconds: [10, 300]))
        let monitor = LoadMonitor(
            supervisor: play.supervisor, database: play.database,
            servers: ServerScript(path: play.options.serversScript, logFolder: "\(play.fleet.folder)/log"))
        try await Task.sleep(for: Self.rest)
        let atRest = await monitor.look(seconds: 0)
        let log = DeliveryLog()
        let script = try await perform(stores, monitor, log)
        let atEnd = await monitor.look(seconds: 0)
        play.console.progress("The load is over; waiting for everything to arrive…")
        let left = try await waitForBacklog(monitor)
        let settlement = Settlement(
            orders: script.orders, earlier: EarlierOrders(), sales: play.sales, xero: play.xero,
            storefront: play.storefront, console: play.console)
        let books = try await settlement.wait(deadline: play.options.deadline)
        let snapshot = log.snapshot
        let report = LoadReport(
            options: options, log: snapshot, accounts: try await LoadAccounts(snapshot, database: play.database),
            toFirstCall: try await LoadAccounts.millisecondsToFirstCall(of: script.postedAtOnce, play.database),
            atRest: atRest, atEnd: atEnd,
            samples: monitor.samples.withLockedValue { $0 }, left: left, books: books,
            restarts: play.supervisor.restarts)
        play.console.line(report.text)
        if let path = options.report {
            try Data(report.json.encoded()).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        return report.isGood
    }

    private func perform(
        _ stores: [PlayStore], _ monitor: LoadMonitor, _ log: DeliveryLog
    ) async throws -> LoadScript {
        var settings = HTTPClient.Configuration()
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        let generator = LoadGenerator(
            options: options, ingestURL: play.fleet.ingestURL, storefront: play.storefront, http: http, log: log,
            console: play.console)
        let seed = play.options.seed
        let script = LoadScript(stores: stores, options: options, seed: seed) { index in
            OrderGenerator(seed: seed &+ UInt64(index) &* 1_000, latest: Instant.now())
        }
        let watching = Task { await monitor.run() }
        let result: Result<LoadScript, any Error>
        do { result = .success(try await generator.run(script)) } catch { result = .failure(error) }
        watching.cancel()
        await watching.value
        try? await http.shutdown()
        return try result.get()
    }

    /// Waits until nothing waits in the database.
    /// - Returns: what is left at the deadline; 0 as a rule.
    private func waitForBacklog(_ monitor: LoadMonitor) async throws -> Int {
        let start = ContinuousClock.now
        var left = await monitor.backlog()
        while left != 0, ContinuousClock.now - start < play.options.deadline {
            play.console.progress("\(left.map(String.init) ?? "?") still under way")
            try await Task.sleep(for: .seconds(1))
            left = await monitor.backlog()
        }
        return left ?? -1
    }
}
