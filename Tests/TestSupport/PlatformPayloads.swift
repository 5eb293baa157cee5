public import JSON

/// Orders as each platform words them, one small one each, invented for tests.
public enum PlatformPayloads {
    /// The snapshot with a member of its order changed, or removed if `nil`.
    public static func changed(_ text: String, _ key: String, _ value: JSONValue?) throws -> JSONValue {
        guard case .object(var snapshot) = try JSONValue(parsing: text), var order = snapshot["order"]?.object else {
            return .null
        }
        order[key] = value
        snapshot["order"] = .object(order)
        return .object(snapshot)
    }

    /// A configurable lamp and two bulbs, 10 % off, VAT of 20 %, shipping, paid with a gift card, store credit and a card; one
    /// bulb was given back.
    public static let magento = #"""
        {"order":{"entity_id":"51","increment_id":"100000051","state":"processing","status":"packing_now",
        "created_at":"2026-03-01 22:30:00","updated_at":"2026-03-05 10:00:01","order_currency_code":"EUR",
        "base_currency_code":"GBP","base_to_order_rate":"1.2500","customer_id":7,"customer_is_guest":0,
        "customer_email":"ida@lamps.example","customer_firstname":"Ida","customer_lastname":"Kern",
        "subtotal":"120.0000","discount_amount":"-12.0000","discount_tax_compensation_amount":0,"shipping_amount":10,
        "shipping_discount_amount":0,"shipping_tax_amount":2,"shipping_description":"Courier","tax_amount":"23.6000",
        "grand_total":126.6000,"total_paid":126.6,"total_refunded":10.8,"coupon_code":"SPRING",
        "base_subtotal":96,"base_discount_amount":-9.6,"base_shipping_amount":8,"base_shipping_tax_amount":1.6,
        "base_tax_amount":18.88,"base_grand_total":101.28,"base_total_paid":101.28,"base_total_refunded":8.64,
        "items":[
        {"item_id":1,"product_type":"configurable","sku":"LAMP-RED","name":"Lamp","qty_ordered":1,"row_total":100,
        "discount_amount":10,"tax_amount":18,"tax_percent":20,"base_row_total":80,"base_discount_amount":8,
        "base_tax_amount":14.4},
        {"item_id":2,"parent_item_id":1,"product_type":"simple","sku":"LAMP-RED","name":"Lamp, red","qty_ordered":1,
        "row_total":0,"tax_amount":0,"tax_percent":0},
        {"item_id":3,"product_type":"simple","sku":"BULB","name":"Bulb","qty_ordered":"2.0000","row_total":"20.0000",
        "discount_amount":"2.0000","tax_amount":"3.6000","tax_percent":"20.0000","base_row_total":16,
        "base_discount_amount":1.6,"base_tax_amount":2.88}],
        "billing_address":{"firstname":"Ida","lastname":"Kern","company":"Kern & Co","street":["Hafen 1","Haus B"],
        "city":"Kiel","region":"Schleswig-Holstein","region_code":"SH","postcode":"24103","country_id":"DE",
        "telephone":"0431","vat_id":"DE1","address_type":"billing"},
        "payment":{"method":"stripe","last_trans_id":"ch_51","additional_information":["Card"],"po_number":"PO-9"},
        "extension_attributes":{"gift_cards_amount":10,"base_gift_cards_amount":8,"customer_balance_amount":5,
        "base_customer_balance_amount":4}},
        "invoices":[{"entity_id":8,"state":2,"created_at":"2026-03-01 23:30:00"}],
        "refunds":[{"entity_id":6,"order_id":51,"created_at":"2026-03-05 10:00:00","order_currency_code":"EUR",
        "base_currency_code":"GBP","grand_total":10.8,"base_grand_total":8.64,"subtotal":10,"base_subtotal":8,
        "discount_amount":-1,"base_discount_amount":-0.8,"tax_amount":1.8,"base_tax_amount":1.44,
        "shipping_amount":0,"adjustment_positive":0,"adjustment_negative":0,
        "items":[{"entity_id":9,"order_item_id":3,"name":"Bulb","sku":"BULB","qty":1,"row_total":10,
        "discount_amount":1,"tax_amount":1.8,"base_row_total":8,"base_discount_amount":0.8,"base_tax_amount":1.44},
        {"entity_id":10,"order_item_id":2,"name":"Lamp, red","sku":"LAMP-RED","qty":0}]}]}
        """#
}
