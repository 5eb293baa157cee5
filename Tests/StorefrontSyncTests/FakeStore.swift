import Accounting
import JSON
import NIOConcurrencyHelpers
import Storefronts

/// A storefront of a test's own: orders that can be changed at will, and troubles.
final class FakeStore: Sendable {
    private struct State {
        var orders: [Int: JSONValue] = [:]
        var refunds: [Int: [JSONValue]] = [:]
        var trouble: StorefrontError?
        var orderReads: [String] = []
        var refundReads: [String] = []
        var pageReads: [(after: Instant, page: Int)] = []
        var shrinking = false
    }

    private let state = NIOLockedValueBox(State())
    private let beforeOrder: @Sendable (String) async -> Void
    private let perPage: Int

    init(perPage: Int = 100, beforeOrder: @escaping @Sendable (String) async -> Void = { _ in }) {
        self.perPage = perPage
        self.beforeOrder = beforeOrder
    }

    var orderReads: [String] { state.withLockedValue { $0.orderReads } }
    var refundReads: [String] { state.withLockedValue { $0.refundReads } }
    var pageReads: [(after: Instant, page: Int)] { state.withLockedValue { $0.pageReads } }

    func fail(with error: StorefrontError?) { state.withLockedValue { $0.trouble = error } }

    /// Every further page says that there are fewer orders.
    func shrink() { state.withLockedValue { $0.shrinking = true } }

    func put(_ order: JSONValue, refunds: [JSONValue] = []) {
        guard let id = order["id"]?.int else { return }
        state.withLockedValue {
            $0.orders[id] = order
            $0.refunds[id] = refunds
        }
    }

    func remove(_ id: Int) { state.withLockedValue { $0.orders[id] = nil } }

    var client: WooCommerceClient {
        WooCommerceClient(
            order: { id async throws(StorefrontError) in
                await self.beforeOrder(id)
                return try self.order(id)
            },
            refunds: { id async throws(StorefrontError) in try self.refunds(id) },
            orders: { after, page, _ async throws(StorefrontError) in try self.page(after, page) })
    }

    private func order(_ id: String) throws(StorefrontError) -> JSONValue {
        let (trouble, order) = state.withLockedValue { state in
            state.orderReads.append(id)
            return (state.trouble, Int(id).flatMap { state.orders[$0] })
        }
        if let trouble { throw trouble }
        guard let order else { throw StorefrontError(.notFound, "the store has no order \(id)") }
        return order
    }

    private func refunds(_ id: String) throws(StorefrontError) -> [JSONValue] {
        let (trouble, refunds) = state.withLockedValue { state in
            state.refundReads.append(id)
            return (state.trouble, Int(id).flatMap { state.refunds[$0] } ?? [])
        }
        if let trouble { throw trouble }
        return refunds
    }

    private func page(_ after: Instant, _ number: Int) throws(StorefrontError) -> WooCommerceClient.OrderPage {
        let (trouble, all, shrinking) = state.withLockedValue { state in
            state.pageReads.append((after, number))
            let all = state.orders.sorted { $0.key < $1.key }.map(\.value).filter { order in
                order["date_modified_gmt"]?.string.flatMap { Instant(utc: $0) }.map { $0 > after } ?? false
            }
            return (state.trouble, all, state.shrinking)
        }
        if let trouble { throw trouble }
        let total = shrinking ? all.count - number + 1 : all.count
        return WooCommerceClient.OrderPage(
            orders: Array(all.dropFirst((number - 1) * perPage).prefix(perPage)), page: number,
            totalPages: (all.count + perPage - 1) / perPage, total: total)
    }

    /// An order with just what reading it takes.
    static func order(
        _ id: Int, modified: String = "2026-07-10T10:00:00", created: String = "2026-07-10T09:00:00",
        status: String = "pending", total: String = "10.00", paid: String? = nil, note: String = ""
    ) -> JSONValue {
        [
            "id": .number(JSONNumber(id)), "number": .string("\(id)"), "status": .string(status), "currency": "AUD",
            "total": .string(total), "total_tax": "0.00", "date_created_gmt": .string(created),
            "date_modified_gmt": .string(modified), "date_paid_gmt": paid.map { .string($0) } ?? .null,
            "customer_note": .string(note), "line_items": [], "refunds": [],
        ]
    }

    static func refund(_ id: Int, amount: String, at created: String) -> JSONValue {
        [
            "id": .number(JSONNumber(id)), "amount": .string(amount), "date_created_gmt": .string(created),
            "line_items": [],
        ]
    }
}
