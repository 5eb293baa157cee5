import Accounting
import JSON

/// Builds the refunds of an order: by line, of shipping, or an amount without lines.
struct RefundDocument {
    /// One refunded line: which, how many of it, and the share of its amounts.
    struct Part {
        var json: JSONObject
        var amount: ExactDecimal
        var isShipping: Bool
        var isFee: Bool
    }

    let order: OrderDocument
    /// Counts the order's refunds from 1; makes their ids.
    let index: Int
    let createdAt: Instant

    var id: Int { order.id + index }

    /// A refund of an amount; parts explain it, or nothing does.
    func json(amount: ExactDecimal, reason: String, parts: [Part]) -> JSONObject {
        [
            "id": number(id),
            "date_created": .string(WooTime.text(createdAt, utcOffsetSeconds: order.utcOffsetSeconds)),
            "date_created_gmt": .string(WooTime.text(createdAt)), "amount": .string(amount.fixed(2)),
            "reason": .string(reason), "refunded_by": 1, "refunded_payment": false, "meta_data": [],
            "line_items": .array(parts.filter { !$0.isShipping && !$0.isFee }.map { .object($0.json) }),
            "shipping_lines": .array(parts.filter(\.isShipping).map { .object($0.json) }), "tax_lines": [],
            "fee_lines": .array(parts.filter(\.isFee).map { .object($0.json) }),
        ]
    }

    /// So many of a product line, at what was paid for each; as its rest, whatever the others left of the line.
    func product(_ index: Int, quantity: ExactDecimal, isRest: Bool = false) -> Part {
        let item = order.cart.items[index]
        let line = order.calculated.items[index]
        let share = Share(quantity: quantity, whole: item.quantity, isRest: isRest)
        var (json, amount) = amounts(line, share, itemID: order.itemID(index), part: index)
        json["name"] = .string(item.name)
        json["product_id"] = number(item.productID)
        json["variation_id"] = 0
        json["quantity"] = .number(decimalNumber(-quantity))
        json["tax_class"] = ""
        json["subtotal"] = json["total"]
        json["subtotal_tax"] = json["total_tax"]
        json["sku"] = .string(item.sku)
        json["price"] = .number(PHPFloat.number(line.total.divided(by: item.quantity, scale: 10)))
        return Part(json: json, amount: amount, isShipping: false, isFee: false)
    }

    /// A whole shipping line.
    func shipping(_ index: Int) -> Part {
        let position = order.shippingOffset + index
        var (json, amount) = amounts(
            order.calculated.shipping[index], .everything, itemID: order.itemID(position), part: position)
        json["method_title"] = .string(order.cart.shipping[index].title)
        json["method_id"] = "flat_rate"
        json["instance_id"] = .string(String(index + 1))
        return Part(json: json, amount: amount, isShipping: true, isFee: false)
    }

    /// A whole fee.
    func fee(_ index: Int) -> Part {
        let position = order.feeOffset + index
        var (json, amount) = amounts(
            order.calculated.fees[index], .everything, itemID: order.itemID(position), part: position)
        json["name"] = .string(order.cart.fees[index].title)
        json["tax_class"] = ""
        json["tax_status"] = "taxable"
        return Part(json: json, amount: amount, isShipping: false, isFee: true)
    }

    /// Everything the order charged.
    func everything() -> [Part] {
        order.cart.items.indices.map { product($0, quantity: order.cart.items[$0].quantity) }
            + order.cart.shipping.indices.map(shipping) + order.cart.fees.indices.map(fee)
    }

    private struct Share {
        static let everything = Share(quantity: ExactDecimal(1), whole: ExactDecimal(1), isRest: false)
        let quantity: ExactDecimal
        let whole: ExactDecimal
        let isRest: Bool

        /// The share of an amount; a rest is what is left of the rounded amount, so that shares add up to it.
        func of(_ amount: ExactDecimal, _ rounded: (ExactDecimal) -> ExactDecimal) -> ExactDecimal {
            func portion(_ quantity: ExactDecimal) -> ExactDecimal {
                rounded((amount * quantity).divided(by: whole, scale: 8))
            }
            return isRest ? rounded(amount) - portion(whole - quantity) : portion(quantity)
        }
    }

    private func amounts(
        _ line: CalculatedLine, _ share: Share, itemID: Int, part: Int
    ) -> (JSONObject, ExactDecimal) {
        let halfDown = order.cart.pricesIncludeTax
        let taxes = line.taxes.map { tax in
            let amount = share.of(tax.amount) { halfDown ? $0.roundedHalfDown(scale: 2) : $0.rounded(scale: 2) }
            return (rate: tax.rate, amount: amount)
        }
        let tax = taxes.map(\.amount).sum()
        let total = share.of(line.total) { $0.rounded(scale: 2) }
        let json: JSONObject = [
            "id": number(id * 100 + part + 1), "total": money(-total), "total_tax": money(-tax),
            "taxes": .array(
                taxes.map { tax in
                    ["id": number(tax.rate.id), "total": .string((-tax.amount).trimmed), "subtotal": ""]
                }),
            "meta_data": [
                ["id": number(id * 100 + part + 50), "key": "_refunded_item_id", "value": .string(String(itemID))]
            ],
        ]
        return (json, total + tax)
    }
}
