public import Accounting
public import JSON

/// How a store's orders are read, as far as their payloads do not say.
public struct OrderReading: Sendable, Hashable {
    /// Whose money an order is read in, where a payload has it in two currencies.
    public enum Side: Sendable, Hashable {
        /// The currency that the store keeps its own books in.
        case store
        /// The currency that the customer paid in.
        case customer
    }

    /// Our id of the store.
    public var storeID: String
    /// The store's currency, for platforms whose orders do not name theirs.
    public var currency: Currency?
    /// Whose money counts; `nil` for what suits the platform.
    public var side: Side?

    /// Makes a reading.
    /// - Parameters:
    ///   - storeID: Our id of the store.
    ///   - currency: The store's currency, for platforms whose orders do not name theirs.
    ///   - side: Whose money counts; `nil` for what suits the platform.
    public init(storeID: String, currency: Currency? = nil, side: Side? = nil) {
        self.storeID = storeID
        self.currency = currency
        self.side = side
    }
}

/// What a payload holds.
public enum PayloadContent: Sendable, Hashable {
    /// Orders, each as a snapshot that ``StorefrontOrderParser/order(from:reading:)`` takes.
    case orders([JSONValue])
    /// Documents that belong to orders which are not in the payload, such as refunds.
    case parts([PayloadPart])
    /// Something that is known and concerns no order, in words: `a product`.
    case other(String)
    /// Nothing that is known.
    case unknown
}

/// A document that belongs to an order which is not in the payload.
public struct PayloadPart: Sendable, Hashable, CustomStringConvertible {
    /// What it is, such as `credit memo 4`.
    public var name: String
    /// The storefront's id of the order, if the payload says so.
    public var orderID: String?
    /// What was refunded, if it is a refund.
    public var refund: CanonicalRefund?
    /// What the payload says of its own arithmetic.
    public var sums: [StatedSum]

    /// Makes a part.
    public init(name: String, orderID: String?, refund: CanonicalRefund? = nil, sums: [StatedSum] = []) {
        self.name = name
        self.orderID = orderID
        self.refund = refund
        self.sums = sums
    }

    /// What it is and of which order.
    public var description: String { orderID.map { "\(name) of order \($0)" } ?? name }
}

/// Makes canonical orders of one platform's.
public protocol StorefrontOrderParser: Sendable {
    /// Makes the canonical order of a snapshot.
    /// - Parameters:
    ///   - snapshot: An object of `order` and, where the platform keeps them apart, `refunds` and other documents of the
    ///     order, as the store worded them.
    ///   - reading: What the payload does not say.
    /// - Throws: ``StorefrontError`` with the code `malformed` where the store broke its own rules, `incomplete` where a part
    ///   of the order is not in the snapshot, and `unsupported` where it cannot be told in canonical words.
    static func order(from snapshot: JSONValue, reading: OrderReading) throws(StorefrontError) -> CanonicalOrder

    /// Says what a payload holds, however the platform wrapped it.
    /// - Throws: ``StorefrontError`` where it is a known document that cannot be read.
    static func content(of payload: JSONValue, reading: OrderReading) throws(StorefrontError) -> PayloadContent
}

extension StorefrontOrderParser {
    /// Makes the canonical order of a snapshot that says everything itself.
    public static func order(from snapshot: JSONValue, storeID: String) throws(StorefrontError) -> CanonicalOrder {
        try order(from: snapshot, reading: OrderReading(storeID: storeID))
    }
}

/// Reads orders of every platform.
public enum StorefrontOrders {
    /// What reads the orders of a platform.
    public static func parser(of platform: Platform) -> any StorefrontOrderParser.Type {
        switch platform {
        case .woocommerce: WooCommerceOrderParser.self
        case .magento: MagentoOrderParser.self
        case .shopify: ShopifyOrderParser.self
        case .cscart: CSCartOrderParser.self
        case .xcart: XCartOrderParser.self
        case .bigcommerce: BigCommerceOrderParser.self
        }
    }

    /// Makes the canonical order of a payload: a snapshot, or an order however the platform wrapped it.
    /// - Throws: ``StorefrontError``; the code is `notAnOrder` where the payload is known to be something else.
    public static func order(
        from payload: JSONValue, platform: Platform, reading: OrderReading
    ) throws(StorefrontError) -> CanonicalOrder {
        let parser = parser(of: platform)
        if payload["order"] != nil { return try parser.order(from: payload, reading: reading) }
        let name: String
        switch try parser.content(of: payload, reading: reading) {
        case .orders(let snapshots):
            if snapshots.count == 1 { return try parser.order(from: snapshots[0], reading: reading) }
            name = "a list of \(snapshots.count) orders"
        case .parts(let parts): name = parts.map(\.description).joined(separator: ", ")
        case .other(let what): name = what
        case .unknown: return try parser.order(from: ["order": payload], reading: reading)
        }
        throw StorefrontError(.notAnOrder, "this is \(name), not an order")
    }
}
