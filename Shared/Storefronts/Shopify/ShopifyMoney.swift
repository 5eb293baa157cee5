import Accounting
import JSON

/// Reads Shopify's amounts on one side: the shop's money or the customer's.
///
/// Source: Shopify REST Admin API, order: every amount has a set of both; the plain field is the shop's.
struct ShopifyMoney {
    let currency: Currency
    private let member: String
    private let plainCounts: Bool

    init(order: PayloadFields, side: OrderReading.Side?) throws(StorefrontError) {
        let isCustomers = side == .customer && !order.text("presentment_currency").isEmpty
        currency = try order.currency(isCustomers ? "presentment_currency" : "currency")
        member = isCustomers ? "presentment_money" : "shop_money"
        plainCounts = !isCustomers || order.text("presentment_currency") == order.text("currency")
    }

    /// The shop's money, of a document that stands alone.
    init(currency: Currency) {
        self.currency = currency
        member = "shop_money"
        plainCounts = true
    }

    /// An amount that must be there.
    func required(_ fields: PayloadFields, _ key: String) throws(StorefrontError) -> ExactDecimal {
        if let amount = try optional(fields, key) { return amount }
        return try fields.amount(plainCounts ? key : "\(key)_set")
    }

    /// An amount, or `nil` where it is missing.
    func optional(_ fields: PayloadFields, _ key: String) throws(StorefrontError) -> ExactDecimal? {
        if let set = try fields.optionalFields("\(key)_set"), let money = try set.optionalFields(member),
            let amount = try money.optionalAmount("amount")
        {
            return amount
        }
        return plainCounts ? try fields.optionalAmount(key) : nil
    }

    /// An amount, or zero where it is missing.
    func amount(_ fields: PayloadFields, _ key: String) throws(StorefrontError) -> ExactDecimal {
        try optional(fields, key) ?? .zero
    }
}
