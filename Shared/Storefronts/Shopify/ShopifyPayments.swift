import Accounting
import JSON

/// What a Shopify order was paid with.
struct ShopifyPayments {
    /// Whether all of it was paid, whatever went back later.
    let isPaid: Bool
    /// Whether a part was paid, and more is to come.
    let isPartlyPaid: Bool
    /// When the last payment was made; `nil` where that is not known.
    private(set) var paidAt: Instant?
    private var money: [Tender] = []
    /// Gift cards and store credit.
    private(set) var owed: [Tender] = []
    private let gateways: [String]
    /// Whether the payments are known one by one.
    private var isItemised = false

    init(order: PayloadFields, snapshot: JSONValue, money reader: ShopifyMoney) throws(StorefrontError) {
        let status = order.text("financial_status").lowercased()
        isPaid = ["paid", "partially_refunded", "refunded"].contains(status)
        isPartlyPaid = status == "partially_paid"
        let named = order["payment_gateway_names"]?.array?.compactMap(\.string) ?? []
        gateways = named.isEmpty ? [order.text("gateway", limit: 255)].filter { !$0.isEmpty } : named
        let list = snapshot["transactions"]?["transactions"] ?? snapshot["transactions"] ?? order["transactions"]
        for transaction in try PayloadFields(["transactions": list ?? .null], path: "").objects("transactions") {
            try add(transaction, reader)
        }
        guard !isItemised, isPaid else { return }
        let credits = gateways.filter { Self.kind(of: $0) != .money }
        if credits.count == gateways.count, let only = credits.first {
            let total = try reader.required(order, "total_price")
            owed = [Tender(kind: Self.kind(of: only), method: only, title: Self.title(only), amount: total)]
        } else if let credit = credits.first {
            throw StorefrontError(
                .incomplete,
                "transactions not read yet: the order was paid in part with \(Self.title(credit).lowercased())")
        }
    }

    private mutating func add(_ transaction: PayloadFields, _ reader: ShopifyMoney) throws(StorefrontError) {
        guard ["sale", "capture"].contains(transaction.text("kind").lowercased()),
            transaction.text("status").lowercased() == "success"
        else { return }
        let amount = try ShopifyRefunds.amount(of: transaction, reader)
        let gateway = transaction.text("gateway", limit: 255)
        let tender = Tender(
            kind: Self.kind(of: gateway), method: gateway, title: Self.title(gateway), amount: amount,
            reference: transaction.text(firstOf: ["authorization", "id"], limit: 255))
        isItemised = true
        let created = try transaction.optionalInstant("created_at")
        let made = try transaction.optionalInstant("processed_at") ?? created
        if let made { paidAt = max(paidAt ?? made, made) }
        if tender.kind != .money {
            owed.append(tender)
        } else if let position = money.firstIndex(where: { $0.method == gateway }) {
            money[position].amount += amount
        } else {
            money.append(tender)
        }
    }

    /// The tenders; an order of which nothing was paid yet will be paid in money.
    func tenders(total: ExactDecimal) -> [Tender] {
        let gateway = gateways.first { Self.kind(of: $0) == .money } ?? ""
        let expected = Tender(kind: .money, method: gateway, title: Self.title(gateway), amount: total)
        return Storefronts.tenders(money: (isPaid || isPartlyPaid) && isItemised ? money : [expected], owed: owed)
    }

    static func kind(of gateway: String) -> Tender.Kind {
        switch gateway {
        case "gift_card": .giftCard
        case "shopify_store_credit": .storeCredit
        default: .money
        }
    }

    private static func title(_ gateway: String) -> String {
        let words = gateway.split(separator: "_").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
