import Accounting
import JSON
import Ledger
import Logging
import Metrics
import Observability
import Postgres
import Storefronts

/// Finds what no webhook brought: asks every store, again and again, for what changed since the last time.
///
/// A watermark says up to where a store has been read. It moves only after a sweep has seen every page, and never beyond the
/// newest stamp the store itself has shown, less a margin: so neither a store's slow commit nor its wrong clock makes an
/// order slip through.
final class Sweeper: Sendable {
    /// The margins.
    struct Settings: Sendable {
        /// How far the watermark stays behind what has been seen. Defaults to 5 minutes.
        var margin = Duration.seconds(300)
        /// The longest pause after failures. Defaults to 1 hour.
        var longestPause = Duration.seconds(3600)
    }

    private let configuration: @Sendable () async throws -> ConfigurationSnapshot
    private let reader: @Sendable (StoreRecord) -> WooCommerceClient
    private let queue: SweepQueue
    private let writer: ObservationWriter
    private let health: StoreHealth
    private let settings: Settings
    private let hinted: @Sendable () -> Void
    private let tracer: Tracer
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: what is configured now.
    ///   - reader: how a store is asked.
    ///   - queue: the sweeps.
    ///   - writer: keeps what is read.
    ///   - health: how each store is doing; shared with the hint worker.
    ///   - settings: the margins.
    ///   - hinted: told after hints were written.
    ///   - tracer: begins the trace of each order that no webhook brought.
    ///   - logger: where trouble with a store is reported.
    init(
        configuration: @escaping @Sendable () async throws -> ConfigurationSnapshot,
        reader: @escaping @Sendable (StoreRecord) -> WooCommerceClient, queue: SweepQueue, writer: ObservationWriter,
        health: StoreHealth, settings: Settings = Settings(), hinted: @escaping @Sendable () -> Void,
        tracer: Tracer = .off, logger: Logger
    ) {
        self.configuration = configuration
        self.reader = reader
        self.queue = queue
        self.writer = writer
        self.health = health
        self.settings = settings
        self.hinted = hinted
        self.tracer = tracer
        self.logger = logger
    }

    /// The loop that makes the sweeps that are due.
    func loop() -> WorkLoop {
        WorkLoop { await self.claim() }
    }

    private func claim() async -> [WorkLoop.Work] {
        do {
            let stores = try await configuration().stores
            try await queue.prepare()
            let claimed = try await queue.claim(stores.keys.filter(health.isOpen))
            return claimed.compactMap { sweep in
                guard let store = stores[sweep.storeID] else { return nil }
                return { await self.make(sweep, of: store) }
            }
        } catch {
            logger.info("sweeps could not be claimed; trying again", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func make(_ sweep: ClaimedSweep, of store: StoreRecord) async {
        do {
            let result = try await readPages(sweep, of: store)
            health.answered(store.id)
            try await queue.finish(
                sweep, watermark: result.watermark, found: result.found, nextIn: .seconds(store.sweepSeconds))
            Counter(label: "counterfoil_sweeps_total", dimensions: [("outcome", "done")]).increment()
        } catch let error as StorefrontError {
            Counter(label: "counterfoil_sweeps_total", dimensions: [("outcome", "failed")]).increment()
            let delay = StoreTrouble.delay(after: error, of: store, sweep.failures + 1, health, logger)
            await fail(sweep, StoreTrouble.sentence(error, store), delay)
        } catch let lost as SweepLost {
            logger.info("sweep given up", metadata: ["store": "\(store.id)", "reason": "\(lost.reason)"])
            await fail(sweep, lost.reason, .seconds(1))
        } catch {
            logger.info("sweep failed; it begins again", metadata: ["store": "\(store.id)", "error": "\(error)"])
            await fail(sweep, "\(error)", StoreTrouble.delay(afterAttempts: sweep.failures + 1))
        }
    }

    private func fail(_ sweep: ClaimedSweep, _ error: String, _ delay: Duration) async {
        do {
            try await queue.fail(sweep, error: error, nextIn: min(delay, settings.longestPause))
        } catch {
            logger.info(
                "sweep could not be put off; its claim runs out",
                metadata: ["store": "\(sweep.storeID)", "error": "\(error)"])
        }
    }

    private func readPages(
        _ sweep: ClaimedSweep, of store: StoreRecord
    ) async throws -> (watermark: Instant?, found: Int) {
        let reader = reader(store)
        let started = Instant.now()
        let from = sweep.watermark ?? store.since
        var newest: Instant?
        var found = 0
        var total = 0
        var number = 1
        while true {
            let pageStarted = Instant.now()
            let page = try await reader.orders(modifiedAfter: from, page: number)
            // A document that leaves the list moves later ones to pages already read: then this sweep proves nothing.
            if page.total < total { throw SweepLost(reason: "the store's list became shorter while it was read") }
            total = page.total
            found += try await work(page.orders, of: store, readStartedAt: pageStarted)
            newest = page.orders.compactMap(ObservedOrder.modifiedAt).max().map { max($0, newest ?? $0) } ?? newest
            guard number < page.totalPages, !page.orders.isEmpty else { break }
            guard try await queue.renew(sweep) else { throw SweepLost(reason: "another process makes this sweep") }
            number += 1
        }
        return (watermark(from: sweep.watermark, newest: newest, started: started), found)
    }

    private func watermark(from old: Instant?, newest: Instant?, started: Instant) -> Instant? {
        guard let newest else { return nil }
        let reached = min(newest, started) - settings.margin
        return old.map { max($0, reached) } ?? reached
    }

    /// Works one page: what is known already is passed over, what has no refunds is kept as it is, the rest is hinted.
    private func work(_ orders: [JSONValue], of store: StoreRecord, readStartedAt: Instant) async throws -> Int {
        let identified = orders.compactMap { order in ObservedOrder.orderID(of: order).map { ($0, order) } }
        guard !identified.isEmpty else { return 0 }
        let known = try await queue.known(identified.map(\.0), of: store.id)
        var hints: [String] = []
        var found = 0
        for (id, order) in identified {
            if let known = known[id], let stamp = ObservedOrder.modifiedAt(of: order) {
                if stamp < known.modifiedAt { continue }
                if stamp == known.modifiedAt, known.contentHash.starts(with: ObservedOrder.hash(of: order)) { continue }
            }
            found += 1
            if ObservedOrder.mayHaveRefunds(order) {
                hints.append(id)
            } else if let reading = try? ObservedOrder(
                storeID: store.id, order: order, refunds: [], readStartedAt: readStartedAt, source: .sweep)
            {
                try await keep(reading, of: store)
            } else {
                hints.append(id)
            }
        }
        if !hints.isEmpty {
            try await HintQueue.add(hints, of: store.id, reason: "sweep", to: queue.database)
            hinted()
        }
        return found
    }

    /// Keeps what a page told of an order, as the beginning of a trace.
    private func keep(_ reading: ObservedOrder, of store: StoreRecord) async throws {
        try await tracer.withSpan("sweep order", parent: nil) { span in
            span.set("counterfoil.store", store.id)
            span.set("counterfoil.order", reading.orderID)
            let decision = try await writer.keep(reading, of: store)
            span.set("counterfoil.outcome", "\(decision)")
            logger.info(
                "order swept",
                metadata: [
                    "store": "\(store.id)", "order": "\(reading.orderID)", "outcome": "\(decision)",
                ])
        }
    }
}

/// Why a sweep proves nothing and is made again.
struct SweepLost: Error {
    let reason: String
}
