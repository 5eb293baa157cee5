import Accounting
import AsyncHTTPClient
import Foundation
import JSON
import Logging
import NIOHTTP1
import Postgres
import SimulatedWooCommerce

/// One play from the first process to the verdict. The children belong to the supervisor, which the caller stops.
struct PlaySession: Sendable {
    let options: PlayOptions
    let console: Console
    let supervisor: Supervisor
    let fleet: Fleet
    let database: PostgresClient
    let http: HTTPClient

    var xero: ControlClient { ControlClient(client: http, base: fleet.xeroURL) }
    var storefront: ControlClient { ControlClient(client: http, base: fleet.storefrontURL) }
    var sales: SalesReader { SalesReader(database: database) }

    /// Plays, and prints what came of it.
    /// - Returns: whether everything ties, and a burst kept the limits.
    func play() async throws -> Bool {
        if let load = options.load { return try await LoadSession(play: self, options: load).run() }
        try await startSimulators()
        let script = try await makeScript()
        try await prepare(script)
        let settlement = Settlement(
            orders: script.orders, earlier: script.earlier, sales: sales, xero: xero, storefront: storefront,
            console: console)
        try await perform(script)
        console.progress("All orders are in their stores; waiting for the books…")
        let report = try await settlement.wait(deadline: options.deadline)
        let isFrugal = try await show(report, script: script)
        // For whoever wants to see what was sent, beside the logs.
        let requests = try await xero.send(.GET, "/_control/requests")
        try Data(requests.encoded()).write(to: URL(fileURLWithPath: "\(fleet.folder)/play/xero-requests.json"))
        return report.audit.ties && isFrugal
    }

    /// Where to look while everything stays up.
    var places: String {
        """
        Xero's books:    \(fleet.xeroURL)/_control
        Storefronts:     \(fleet.storefrontURL)/_control
        Webhooks go to:  \(fleet.ingestURL)/webhooks/{store}
        Logs:            \(fleet.isAttached ? "where the services run" : "\(fleet.folder)/log/")
        """
    }

    // MARK: What is played

    /// The stores, the orders and the saves that make them.
    struct Script: Sendable {
        var stores: [PlayStore] = []
        var orders: [PlayedOrder] = []
        var cues: [Conductor.Cue] = []
        var folder: InputFolder?
        var earlier = EarlierOrders()
        /// Whether the simulated stores send their own webhooks.
        var sendsWebhooks = true
        /// How often stores are swept, and when a hinted order is read again, in seconds.
        var sweepSeconds = 5
        var rereadSeconds = [2, 10]
    }

    private func makeScript() async throws -> Script {
        if let path = options.input {
            let folder = try InputFolder(path: path)
            let stores = folder.recordings.map(\.store)
            return Script(
                stores: stores, orders: folder.orders, cues: [], folder: folder,
                earlier: try await earlierOrders())
        }
        var random = SeededGenerator(seed: options.seed &+ 1)
        let stores = (1...max(options.stores, 1)).map { index in
            PlayStore.generated(index)
        }
        let earlier = try await earlierOrders()
        let count = options.burst ?? options.orders
        var stories: [(store: PlayStore, story: OrderStory)] = []
        for (index, store) in stores.enumerated() {
            var generator = OrderGenerator(
                seed: options.seed &+ UInt64(index) &* 1_000, latest: Instant.now(),
                firstID: earlier.firstID(in: store), onlyPaid: options.burst != nil)
            let share = count / stores.count + (index < count % stores.count ? 1 : 0)
            stories += generator.stories(share).map { (store: store, story: $0) }
        }
        return Script(
            stores: stores, orders: stories.map { PlayedOrder(store: $0.store, expected: $0.story.expected) },
            cues: Conductor.cues(stories, window: 25, &random), earlier: earlier)
    }

    /// What the simulators kept of earlier plays with generated orders.
    private func earlierOrders() async throws -> EarlierOrders {
        var earlier = EarlierOrders()
        guard options.keep else { return earlier }
        let known = Set(
            (try await storefront.send(.GET, "/_control/stores").array ?? []).compactMap { $0["id"]?.string })
        for store in (1...max(known.count, 1)).map(PlayStore.generated) where known.contains(store.id) {
            earlier.add(try await storefront.send(.GET, path(store) + "/orders"), in: store)
        }
        return earlier
    }

    // MARK: Getting ready

