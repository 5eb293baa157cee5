import Accounting
import JSON

/// An order as it grows through its life, and the JSON WooCommerce makes of it.
struct OrderDocument {
    /// Who buys.
    struct Buyer {
        var customerID: Int
        var firstName: String
        var lastName: String
        var email: String
        var city: String
        var postcode: String
    }

    var id: Int
    var currency: String
    var utcOffsetSeconds: Int
    var status = "pending"
    var createdAt: Instant
    var paidAt: Instant?
    var completedAt: Instant?
    var buyer: Buyer
    var payment: (method: String, title: String)
    var cart: Cart
    var calculated: CalculatedCart
    /// Moves the total away from the lines: a plugin's surcharge that no line shows.
    var surcharge = ExactDecimal.zero

    init(
        id: Int, currency: String, utcOffsetSeconds: Int, createdAt: Instant, buyer: Buyer,
        payment: (method: String, title: String), cart: Cart
    ) {
        self.id = id
        self.currency = currency
        self.utcOffsetSeconds = utcOffsetSeconds
        self.createdAt = createdAt
        self.buyer = buyer
        self.payment = payment
        self.cart = cart
        calculated = CartCalculator.calculate(cart)
    }

    /// The order's total as the shopper pays it.
    var total: ExactDecimal { calculated.total + surcharge }

    /// Replaces the cart, as an edit of an unpaid order does.
    mutating func recalculate(_ cart: Cart) {
        self.cart = cart
        calculated = CartCalculator.calculate(cart)
    }

    /// The id of the order's `index`th product, shipping or fee line; refunds refer to it.
    func itemID(_ index: Int) -> Int { id * 100 + index + 1 }
    var shippingOffset: Int { cart.items.count }
    var feeOffset: Int { cart.items.count + cart.shipping.count }
    private var taxOffset: Int { feeOffset + cart.fees.count }

    // MARK: JSON

    var json: JSONObject {
        var object: JSONObject = [
            "id": number(id), "parent_id": 0, "status": .string(status), "currency": .string(currency),
            "version": "10.3.5", "prices_include_tax": .bool(cart.pricesIncludeTax),
        ]
        addDate("date_created", createdAt, to: &object)
        let amounts = [
            ("discount_total", calculated.discount), ("discount_tax", calculated.discountTax),
            ("shipping_total", calculated.shippingTotal), ("shipping_tax", calculated.shippingTax),
            ("cart_tax", calculated.cartTax), ("total", total), ("total_tax", calculated.totalTax),
        ]
        for (key, amount) in amounts { object[key] = money(amount) }
        object["customer_id"] = number(buyer.customerID)
        object["order_key"] = .string("wc_order_\(String(UInt64(id) &* 0x9E37_79B9_7F4A_7C15, radix: 36).prefix(13))")
        object["billing"] = .object(address(withContact: true))
        object["shipping"] = .object(address(withContact: false))
        object["payment_method"] = .string(payment.method)
        object["payment_method_title"] = .string(payment.title)
        object["transaction_id"] = .string(paidAt == nil ? "" : "txn_\(id)")
        object["created_via"] = "checkout"
        object["customer_note"] = ""
        addDate("date_completed", completedAt, to: &object)
        addDate("date_paid", paidAt, to: &object)
        object["cart_hash"] = .string(String(UInt64(id) &* 0xBF58_476D_1CE4_E5B9, radix: 16))
        object["number"] = .string(String(id))
        object["meta_data"] = [["id": number(id * 10), "key": "is_vat_exempt", "value": "no"]]
        addLines(to: &object)
        object["currency_symbol"] = "$"
        return object
    }

