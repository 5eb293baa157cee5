public import Accounting
public import JSON

/// Makes canonical orders of Magento 2's and Adobe Commerce's.
///
/// Amounts are read in the currency of the order unless the store's own is asked for; the two are never mixed. A snapshot is
/// an `order`, its `refunds` (credit memos) and its `invoices`, which say when it was paid.
public struct MagentoOrderParser: StorefrontOrderParser {
    /// Makes the canonical order of a snapshot.
    public static func order(from snapshot: JSONValue, reading: OrderReading) throws(StorefrontError) -> CanonicalOrder
    {
        let document = try MagentoDocument(snapshot["order"], kind: .order, side: reading.side)
        let fields = document.fields
        let id = try fields.id("entity_id")
        let total = try document.required("grand_total")
        let totals = OrderTotals(total: total, totalTax: try document.required("tax_amount"))
        var order = CanonicalOrder(
            platform: .magento, storeID: reading.storeID, orderID: id, currency: document.currency,
            createdAt: try fields.instant(firstOf: ["created_at"]), totals: totals)
        let number = fields.text("increment_id", limit: 200)
        order.number = number.isEmpty ? id : number
        order.status = try status(fields)
        order.modifiedAt = try fields.optionalInstant("updated_at") ?? order.createdAt
        order.customer = try customer(fields)
        var taxes = TaxTable()
        order.lines = try lines(document, side: reading.side, taxes: &taxes)
        order.taxes = taxes.taxes
        order.sums = try document.sums()
        order.paidAt = try paidAt(document, snapshot, createdAt: order.createdAt)
        order.tenders = try tenders(document)
        for memo in try documents("refunds", in: snapshot) {
            let part = try refund(memo, side: reading.side)
            order.refunds.append(part.refund)
            order.sums += part.sums
        }
        order.refunds = order.refunds.oldestFirst()
        try order.refunds.require(total: document.amount("total_refunded"), scale: document.currency.minorUnits)
        order.statedRate = try document.statedRate()
        order.note = fields.text("customer_note")
        order.customFields = customFields(fields)
        return order
    }

    // MARK: Parts

    private static func status(_ fields: PayloadFields) throws(StorefrontError) -> String {
        // Statuses can be renamed, states cannot.
        let word = fields.text(firstOf: ["state", "status"], limit: 64)
        guard !word.isEmpty else { throw StorefrontError(.malformed, "state is missing where a word should be") }
        return words[word] ?? word
    }

    private static let words = [
        "new": OrderStatus.pending, "pending_payment": OrderStatus.pending, "processing": OrderStatus.processing,
        "complete": OrderStatus.completed, "closed": OrderStatus.refunded, "canceled": OrderStatus.cancelled,
        "holded": OrderStatus.onHold, "payment_review": OrderStatus.onHold,
    ]

    private static func customer(_ order: PayloadFields) throws(StorefrontError) -> CanonicalCustomer {
        let billing = try billingAddress(order)
        var customer = CanonicalCustomer(id: order.flag("customer_is_guest") ? nil : order.optionalID("customer_id"))
        let first = order.text("customer_firstname", limit: 255)
        let last = order.text("customer_lastname", limit: 255)
        customer.firstName = first.isEmpty ? billing?.text("firstname", limit: 255) ?? "" : first
        customer.lastName = last.isEmpty ? billing?.text("lastname", limit: 255) ?? "" : last
        customer.email = order.text("customer_email", limit: 320)
        guard let billing else { return customer }
        if customer.email.isEmpty { customer.email = billing.text("email", limit: 320) }
        customer.company = billing.text("company", limit: 255)
        customer.phone = billing.text("telephone", limit: 100)
        customer.taxNumber = billing.text("vat_id", limit: 50)
        if customer.taxNumber.isEmpty { customer.taxNumber = order.text("customer_taxvat", limit: 50) }
        var address = billing.address(
            lines: [], city: "city", region: ["region_code", "region"], postalCode: "postcode", country: ["country_id"])
        let street = billing["street"]?.array?.compactMap(\.string) ?? [billing["street"]?.string ?? ""]
        address.lines = street.flatMap { $0.split(separator: "\n") }.map {
            PayloadFields.cleaned(String($0), limit: 500)
        }
        .filter { !$0.isEmpty }
        customer.address = address
        return customer
    }

    /// The API gives the billing address a field of its own; events give a list or a map of addresses.
    private static func billingAddress(_ order: PayloadFields) throws(StorefrontError) -> PayloadFields? {
        if let address = try order.optionalFields("billing_address") { return address }
        return try order.entries("addresses").first {
            $0.key == "billing" || $0.fields.text("address_type") == "billing"
        }?.fields
    }