    /// Starts both simulators, after a look at whether the database is as empty as it should be.
    func startSimulators() async throws {
        if !options.keep, try await sales.count() > 0 {
            throw PlayError(
                "the database already holds orders. Start from an empty one (deploy/local/servers down, wipe, up; "
                    + "in containers, down with its volumes), or give --keep to go on with it.")
        }
        console.progress(fleet.isAttached ? "Waiting for the simulators…" : "Starting the simulators…")
        try await start(fleet.simulators)
    }

    /// Starts the services, with the script's stores; the simulators run already.
    func prepare(_ script: Script) async throws {
        try await prepareSimulators(script)
        console.progress("Migrating the database and applying the example configuration…")
        try await fleet.counterfoil(["migrate"])
        let configuration = ExampleConfiguration(
            stores: script.stores, storefrontURL: fleet.storefrontURL, dailyCalls: options.dailyCalls,
            sweepSeconds: script.sweepSeconds, rereadSeconds: script.rereadSeconds)
        let path = "\(fleet.folder)/play/configuration.yaml"
        try Data(configuration.yaml.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        try await fleet.counterfoil(["apply", "-f", path], environment: configuration.environment)
        if !fleet.isAttached { console.progress("Starting the services…") }
        try await start(fleet.services)
        guard script.sendsWebhooks else { return }
        for store in script.stores { try await register(store) }
    }

    private func start(_ members: [Fleet.Member]) async throws {
        for case let command? in members.map(\.command) { supervisor.start(command) }
        for member in members {
            let control = ControlClient(client: http, base: member.readinessBase)
            let start = ContinuousClock.now
            while await !control.isReady(member.readinessPath) {
                guard ContinuousClock.now - start < .seconds(60) else {
                    throw PlayError(
                        "\(member.name) is not ready after a minute."
                            + (member.command.map { " The end of its log:\n" + Fleet.tail(of: $0.logPath) }
                                ?? " It is looked for at \(member.readinessBase)."))
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func prepareSimulators(_ script: Script) async throws {
        let currencies = ["AUD", "NZD", "GBP", "USD", "EUR"] + (script.folder?.currencies ?? [])
        for org in Set(script.stores.map(\.org)).sorted() {
            try await xero.send(
                .PUT, "/_control/orgs/\(org)",
                [
                    "country": "AU", "currency": "AUD", "time_zone": "Australia/Sydney",
                    "currencies": .array(Set(currencies).subtracting(["AUD"]).sorted().map { .string($0) }),
                    "tax_rates": .array(
                        ExampleConfiguration.taxRates.map {
                            ["type": .string($0.0), "name": .string($0.1), "percent": .string($0.2)]
                        }),
                ])
        }
        try await xero.send(
            .PUT, "/_control/settings",
            [
                "minute_seconds": .number(JSONNumber(options.xeroMinute)),
                "day_seconds": .number(JSONNumber(options.xeroMinute * 1_440)),
                "day_limit": .number(JSONNumber(options.dailyCalls)),
            ])
        for store in script.stores { try await storefront.send(.PUT, path(store), settings(store, webhook: false)) }
    }

    private func path(_ store: PlayStore) -> String { "/_control/stores/\(store.id)" }

    private func settings(_ store: PlayStore, webhook: Bool) -> JSONValue {
        [
            "consumer_key": .string(store.consumerKey), "consumer_secret": .string(store.consumerSecret),
            "secret": .string(store.webhookSecret), "utc_offset_seconds": 36_000, "disable_after_failures": .null,
            "webhook_url": webhook ? .string("\(fleet.ingestURL)/webhooks/\(store.id)") : .null,
        ]
    }

    /// Saves the store's webhook, which pings us as WooCommerce does; it wants exactly 200. Services that ran before the
    /// configuration was applied read it within seconds.
    private func register(_ store: PlayStore) async throws {
        let start = ContinuousClock.now
        while true {
            let answer = try await storefront.send(.PUT, path(store), settings(store, webhook: true))
            if options.keep, answer["ping_status"] == nil { return }
            if answer["ping_status"]?.int == 200 { return }
            guard ContinuousClock.now - start < .seconds(30) else {
                throw PlayError("ingest answered the webhook's ping with \(answer["ping_status"]?.text ?? "nothing")")
            }
            try await Task.sleep(for: .milliseconds(500))
            // Saved anew, it pings anew.
            try await storefront.send(.PUT, path(store), settings(store, webhook: false))
        }
    }

    // MARK: Playing

    private func perform(_ script: Script) async throws {
        if let folder = script.folder { return try await perform(folder) }
        let conductor = Conductor(storefront: storefront)
        if options.burst != nil {
            for store in script.stores {
                try await conductor.play(script.cues.filter { $0.store == store }, store: store)
            }
            return
        }
        if options.outages { return try await performWithOutages(script, conductor) }
        guard let seconds = options.chaosSeconds else {
            let pause = Duration.seconds(options.spreadSeconds) / max(script.cues.count, 1)
            return try await perform(script.cues, with: conductor, every: pause)
        }
        try await performWithChaos(script, conductor, seconds: seconds)
    }

    private func perform(_ cues: [Conductor.Cue], with conductor: Conductor, every pause: Duration) async throws {
        let start = ContinuousClock.now
        for (index, cue) in cues.enumerated() {
            if pause > .zero { try await Task.sleep(until: start + pause * index, clock: .continuous) }
            try await conductor.play(cue)
            console.progress("Playing: \(index + 1) of \(cues.count) changes made in the stores")
        }
    }

    private var servers: ServerScript {
        ServerScript(path: options.serversScript, logFolder: "\(fleet.folder)/log")
    }

    private func performWithOutages(_ script: Script, _ conductor: Conductor) async throws {
        guard let store = script.stores.first else { return }
        let outages = Outages(
            servers: servers, http: http, ingestURL: fleet.ingestURL, store: store, console: console)
        let half = script.cues.count / 2
        try await outages.withoutBroker {
            try await perform(Array(script.cues[..<half]), with: conductor, every: .zero)
        }
        try await outages.withoutDatabase()
        try await perform(Array(script.cues[half...]), with: conductor, every: .zero)
    }

    private func performWithChaos(_ script: Script, _ conductor: Conductor, seconds: Int) async throws {
        let chaos = Chaos(
            seconds: seconds, seed: options.seed, supervisor: supervisor, xero: xero, console: console,
            servers: servers)
        console.line("Chaos for \(seconds) s with seed \(options.seed): a service is killed each second.")
        try await chaos.begin()
        let pause = Duration.seconds(seconds) * 9 / (10 * max(script.cues.count, 1))
        async let kills = chaos.run()
        try await perform(script.cues, with: conductor, every: pause)
        let count = try await kills
        try await chaos.end()
        let restarts = supervisor.restarts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        console.line("\(count) kills; started again: \(restarts.joined(separator: ", "))")
    }

    private func perform(_ folder: InputFolder) async throws {
        for (index, recording) in folder.recordings.enumerated() {
            try await storefront.send(
                .POST, path(recording.store) + "/orders",
                [
                    "order": .object(recording.order), "refunds": .array(recording.refunds.map { .object($0) }),
                    "topic": "order.updated", "verbatim": true,
                ])
            console.progress("Playing: \(index + 1) of \(folder.recordings.count) recorded orders")
        }
    }

    // MARK: The end

    /// Prints what came of it.
    /// - Returns: whether a burst kept Xero's limits and the formula of calls; true without one.
    private func show(_ report: Report, script: Script) async throws -> Bool {
        console.line()
        if let folder = script.folder {
            console.line("Files\n" + report.files(folder.others).rendered())
            console.line()
        }
        console.line(report.text)
        let letters = (try? await sales.deadLetters()) ?? []
        if !letters.isEmpty {
            console.line("\nDead letters\n" + letters.map { "  \($0)" }.joined(separator: "\n"))
        }
        var isFrugal = true
        if let burst = options.burst {
            let contacts = try await sales.contacts()
            let allowance = CallReport.allowance(orders: burst, contacts: contacts)
            let calls = report.calls
            isFrugal = calls.total <= allowance && calls.minuteRefusals == 0 && calls.inFlightMaximum <= 5
            console.line(
                """

                Burst of \(burst) orders, \(contacts) new contacts:
                  allowed 2 x ceil(\(burst)/50) + ceil(\(contacts)/50), plus 5 % and 20 = \(allowance) calls; \
                made \(calls.total)
                  refused by the minute limit: \(calls.minuteRefusals); in flight at most: \(calls.inFlightMaximum)
                """)
        }
        console.line("\nSeed \(options.seed)\(options.chaosSeconds.map { ", chaos for \($0) s" } ?? "").")
        if !isFrugal { console.line("The limits were NOT kept: see the burst's figures above.") }
        console.line(report.verdict)
        return isFrugal
    }
}
