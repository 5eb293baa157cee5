public import Accounting
public import JSON
import NIOConcurrencyHelpers

/// One WooCommerce store: its orders, its REST API and the state of its webhook. Safe to use from anywhere.
public final class SimulatedStore: Sendable {
    struct State: Sendable {
        var settings: StoreSettings
        var orders: [Int: StoredOrder] = [:]
        var fault: StoreFault?
        var webhookFailures = 0
        var webhookIsActive = true
        var reads = 0
        var changes = 0
    }

    let state: NIOLockedValueBox<State>

    /// An empty store.
    public init(_ settings: StoreSettings) {
        state = NIOLockedValueBox(State(settings: settings))
    }

    /// What the store was told to be.
    public var settings: StoreSettings { state.withLockedValue { $0.settings } }

    /// Grows with every change; whoever writes snapshots compares it.
    public var changes: Int { state.withLockedValue { $0.changes } }

    /// How many REST requests it has answered.
    public var reads: Int { state.withLockedValue { $0.reads } }

    /// Changes the settings, keeps the orders and enables the webhook again.
    public func configure(_ settings: StoreSettings) {
        state.withLockedValue {
            $0.settings = settings
            $0.webhookIsActive = true
            $0.webhookFailures = 0
            $0.changes += 1
        }
    }

    /// Answers requests with a fault until it is cleared or used up; nil clears.
    public func setFault(_ fault: StoreFault?) {
        state.withLockedValue { $0.fault = fault }
    }

    /// Saves an order and its refunds the way an editor or the checkout does, and stamps it modified at `now`, to the second.
    /// - Parameters:
    ///   - document: the order; its `id` decides which. Dates of modification are overwritten.
    ///   - refunds: all its refunds so far, oldest first.
    ///   - isVerbatim: keep the document as it is, its dates included, as for a recorded payload.
    /// - Returns: the order as it was before, or nil if it is new. Nil also where there is no usable `id`.
    @discardableResult
    public func save(
        _ document: JSONObject, refunds: [JSONObject], isVerbatim: Bool = false, now: Instant
    ) -> StoredOrder? {
        guard let id = document["id"]?.int else { return nil }
        return state.withLockedValue { state in
            let before = state.orders[id]
            let stamp = max(WooTime.truncated(now), before?.modifiedAt ?? WooTime.truncated(now))
            var stored = document
            let offset = state.settings.utcOffsetSeconds
            if !isVerbatim {
                stored["date_modified"] = .string(WooTime.text(stamp, utcOffsetSeconds: offset))
                stored["date_modified_gmt"] = .string(WooTime.text(stamp))
            }
            stored["refunds"] = isVerbatim && refunds.isEmpty ? document["refunds"] : nil
            let created = document["date_created_gmt"]?.string.flatMap { Instant(utc: $0) }
            state.orders[id] = StoredOrder(
                id: id, document: stored, refunds: refunds, isVerbatim: isVerbatim, createdAt: created ?? stamp,
                modifiedAt: stamp, isTrashed: false)
            state.changes += 1
            return before
        }
    }

    /// Moves an order to the trash: its webhook then says `order.deleted` and lists no longer show it.
    public func trash(_ id: Int) {
        state.withLockedValue {
            $0.orders[id]?.isTrashed = true
            $0.changes += 1
        }
    }

    /// An order as kept.
    public func order(_ id: Int) -> StoredOrder? { state.withLockedValue { $0.orders[id] } }

    /// All orders, by id.
    public func orders() -> [StoredOrder] {
        state.withLockedValue { $0.orders.values.sorted { $0.id < $1.id } }
    }

    /// What the webhook carries and `GET orders/{id}` answers now.
    public func payload(_ id: Int) -> JSONValue? {
        state.withLockedValue { state in
            state.orders[id]?.payload(decimals: nil, storeDecimals: state.settings.priceDecimals)
        }
    }

    /// The webhook's delivery succeeded or failed. After too many failures in a row WooCommerce disables it for good.
    /// Source: class-wc-webhook.php, `failed_delivery()`.
    public func webhookAnswered(success: Bool) {
        state.withLockedValue { state in
            guard !success else {
                state.webhookFailures = 0
                return
            }
            state.webhookFailures += 1
            if let limit = state.settings.disableAfterFailures, state.webhookFailures >= limit {
                state.webhookIsActive = false
            }
        }
    }

    /// Whether the webhook still delivers.
    public var webhookIsActive: Bool {
        state.withLockedValue { $0.webhookIsActive && $0.settings.webhookURL != nil }
    }
}

/// A way for a store's REST API to fail.
public struct StoreFault: Sendable, Hashable {
    /// The HTTP status answered instead.
    public var status: Int
    /// For how many requests; nil: until cleared.
    public var remaining: Int?

    /// Fails `remaining` requests with `status`.
    public init(status: Int, remaining: Int? = nil) {
        self.status = status
        self.remaining = remaining
    }
}
