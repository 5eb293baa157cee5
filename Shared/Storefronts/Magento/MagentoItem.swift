import Accounting
import JSON

/// An item of an order, an invoice or a credit memo that carries money.
struct MagentoItem {
    let fields: PayloadFields
    /// The id of the order's item.
    let id: String
    /// Before discounts, without tax.
    let rowTotal: ExactDecimal
    /// What discounts take off, positive.
    let discount: ExactDecimal
    /// What of the discount was tax, where prices include it.
    let compensation: ExactDecimal
    let tax: ExactDecimal
    /// A fixed tax of the product, outside of the row's total.
    let fixedTax: ExactDecimal
    let percent: ExactDecimal?

    /// After discounts, without tax.
    var net: ExactDecimal { rowTotal - discount + compensation }

    private init(_ fields: PayloadFields, prefix: String) throws(StorefrontError) {
        self.fields = fields
        id = fields.optionalID("order_item_id") ?? fields.optionalID("item_id") ?? fields.optionalID("entity_id") ?? ""
        rowTotal = try fields.optionalAmount(prefix + "row_total") ?? .zero
        discount = (try fields.optionalAmount(prefix + "discount_amount") ?? .zero).magnitude
        compensation = try fields.optionalAmount(prefix + "discount_tax_compensation_amount") ?? .zero
        tax = try fields.optionalAmount(prefix + "tax_amount") ?? .zero
        fixedTax =
            try fields.optionalAmount(
                prefix.isEmpty ? "weee_tax_applied_row_amount" : "base_weee_tax_applied_row_amnt") ?? .zero
        percent = try fields.optionalAmount("tax_percent")
    }

    /// The item as a line of an order.
    func line(_ taxes: inout TaxTable, rates: [MagentoRate]?) throws(StorefrontError) -> CanonicalLine {
        let sku = fields.text("sku", limit: 255)
        let isGiftCard = fields.text("product_type") == "giftcard"
        var line = CanonicalLine(
            id: id, kind: isGiftCard ? .giftCard : .product, name: fields.text("name"), sku: sku.isEmpty ? nil : sku,
            quantity: try fields.optionalAmount(firstOf: ["qty_ordered", "qty"]) ?? ExactDecimal(1), net: net, tax: tax)
        if let rates {
            line.taxComponents = rates.map { $0.component(&taxes, kind: line.kind) }
        } else if let percent, !percent.isZero || tax.isZero {
            line.taxComponents = [taxes.add(code: "", percent: percent, amount: tax, on: line.kind)]
        }
        return line
    }

    // MARK: Which items count

    /// A product of several parts is listed with its parts, and only one side of it has the money: a configurable product
    /// itself, of a bundle the parts or the bundle, as its price is made.
    static func carryingMoney(_ document: PayloadFields, prefix: String) throws(StorefrontError) -> [MagentoItem] {
        let all = try document.objects("items")
        var children: [String: [PayloadFields]] = [:]
        for fields in all {
            if let parent = parent(of: fields) { children[parent, default: []].append(fields) }
        }
        var items: [MagentoItem] = []
        for fields in all {
            let item = try MagentoItem(fields, prefix: prefix)
            if let parent = parent(of: fields) {
                // A part whose owner is not listed stands for itself.
                if let owner = all.first(where: { $0.optionalID("item_id") == parent }),
                    try !partsCarry(owner, children[parent] ?? [], prefix)
                {
                    continue
                }
                items.append(item)
            } else if let parts = children[item.id], try partsCarry(fields, parts, prefix) {
                continue
            } else if document["order_id"] == nil || !item.rowTotal.isZero || !item.tax.isZero {
                // Invoices and credit memos do not say which item is a part: those without money are.
                items.append(item)
            }
        }
        return items
    }

    private static func parent(of fields: PayloadFields) -> String? {
        fields.optionalID("parent_item_id") ?? fields["parent_item"].flatMap { PayloadFields.identifier($0["item_id"]) }
    }

    private static func partsCarry(
        _ owner: PayloadFields, _ parts: [PayloadFields], _ prefix: String
    ) throws(StorefrontError) -> Bool {
        var sum = ExactDecimal.zero
        for part in parts { sum += try part.optionalAmount(prefix + "row_total") ?? .zero }
        if sum.isZero { return false }
        let own = try owner.optionalAmount(prefix + "row_total") ?? .zero
        if own.isZero { return true }
        guard owner.text("product_type") == "bundle" else { return false }
        // 0: the bundle's price is made of its parts'.
        return owner["product_options"]?["product_calculations"]?.decimal != ExactDecimal(1)
    }
}

/// What one rate makes of an item or of shipping.
struct MagentoRate {
    let code: String
    let title: String
    let percent: ExactDecimal?
    let amount: ExactDecimal

    func component(_ taxes: inout TaxTable, kind: LineKind) -> TaxComponent {
        taxes.add(code: code, label: title, percent: percent, amount: amount, on: kind)
    }

    /// The rates of each item by its id, and those of shipping under an empty id; `nil` where the order does not tell.
    static func byItem(_ document: MagentoDocument, side: OrderReading.Side?) throws(StorefrontError)
        -> [String: [MagentoRate]]?
    {
        guard let extensions = document.extensions else { return nil }
        let entries = try extensions.objects("item_applied_taxes")
        guard !entries.isEmpty else { return nil }
        let key = side == .store ? "base_amount" : "amount"
        var rates: [String: [MagentoRate]] = [:]
        for entry in entries {
            let id = entry.text("type") == "shipping" ? "" : entry.optionalID("item_id") ?? ""
            for tax in try entry.objects("applied_taxes") {
                rates[id, default: []].append(
                    MagentoRate(
                        code: tax.text("code", limit: 255), title: tax.text("title", limit: 255),
                        percent: try tax.optionalAmount("percent"), amount: try tax.amount(key)))
            }
        }
        return rates
    }
}
