import Accounting
import JSON
import Ledger
import Storefronts

/// What storefront-sync asks of a storefront. A class, so that tests can stand in for one and closures stay out of locks.
final class StoreReader: Sendable {
    /// One page of a store's changed orders.
    struct Page: Sendable {
        /// The orders, as the store words them.
        var orders: [JSONValue]
        /// How many orders there are on all pages.
        var total: Int
        /// How many pages there are.
        var totalPages: Int
    }

    /// One order by its id.
    let order: @Sendable (_ id: String) async throws -> JSONValue
    /// All refunds of an order.
    let refunds: @Sendable (_ orderID: String) async throws -> [JSONValue]
    /// The orders modified after an instant, by id, a page of 100 at a time, pages from 1.
    let changed: @Sendable (_ after: Instant, _ page: Int) async throws -> Page

    init(
        order: @escaping @Sendable (String) async throws -> JSONValue,
        refunds: @escaping @Sendable (String) async throws -> [JSONValue],
        changed: @escaping @Sendable (Instant, Int) async throws -> Page
    ) {
        self.order = order
        self.refunds = refunds
        self.changed = changed
    }
}
