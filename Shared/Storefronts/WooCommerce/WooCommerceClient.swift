public import Accounting
public import JSON

/// WooCommerce's REST API, as far as orders need it.
///
/// A struct of closures, so that tests stand in for a store by giving other ones.
public struct WooCommerceClient: Sendable {
    /// One page of a list of orders.
    public struct OrderPage: Sendable, Hashable {
        /// The orders, as the store worded them.
        public var orders: [JSONValue]
        /// The number of this page, from 1.
        public var page: Int
        /// How many pages there are; 0 if the list is empty.
        public var totalPages: Int
        /// How many orders there are on all pages.
        public var total: Int

        /// Makes a page.
        public init(orders: [JSONValue], page: Int, totalPages: Int, total: Int) {
            self.orders = orders
            self.page = page
            self.totalPages = totalPages
            self.total = total
        }
    }

    private let readOrder: @Sendable (_ id: String) async throws(StorefrontError) -> JSONValue
    private let readRefunds: @Sendable (_ orderID: String) async throws(StorefrontError) -> [JSONValue]
    private let readOrders:
        @Sendable (_ after: Instant, _ page: Int, _ perPage: Int) async throws(StorefrontError) -> OrderPage

    /// Makes a client of closures.
    /// - Parameters:
    ///   - order: Reads an order by its id.
    ///   - refunds: Reads all refunds of an order by the order's id.
    ///   - orders: Reads a page of the orders modified after a time.
    public init(
        order: @escaping @Sendable (_ id: String) async throws(StorefrontError) -> JSONValue,
        refunds: @escaping @Sendable (_ orderID: String) async throws(StorefrontError) -> [JSONValue],
        orders:
            @escaping @Sendable (_ after: Instant, _ page: Int, _ perPage: Int) async throws(StorefrontError)
            -> OrderPage
    ) {
        readOrder = order
        readRefunds = refunds
        readOrders = orders
    }

    /// Reads an order.
    /// - Parameter id: The store's id of the order.
    /// - Throws: ``StorefrontError``; `notFound` if the store does not have the order (any more).
    public func order(_ id: String) async throws(StorefrontError) -> JSONValue {
        try await readOrder(id)
    }

    /// Reads all refunds of an order.
    /// - Parameter orderID: The store's id of the order.
    /// - Throws: ``StorefrontError``; `notFound` if the store does not have the order (any more).
    public func refunds(of orderID: String) async throws(StorefrontError) -> [JSONValue] {
        try await readRefunds(orderID)
    }

    /// Reads an order with its refunds, as the snapshot that ``WooCommerceOrderParser`` takes.
    /// - Parameter id: The store's id of the order.
    /// - Returns: `{"order": {...}, "refunds": [...]}`.
    public func snapshot(of id: String) async throws(StorefrontError) -> JSONValue {
        let order = try await readOrder(id)
        return ["order": order, "refunds": .array(try await readRefunds(id))]
    }

    /// Reads a page of the orders that were modified after a time, in the order of their ids: an order that is modified
    /// while pages are read stays where it is, and new ones come last.
    /// - Parameters:
    ///   - after: The time; stores compare to the second.
    ///   - page: The number of the page, from 1.
    ///   - perPage: How many orders a page holds, 1 to 100.
    public func orders(
        modifiedAfter after: Instant, page: Int = 1, perPage: Int = 100
    ) async throws(StorefrontError) -> OrderPage {
        try await readOrders(after, page, min(max(perPage, 1), 100))
    }
}
