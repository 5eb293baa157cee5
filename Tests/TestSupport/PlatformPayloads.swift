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

    /// Prices with GST of 10 % in them, a discount, a gift card sold, shipping, a tip; paid in cash, rounded to five cents, and
    /// with a gift card; a mug and some of the shipping were given back. The customer saw Australian dollars.
    public static let shopify = #"""
        {"order":{"id":9001,"name":"#1051","order_number":1051,"currency":"NZD","presentment_currency":"AUD",
        "created_at":"2026-04-01T09:00:00+10:00","processed_at":"2026-04-01T09:00:05+10:00",
        "updated_at":"2026-04-03T12:00:00+10:00","financial_status":"partially_refunded","fulfillment_status":"fulfilled",
        "taxes_included":true,"email":"jo@mugs.example","note":null,"po_number":"PO-7",
        "payment_gateway_names":["cash","gift_card"],
        "total_price":"138.52","total_price_set":{"shop_money":{"amount":"138.52","currency_code":"NZD"},
        "presentment_money":{"amount":"126.50","currency_code":"AUD"}},
        "subtotal_price":"124.50","total_discounts":"5.50","total_tax":"7.77","total_tip_received":"3.02",
        "total_cash_rounding_payment_adjustment_set":{"shop_money":{"amount":"-0.02","currency_code":"NZD"},
        "presentment_money":{"amount":"-0.02","currency_code":"AUD"}},
        "tax_lines":[{"title":"GST","rate":0.1,"price":"7.77"}],
        "customer":{"id":77,"email":"jo@mugs.example","first_name":"Jo","last_name":"Tan"},
        "billing_address":{"first_name":"Jo","last_name":"Tan","address1":"5 Quay","address2":null,"city":"Napier",
        "province":"Hawke's Bay","province_code":"HKB","zip":"4110","country":"New Zealand","country_code":"NZ"},
        "line_items":[
        {"id":1,"name":"Mug","sku":"MUG","quantity":2,"price":"40.00","gift_card":false,"total_discount":"0.00",
        "discount_allocations":[{"amount":"5.50"}],"tax_lines":[{"title":"GST","rate":0.1,"price":"6.77"}]},
        {"id":2,"name":"Gift card","sku":"","quantity":1,"price":"50.00","gift_card":true,"discount_allocations":[],
        "tax_lines":[]}],
        "shipping_lines":[{"id":3,"title":"Post","price":"11.00","discount_allocations":[],
        "tax_lines":[{"title":"GST","rate":0.1,"price":"1.00"}]}],
        "note_attributes":[{"name":"gift wrap","value":"no"}],
        "transactions":[{"id":1,"kind":"authorization","status":"success","gateway":"cash","amount":"88.50"},
        {"id":4,"kind":"sale","status":"success","gateway":"cash","amount":"88.50","currency":"NZD",
        "processed_at":"2026-04-01T09:01:00+10:00"},
        {"id":5,"kind":"sale","status":"failure","gateway":"cash","amount":"1.00","currency":"NZD"},
        {"id":6,"kind":"sale","status":"success","gateway":"gift_card","amount":"50.00","currency":"NZD",
        "processed_at":"2026-04-01T09:00:30+10:00"}],
        "refunds":[{"id":8,"created_at":"2026-04-03T12:00:00+10:00","note":"chipped",
        "refund_line_items":[{"id":81,"line_item_id":1,"quantity":1,"subtotal":37.25,"total_tax":3.39,
        "line_item":{"id":1,"name":"Mug","gift_card":false}}],
        "order_adjustments":[{"id":82,"kind":"shipping_refund","amount":"-4.00","tax_amount":"-0.36"}],
        "transactions":[{"id":9,"kind":"refund","status":"success","gateway":"cash","amount":"41.25","currency":"NZD"}]},
        {"id":7,"created_at":"2026-04-02T12:00:00+10:00","refund_line_items":[{"id":71,"line_item_id":1,"quantity":1,
        "subtotal":37.25,"total_tax":3.39}],"order_adjustments":[],"transactions":[]}]}}
        """#

    /// Tax on top, asked of the GraphQL Admin API.
    public static let shopifyGraphQL = #"""
        {"data":{"order":{"id":"gid://shopify/Order/9002","name":"#1052","currencyCode":"USD",
        "presentmentCurrencyCode":"USD","createdAt":"2026-04-01T09:00:00Z","updatedAt":"2026-04-01T09:30:00Z",
        "displayFinancialStatus":"PAID","displayFulfillmentStatus":"UNFULFILLED","taxesIncluded":false,
        "email":"al@hats.example","paymentGatewayNames":["shopify_payments"],
        "totalPriceSet":{"shopMoney":{"amount":"27.50","currencyCode":"USD"}},
        "subtotalPriceSet":{"shopMoney":{"amount":"20.00","currencyCode":"USD"}},
        "totalTaxSet":{"shopMoney":{"amount":"2.50","currencyCode":"USD"}},
        "taxLines":[{"title":"State","ratePercentage":10,"priceSet":{"shopMoney":{"amount":"2.50"}}}],
        "lineItems":{"nodes":[{"id":"gid://shopify/LineItem/1","name":"Hat","quantity":2,"isGiftCard":false,
        "originalUnitPriceSet":{"shopMoney":{"amount":"12.50"}},
        "discountAllocations":[{"allocatedAmountSet":{"shopMoney":{"amount":"5.00"}}}],
        "taxLines":[{"title":"State","ratePercentage":10,"priceSet":{"shopMoney":{"amount":"2.00"}}}]}],
        "pageInfo":{"hasNextPage":false}},
        "shippingLines":{"edges":[{"node":{"id":"gid://shopify/ShippingLine/2","title":"Air",
        "originalPriceSet":{"shopMoney":{"amount":"5.00"}},"discountAllocations":[],
        "taxLines":[{"title":"State","ratePercentage":10,"priceSet":{"shopMoney":{"amount":"0.50"}}}]}}]},
        "billingAddress":{"firstName":"Al","lastName":"Reed","address1":"2 Row","city":"Bend","zip":"97701",
        "provinceCode":"OR","countryCodeV2":"US"},
        "transactions":[{"id":"gid://shopify/OrderTransaction/3","kind":"SALE","status":"SUCCESS",
        "gateway":"shopify_payments","amountSet":{"shopMoney":{"amount":"27.50"}},
        "processedAt":"2026-04-01T09:00:10Z"}],"refunds":[]}}}
        """#

    /// VAT of 10 % in prices, a local tax of 5 % on top of goods, a discount of the order, shipping, a surcharge of the payment,
    /// a gift certificate sold and one redeemed. Taxes are told item by item.
    public static let cscart = #"""
        {"order":{"order_id":"210","is_parent_order":"N","company_id":"1","user_id":"9","status":"P",
        "timestamp":"1772000000","updated_at":"1772003600","total":"170.21","subtotal":170,"subtotal_discount":"12.00",
        "payment_surcharge":"3.30","shipping_cost":"11.00","tax_subtotal":4.91,"notes":"Ring twice","email":"li@pots.example",
        "firstname":"Li","lastname":"Wu","company":"Pots","b_firstname":"Li","b_lastname":"Wu","b_address":"3 Kiln Rd",
        "b_address_2":"","b_city":"Leeds","b_state":"","b_country":"GB","b_zipcode":"LS1 1AA","b_phone":"0113",
        "payment_id":"2","payment_method":{"payment":"Card","surcharge_title":"Card fee"},"payment_info":[],
        "fields":{"37":"GB123","38":""},"promotions":[],
        "products":{"111":{"item_id":"111","product":"Pot &amp; lid","product_code":"POT","price":"40.00","amount":"2",
        "tax_value":0},"222":{"item_id":"222","product":"Vase","product_code":"VASE","price":40,"amount":1}},
        "gift_certificates":{"c1":{"gift_cert_code":"GC-1","amount":"50.00"}},
        "use_gift_certificates":{"GC-9":{"gift_cert_id":"4","amount":"10.00","cost":7}},"shipping":[{"shipping":"Van","rate":28}],
        "taxes":{"6":{"rate_type":"P","rate_value":"10.000","price_includes_tax":"Y","description":"VAT",
        "tax_subtotal":11.12,"applies":{"P_111":6.545,"P_222":3.2725,"S_0_1":1.0,"PS_2":0.3,"items":{"P":{},"S":[]}}},
        "7":{"rate_type":"P","rate_value":"5.000","price_includes_tax":"N","description":"Local","tax_subtotal":4.91,
        "applies":{"P":4.91,"S":0,"items":{"S":[],"P":{"111":true,"222":true}}}}}}}
        """#

    /// Sales tax on top, a discount of the order, shipping, a fee; a part went back.
    public static let xcart = #"""
        {"order":{"id":310,"order_number":"00310","total":104.95,"sub_total":100,"currency":"EUR","email":"bo@nets.example",
        "create_date":"2026-05-01T10:00:00+00:00","update_date":"2026-05-03T10:00:00+00:00",
        "payment_status":{"code":"PP"},"shipping_method_name":"Boat","customer_id":12,"notes":"",
        "items":[{"id":1,"sku":"NET","name":"Net","price":30,"amount":2,
        "surcharges":[{"type":"tax","code":"TAX.1","include":false,"available":true,"value":5.4000}]},
        {"id":2,"sku":"FLOAT","name":"Float","price":40,"amount":1,
        "surcharges":[{"type":"tax","code":"TAX.1","include":false,"available":true,"value":3.6}]}],
        "surcharges":[{"type":"discount","code":"DC","include":false,"available":true,"value":-10.0,"name":"Sale"},
        {"type":"shipping","code":"SHIPPING","include":false,"available":true,"value":5.0,"name":"Delivery"},
        {"type":"handling","code":"COD","include":false,"available":true,"value":0.4501,"name":"Collection"},
        {"type":"shipping","code":"OLD","include":false,"available":false,"value":99,"name":"Gone"},
        {"type":"tax","code":"TAX.1","include":false,"available":true,"value":9.4999,"name":"Harbour tax"}],
        "billing_address":{"firstname":"Bo","lastname":"Ek","street":"1 Pier","city":"Turku","zipcode":"20100",
        "country_code":"FI","phone":"+358"}},
        "transactions":[{"id":70,"type":"sale","status":"S","value":104.95,"method_name":"Card","date":1777630000},
        {"id":71,"type":"sale","status":"F","value":104.95,"method_name":"Card","date":1777620000},
        {"id":72,"type":"refund","status":"S","value":20.00,"date":1777800000}]}
        """#

    /// Tax on top, a coupon, shipping, store credit spent; a product was given back.
    public static let bigcommerce = #"""
        {"order":{"id":410,"customer_id":15,"status_id":14,"status":"Partially Refunded","payment_status":"partially refunded",
        "date_created":"Fri, 01 May 2026 10:00:00 +0000","date_modified":"Mon, 04 May 2026 09:00:00 +0000",
        "currency_code":"EUR","default_currency_code":"EUR","payment_method":"Card","payment_provider_id":"p-9",
        "subtotal_ex_tax":"100.0000","subtotal_inc_tax":"110.0000","subtotal_tax":"9.0000",
        "shipping_cost_ex_tax":"10.0000","shipping_cost_inc_tax":"11.0000","shipping_cost_tax":"1.0000",
        "handling_cost_ex_tax":"0.0000","handling_cost_inc_tax":"0.0000","handling_cost_tax":"0.0000",
        "discount_amount":"0.0000","coupon_discount":"10.0000","total_ex_tax":"100.0000","total_inc_tax":"110.0000",
        "total_tax":"10.0000","store_credit_amount":"15.0000","gift_certificate_amount":"0.0000",
        "refunded_amount":"29.7000","customer_message":"","is_deleted":false,
        "billing_address":{"first_name":"Mo","last_name":"Day","company":"","street_1":"7 Elm","street_2":"","city":"Cork",
        "state":"Munster","zip":"T12","country":"Ireland","country_iso2":"IE","phone":"1","email":"mo@caps.example"}},
        "products":[{"id":1,"name":"Cap","sku":"CAP","type":"physical","quantity":2,"total_ex_tax":"60.0000",
        "total_inc_tax":"66.0000","total_tax":"6.0000","applied_discounts":[{"id":"coupon","amount":"6.0000"}]},
        {"id":2,"name":"Scarf","sku":"SCARF","type":"physical","quantity":1,"total_ex_tax":"40.0000",
        "total_inc_tax":"44.0000","total_tax":"4.0000","applied_discounts":[{"id":"coupon","amount":"4.0000"}]}],
        "taxes":[{"line_item_type":"item","order_product_id":1,"name":"VAT","rate":"10.0000","line_amount":"6.0000"},
        {"line_item_type":"item","order_product_id":2,"name":"VAT","rate":"10.0000","line_amount":"4.0000"},
        {"line_item_type":"shipping","order_product_id":null,"name":"VAT","rate":"10.0000","line_amount":"1.0000"}],
        "refunds":[{"id":5,"order_id":410,"created":"2026-05-04T09:00:00+00:00","reason":"torn","total_amount":29.70,
        "total_tax":2.70,"items":[{"item_type":"PRODUCT","item_id":1,"quantity":1,"requested_amount":27}],
        "payments":[{"provider_id":"braintree","amount":29.70}]}]}
        """#
}