    private static func lines(
        _ document: MagentoDocument, side: OrderReading.Side?, taxes: inout TaxTable
    ) throws(StorefrontError) -> [CanonicalLine] {
        let rates = try MagentoRate.byItem(document, side: side)
        let fixedTaxes = try document.productTaxesAreBesideSubtotal()
        var lines: [CanonicalLine] = []
        var fees: [CanonicalLine] = []
        for item in document.items {
            // An item without rates of its own, where the order tells them, is not taxed.
            lines.append(try item.line(&taxes, rates: rates.map { $0[item.id] ?? [] }))
            if fixedTaxes, !item.fixedTax.isZero {
                fees.append(
                    CanonicalLine(
                        id: "fixed-tax-\(item.id)", kind: .fee, name: "Fixed tax: \(item.fields.text("name"))",
                        net: item.fixedTax))
            }
        }
        if let shipping = try document.shipping() {
            let name = document.fields.text("shipping_description")
            var line = CanonicalLine(
                id: "shipping", kind: .shipping, name: name, net: shipping.net, tax: shipping.tax)
            if let rates {
                line.taxComponents = (rates[""] ?? []).map { $0.component(&taxes, kind: .shipping) }
            } else if let percent = percent(of: shipping, among: document) {
                line.taxComponents = [taxes.add(code: "", percent: percent, amount: shipping.tax, on: .shipping)]
            }
            lines.append(line)
        }
        for (index, part) in try document.giftWrapping().enumerated() {
            var line = CanonicalLine(
                id: "gift-wrapping-\(index)", kind: .fee, name: part.name, net: part.net, tax: part.tax)
            if let percent = percent(of: (part.net, part.tax), among: document) {
                line.taxComponents = [taxes.add(code: "", percent: percent, amount: part.tax, on: .fee)]
            }
            fees.append(line)
        }
        return lines + fees
    }

    /// The rate, of those the items have, that makes this tax of this amount; a cent may be rounding.
    private static func percent(
        of amount: (net: ExactDecimal, tax: ExactDecimal), among document: MagentoDocument
    ) -> ExactDecimal? {
        if amount.tax.isZero { return .zero }
        let unit = ExactDecimal(units: 1, scale: document.currency.minorUnits)
        return Set(document.items.compactMap(\.percent)).filter { percent in
            let exact = amount.net.multiplied(by: percent)?.multiplied(by: ExactDecimal(units: 1, scale: 2))
            return exact.map { ($0 - amount.tax).magnitude <= unit } ?? false
        }.min()
    }

    /// An order is paid when its last invoice was; without invoices at hand, the order's own time stands for that.
    private static func paidAt(
        _ document: MagentoDocument, _ snapshot: JSONValue, createdAt: Instant
    ) throws(StorefrontError) -> Instant? {
        let total = try document.required("grand_total")
        let paid = try document.amount("total_paid")
        let open = ["new", "pending_payment", "holded", "payment_review", "canceled"]
        guard total.isZero ? !open.contains(document.fields.text("state")) : paid >= total else { return nil }
        var latest: Instant?
        for invoice in try documents("invoices", in: snapshot) {
            let fields = try PayloadFields(invoice, path: "invoices")
            guard try fields.optionalAmount("state") == ExactDecimal(2),
                let made = try fields.optionalInstant("created_at")
            else { continue }
            latest = max(latest ?? made, made)
        }
        return latest ?? createdAt
    }

    private static func tenders(_ document: MagentoDocument) throws(StorefrontError) -> [Tender] {
        let payment = try document.fields.optionalFields("payment")
        let information = payment?["additional_information"]
        let title = information?["method_title"]?.string ?? information?.array?.first?.string ?? ""
        let money = Tender(
            kind: .money, method: payment?.text("method", limit: 255) ?? "",
            title: PayloadFields.cleaned(title, limit: 255), amount: try document.required("grand_total"),
            reference: payment?.text("last_trans_id", limit: 255) ?? "")
        return Storefronts.tenders(
            money: [money],
            owed: try document.redeemed().map {
                Tender(
                    kind: $0.kind, method: $0.key, title: $0.name.prefix(1).uppercased() + $0.name.dropFirst(),
                    amount: $0.amount)
            })
    }

    private static func customFields(_ order: PayloadFields) -> [String: String] {
        var fields = order.customFields(["status", "coupon_code", "customer_taxvat", "store_name"])
        if let billing = try? billingAddress(order) {
            fields.merge(billing.customFields(["vat_id"])) { first, _ in first }
        }
        if let payment = try? order.optionalFields("payment") {
            fields.merge(payment.customFields(["po_number"])) { first, _ in first }
        }
        return fields
    }

    /// The documents below a key of a snapshot: a list, or the answer to a search.
    static func documents(_ key: String, in snapshot: JSONValue) throws(StorefrontError) -> [JSONValue] {
        switch snapshot[key] {
        case nil, .null: return []
        case .array(let documents): return documents
        case .some(let value):
            guard let documents = value["items"]?.array else {
                throw StorefrontError(.malformed, "\(key) is \(value.kind) where a list should be")
            }
            return documents
        }
    }
}
