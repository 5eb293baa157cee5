import JSON
import NIOConcurrencyHelpers
import SimulatedWooCommerce

/// All stores of one simulator.
final class StoreDirectory: Sendable {
    private let stores = NIOLockedValueBox<[String: SimulatedStore]>([:])

    subscript(id: String) -> SimulatedStore? { stores.withLockedValue { $0[id] } }

    var all: [SimulatedStore] {
        stores.withLockedValue { $0.values.sorted { $0.settings.id < $1.settings.id } }
    }

    /// Makes a store or changes its settings.
    func configure(_ settings: StoreSettings) -> SimulatedStore {
        stores.withLockedValue { stores in
            if let store = stores[settings.id] {
                store.configure(settings)
                return store
            }
            let store = SimulatedStore(settings)
            stores[settings.id] = store
            return store
        }
    }

    func removeAll() { stores.withLockedValue { $0 = [:] } }

    /// Grows with every change of any store.
    var changes: Int { all.reduce(0) { $0 + $1.changes + 1 } }

    var snapshot: JSONValue { ["stores": .array(all.map { $0.snapshot() })] }

    func restore(_ snapshot: JSONValue) {
        let restored = (snapshot["stores"]?.array ?? []).compactMap { SimulatedStore(snapshot: $0) }
        stores.withLockedValue { stores in
            for store in restored { stores[store.settings.id] = store }
        }
    }
}
