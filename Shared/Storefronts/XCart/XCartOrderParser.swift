public import Accounting
public import JSON

/// Makes canonical orders of X-Cart's: those of the API since 5.5, and both schemas of the one before.
///
/// Payments, and what went back, stand in `transactions` beside the order: a status of *partially paid* says either.
public struct XCartOrderParser: StorefrontOrderParser {
    /// Makes the canonical order of a snapshot.
    public static func order(from snapshot: JSONValue, reading: OrderReading) throws(StorefrontError) -> CanonicalOrder
    {
        let fields = try PayloadFields(snapshot["order"], path: "")
        guard let id = ["id", "order_id", "orderId"].lazy.compactMap({ fields.optionalID($0) }).first else {
            throw StorefrontError(.malformed, "id is missing where an id should be")
        }
        guard fields["items"]?.array != nil else {
            throw StorefrontError(.incomplete, "items not read yet: the order is an excerpt without them")
        }
        let currency = try currency(fields, snapshot, reading)
        let lines = try XCartLines(order: fields, currency: currency)
        let payments = try XCartPayments(order: fields, snapshot: snapshot)
        let total = try fields.amount("total")
        var order = CanonicalOrder(
            platform: .xcart, storeID: reading.storeID, orderID: id, currency: currency,
            createdAt: try fields.instant(firstOf: ["create_date", "date", "orderDate"]),
            totals: OrderTotals(total: total, totalTax: lines.totalTax))
        let number = fields.text(firstOf: ["order_number", "orderNumber"], limit: 200)
        order.number = number.isEmpty ? id : number
        order.status = payments.status
        order.claimsFullRefund = payments.code == "R"
        order.modifiedAt = order.createdAt
        for key in ["update_date", "lastRenewDate", "updateDate"] {
            if let instant = try fields.optionalInstant(key) { order.modifiedAt = instant }
        }
        order.paidAt = payments.isPaid ? payments.paidAt ?? order.createdAt : nil
        order.customer = try customer(fields)
        order.lines = lines.lines
        order.taxes = lines.taxes.taxes
        order.pricesIncludeTax = lines.hasIncludedTax
        order.tenders = tenders(money: [payments.tender(total: total)], owed: [])
        order.refunds = payments.refunds
        order.sums = try lines.sums(fields)
        order.note = fields.text(firstOf: ["notes", "customerNotes"])
        order.customFields = fields.customFields(["selected_multi_currency", "coupon"])
        return order
    }

    // MARK: Parts

    private static func currency(
        _ order: PayloadFields, _ snapshot: JSONValue, _ reading: OrderReading
    ) throws(StorefrontError) -> Currency {
        let named = order["currency"]?["code"]?.string ?? order["currency"]?.string ?? snapshot["currency"]?.string
        guard let named, !named.isEmpty else {
            guard let currency = reading.currency else {
                throw StorefrontError(
                    .incomplete, "currency not read yet: this schema of X-Cart does not name it, the snapshot must")
            }
            return currency
        }
        guard let currency = Currency(named) else {
            throw StorefrontError(.malformed, "currency '\(named.prefix(8))' is none of ISO 4217")
        }
        return currency
    }

    private static func customer(_ order: PayloadFields) throws(StorefrontError) -> CanonicalCustomer {
        let profile = try order.optionalFields(firstOf: ["profile", "customerInfo"])
        var customer = CanonicalCustomer(id: order.optionalID("customer_id") ?? profile?.optionalID("profile_id"))
        customer.email = order.text("email", limit: 320)
        if customer.email.isEmpty { customer.email = profile?.text(firstOf: ["login", "email"], limit: 320) ?? "" }
        let known = try profile?.objects("addresses").first
        guard let billing = try order.optionalFields(firstOf: ["billing_address", "billingInfo"]) ?? known else {
            return customer
        }
        customer.firstName = billing.text(firstOf: ["firstname", "first_name", "firstName"], limit: 255)
        customer.lastName = billing.text(firstOf: ["lastname", "last_name", "lastName"], limit: 255)
        customer.company = billing.text(firstOf: ["company", "custom_company"], limit: 255)
        customer.phone = billing.text("phone", limit: 100)
        var address = billing.address(
            lines: ["street", "address", "address1", "address2"], city: "city",
            region: ["state_code", "state", "custom_state"],
            postalCode: "zipcode", country: ["country_code", "country"])
        if address.country.isEmpty { address.country = billing["country"]?["code"]?.string ?? "" }
        if address.region.isEmpty { address.region = billing["state"]?["code"]?.string ?? "" }
        customer.address = address
        return customer
    }
}