    private func addLines(to object: inout JSONObject) {
        object["line_items"] = .array(cart.items.indices.map(item))
        object["tax_lines"] = .array(
            calculated.taxes.enumerated().map { index, tax in
                [
                    "id": number(itemID(taxOffset + index)), "rate_code": .string(tax.rate.code),
                    "rate_id": number(tax.rate.id), "label": .string(tax.rate.label),
                    "compound": .bool(tax.rate.isCompound), "tax_total": money(tax.cart),
                    "shipping_tax_total": money(tax.shipping),
                    "rate_percent": .number(decimalNumber(tax.rate.percent)), "meta_data": [],
                ]
            })
        object["shipping_lines"] = .array(
            cart.shipping.indices.map { index in
                var line = charge(cart.shipping[index], calculated.shipping[index], id: itemID(shippingOffset + index))
                line["method_title"] = .string(cart.shipping[index].title)
                line["method_id"] = "flat_rate"
                line["instance_id"] = .string(String(index + 1))
                return .object(line)
            })
        object["fee_lines"] = .array(
            cart.fees.indices.map { index in
                var line = charge(cart.fees[index], calculated.fees[index], id: itemID(feeOffset + index))
                line["name"] = .string(cart.fees[index].title)
                line["tax_class"] = ""
                line["tax_status"] = .string(cart.fees[index].rates.isEmpty ? "none" : "taxable")
                line["amount"] = .string(cart.fees[index].amount.description)
                return .object(line)
            })
        object["coupon_lines"] =
            cart.coupon.map { coupon in
                [
                    [
                        "id": number(itemID(taxOffset + calculated.taxes.count)), "code": .string(coupon.code),
                        "discount": money(calculated.discount), "discount_tax": money(calculated.discountTax),
                        "meta_data": [],
                    ]
                ]
            } ?? []
    }

    private func item(_ index: Int) -> JSONValue {
        let item = cart.items[index]
        let line = calculated.items[index]
        return [
            "id": number(itemID(index)), "name": .string(item.name), "product_id": number(item.productID),
            "variation_id": 0, "quantity": .number(decimalNumber(item.quantity)), "tax_class": "",
            "subtotal": money(line.subtotal), "subtotal_tax": money(line.subtotalTax), "total": money(line.total),
            "total_tax": money(line.totalTax), "taxes": taxes(line), "meta_data": [], "sku": .string(item.sku),
            "price": .number(PHPFloat.number(line.total.divided(by: item.quantity, scale: 10))),
            "image": ["id": "", "src": ""], "parent_name": .null,
        ]
    }

    private func charge(_ charge: CartCharge, _ line: CalculatedLine, id: Int) -> JSONObject {
        [
            "id": number(id), "total": money(line.total), "total_tax": money(line.totalTax), "taxes": taxes(line),
            "meta_data": [],
        ]
    }

    private func taxes(_ line: CalculatedLine) -> JSONValue {
        .array(
            line.taxes.enumerated().map { index, tax in
                let before = line.subtotalTaxes[index].amount
                return [
                    "id": number(tax.rate.id), "total": .string(tax.amount.trimmed),
                    "subtotal": .string(before.trimmed),
                ]
            })
    }

    private func address(withContact: Bool) -> JSONObject {
        var address: JSONObject = [
            "first_name": .string(buyer.firstName), "last_name": .string(buyer.lastName), "company": "",
            "address_1": .string("\(id % 89 + 1) Example Street"), "address_2": "", "city": .string(buyer.city),
            "state": "", "postcode": .string(buyer.postcode), "country": "AU",
        ]
        if withContact { address["email"] = .string(buyer.email) }
        address["phone"] = ""
        return address
    }

    private func addDate(_ key: String, _ instant: Instant?, to object: inout JSONObject) {
        object[key] = instant.map { .string(WooTime.text($0, utcOffsetSeconds: utcOffsetSeconds)) } ?? .null
        object[key + "_gmt"] = instant.map { .string(WooTime.text($0)) } ?? .null
    }
}

func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
func money(_ amount: ExactDecimal) -> JSONValue { .string(amount.description) }
func decimalNumber(_ value: ExactDecimal) -> JSONNumber { JSONNumber(text: value.trimmed) ?? JSONNumber(0) }
