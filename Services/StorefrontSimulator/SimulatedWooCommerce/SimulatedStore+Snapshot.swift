import Accounting
public import JSON
import NIOConcurrencyHelpers

extension SimulatedStore {
    /// Everything the store knows, to be read back by ``init(snapshot:)``.
    public func snapshot() -> JSONValue {
        state.withLockedValue { state in
            let orders = state.orders.values.sorted { $0.id < $1.id }.map { order -> JSONValue in
                [
                    "order": .object(order.document), "refunds": .array(order.refunds.map { .object($0) }),
                    "verbatim": .bool(order.isVerbatim), "trashed": .bool(order.isTrashed),
                    "created": .string(order.createdAt.rfc3339), "modified": .string(order.modifiedAt.rfc3339),
                ]
            }
            return ["settings": state.settings.json, "orders": .array(orders)]
        }
    }

    /// A store as it was when the snapshot was taken; nil if that is no snapshot.
    public convenience init?(snapshot: JSONValue) {
        guard let settings = snapshot["settings"], let id = settings["id"]?.string, let url = settings["url"]?.string
        else { return nil }
        self.init(StoreSettings(id: id, url: url, json: settings))
        let entries = snapshot["orders"]?.array ?? []
        state.withLockedValue { state in
            for entry in entries {
                guard let document = entry["order"]?.object, let id = document["id"]?.int,
                    let created = entry["created"]?.string.flatMap({ Instant(rfc3339: $0) }),
                    let modified = entry["modified"]?.string.flatMap({ Instant(rfc3339: $0) })
                else { continue }
                state.orders[id] = StoredOrder(
                    id: id, document: document, refunds: (entry["refunds"]?.array ?? []).compactMap(\.object),
                    isVerbatim: entry["verbatim"]?.bool ?? false, createdAt: created, modifiedAt: modified,
                    isTrashed: entry["trashed"]?.bool ?? false)
            }
        }
    }
}
