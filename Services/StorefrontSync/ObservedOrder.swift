import Accounting
import Crypto
import JSON
import Ledger

/// One reading of an order with its refunds, and what of it is kept beside the body.
struct ObservedOrder: Sendable {
    /// Where a reading came from.
    enum Source: String, Sendable {
        /// The order was asked for by its id.
        case read
        /// The order came with a page of changed orders.
        case sweep
    }

    /// What is wrong with an answer that is no order.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    let storeID: String
    let orderID: String
    let number: String
    let status: String
    let currency: String?
    let total: ExactDecimal?
    let totalTax: ExactDecimal?
    let refunded: ExactDecimal
    /// By the store's clock; nil if the store does not say, and then whoever plans the order says so.
    let createdAt: Instant?
    let modifiedAt: Instant
    let paidAt: Instant?
    let refundedAt: [Instant]
    let body: JSONValue
    let contentHash: [UInt8]
    let readStartedAt: Instant
    let source: Source

    /// Takes an order and its refunds as WooCommerce words them.
    /// - Throws: `Malformed` if the answer is not an order with an id and lines.
    init(
        storeID: String, order: JSONValue, refunds: [JSONValue], readStartedAt: Instant, source: Source
    ) throws(Malformed) {
        guard let id = Self.orderID(of: order), order["line_items"]?.array != nil else {
            throw Malformed(description: "the store's answer is not an order: it has no id or no line_items")
        }
        self.storeID = storeID
        orderID = id
        number = order["number"]?.string ?? id
        status = order["status"]?.string ?? ""
        currency = order["currency"]?.string
        total = order["total"]?.decimal
        totalTax = order["total_tax"]?.decimal
        createdAt = Self.instant(order["date_created_gmt"])
        // Without any stamp every reading has the same one, so that contents alone decide.
        modifiedAt = Self.modifiedAt(of: order) ?? Instant(microseconds: 0)
        paidAt = Self.instant(order["date_paid_gmt"])
        refunded = refunds.reduce(ExactDecimal(0)) { sum, refund in
            refund["amount"]?.decimal.flatMap { sum.adding($0) } ?? sum
        }
        refundedAt = refunds.compactMap { Self.instant($0["date_created_gmt"]) }
        body = ["order": order, "refunds": .array(refunds)]
        contentHash = Self.hash(of: order) + Self.hash(of: .array(refunds))
        self.readStartedAt = readStartedAt
        self.source = source
    }

    /// The order's id as text.
    static func orderID(of order: JSONValue) -> String? {
        order["id"]?.int.flatMap { $0 > 0 ? String($0) : nil }
    }

    /// When the store last modified an order.
    static func modifiedAt(of order: JSONValue) -> Instant? {
        instant(order["date_modified_gmt"]) ?? instant(order["date_created_gmt"])
    }

    /// What identifies a content; an order's and its refunds' are kept one after the other.
    static func hash(of value: JSONValue) -> [UInt8] {
        Array(SHA256.hash(data: value.canonical()))
    }

    /// Whether an order may have refunds: only orders that nobody ever paid have none without asking.
    ///
    /// The summary in the order itself is not enough: some versions leave it empty.
    static func mayHaveRefunds(_ order: JSONValue) -> Bool {
        if let refunds = order["refunds"]?.array, !refunds.isEmpty { return true }
        if instant(order["date_paid_gmt"]) != nil { return true }
        let unpaid: Set<String> = [
            "pending", "failed", "cancelled", "checkout-draft", "draft", "auto-draft", "trash", "new",
        ]
        return !unpaid.contains(order["status"]?.string ?? "")
    }

    private static func instant(_ value: JSONValue?) -> Instant? {
        value?.string.flatMap { Instant(utc: $0) }
    }
}
