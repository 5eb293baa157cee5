import Accounting
import JSON
import Ledger
import Logging
import Metrics
import Observability
import Storefronts

/// Reads the orders that were hinted: as many stores at once as there are, a few orders of each, and a store in trouble
/// delays only itself.
final class HintWorker: Sendable {
    private let configuration: @Sendable () async throws -> ConfigurationSnapshot
    private let reader: @Sendable (StoreRecord) -> WooCommerceClient
    private let queue: HintQueue
    private let writer: ObservationWriter
    private let health: StoreHealth
    private let tracer: Tracer
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: what is configured now.
    ///   - reader: how a store is asked.
    ///   - queue: the hints.
    ///   - writer: keeps what is read.
    ///   - health: how each store is doing; shared with the sweeps.
    ///   - tracer: goes on in the trace of what hinted.
    ///   - logger: where trouble with a store is reported.
    init(
        configuration: @escaping @Sendable () async throws -> ConfigurationSnapshot,
        reader: @escaping @Sendable (StoreRecord) -> WooCommerceClient, queue: HintQueue, writer: ObservationWriter,
        health: StoreHealth, tracer: Tracer = .off, logger: Logger
    ) {
        self.configuration = configuration
        self.reader = reader
        self.queue = queue
        self.writer = writer
        self.health = health
        self.tracer = tracer
        self.logger = logger
    }

    /// The loop that reads what is due.
    func loop() -> WorkLoop {
        WorkLoop { await self.claim() }
    }

    private func claim() async -> [WorkLoop.Work] {
        do {
            let stores = try await configuration().stores
            let claimed = try await queue.claim(health.room(for: stores.keys.shuffled()))
            return claimed.compactMap { hint in
                guard let store = stores[hint.storeID] else { return nil }
                health.began(store.id)
                return {
                    await self.read(hint, of: store)
                    self.health.ended(store.id)
                }
            }
        } catch {
            logger.info("hints could not be claimed; trying again", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func read(_ hint: ClaimedHint, of store: StoreRecord) async {
        let parent = hint.traceparent.flatMap { TraceParent($0) }
        await tracer.withSpan("read order", kind: .consumer, parent: parent) { span in
            span.set("counterfoil.store", store.id)
            span.set("counterfoil.order", hint.orderID)
            await read(hint, of: store, &span)
        }
    }

    private func read(_ hint: ClaimedHint, of store: StoreRecord, _ span: inout Span) async {
        do {
            let reading = try await observe(hint, of: store)
            if health.answered(store.id) {
                logger.notice("store answers again", metadata: ["store": "\(store.id)"])
            }
            let decision = try await writer.keep(reading, of: store, for: hint)
            Counter(label: "counterfoil_orders_read_total", dimensions: [("outcome", "\(decision)")]).increment()
            span.set("counterfoil.outcome", "\(decision)")
            logger.info(
                "order read",
                metadata: [
                    "store": "\(store.id)", "order": "\(hint.orderID)", "outcome": "\(decision)",
                    "reason": "\(hint.reason)",
                ])
        } catch let error as StorefrontError where error.code == .notFound {
            span.fail("the store no longer has the order")
            health.answered(store.id)
            await record(hint) { try await self.writer.noteGone(hint) }
        } catch let error as StorefrontError {
            span.fail(StoreTrouble.sentence(error, store))
            let delay = StoreTrouble.delay(after: error, of: store, hint.attempts, health, logger)
            await record(hint) {
                try await self.queue.putOff(hint, by: delay, error: StoreTrouble.sentence(error, store))
            }
        } catch let error as ObservedOrder.Malformed {
            span.fail(error.description)
            await record(hint) {
                try await self.queue.putOff(
                    hint, by: StoreTrouble.delay(afterAttempts: hint.attempts), error: error.description)
            }
        } catch {
            span.fail("the order could not be kept")
            logger.info(
                "order could not be kept; its hint is taken up again",
                metadata: ["store": "\(store.id)", "order": "\(hint.orderID)", "error": "\(error)"])
        }
    }

    private func observe(_ hint: ClaimedHint, of store: StoreRecord) async throws -> ObservedOrder {
        let reader = reader(store)
        let started = Instant.now()
        let order = try await reader.order(hint.orderID)
        guard ObservedOrder.orderID(of: order) == hint.orderID else {
            throw ObservedOrder.Malformed(
                description: "the store answered with another document than order \(hint.orderID)")
        }
        // After the order, so that no refund its stamp counts can be missing.
        let refunds = ObservedOrder.mayHaveRefunds(order) ? try await reader.refunds(of: hint.orderID) : []
        return try ObservedOrder(
            storeID: store.id, order: order, refunds: refunds, readStartedAt: started, source: .read)
    }

    /// Writes what became of a hint; if even that fails, its claim runs out and it is taken up again.
    private func record(_ hint: ClaimedHint, _ write: () async throws -> Void) async {
        do {
            try await write()
        } catch {
            logger.info(
                "hint could not be updated; it is taken up again",
                metadata: ["store": "\(hint.storeID)", "order": "\(hint.orderID)", "error": "\(error)"])
        }
    }
}
