import JSON

/// Turns what the GraphQL Admin API answers into the words of the REST Admin API: one parser reads both.
enum ShopifyGraphQL {
    /// The snapshot in the words of REST; one that is in them already stays as it is.
    static func asREST(_ snapshot: JSONValue) throws(StorefrontError) -> JSONValue {
        guard snapshot["order"]?["lineItems"] != nil else { return snapshot }
        return try converted(snapshot, path: "", depth: 0)
    }

    private static func converted(_ value: JSONValue, path: String, depth: Int) throws(StorefrontError) -> JSONValue {
        guard depth < 32 else { throw StorefrontError(.malformed, "\(path) is nested too deep") }
        switch value {
        case .object(let object):
            if let list = try connection(object, path: path) {
                return try converted(.array(list), path: path, depth: depth + 1)
            }
            var result = JSONObject()
            for (key, member) in object {
                let inside = path.isEmpty ? key : "\(path).\(key)"
                result[renamed(key)] = try converted(member, path: inside, depth: depth + 1)
            }
            return .object(result)
        case .array(let values):
            var result: [JSONValue] = []
            result.reserveCapacity(values.count)
            for value in values { result.append(try converted(value, path: path, depth: depth + 1)) }
            return .array(result)
        case .string(let text): return identifier(text) ?? value
        case .null, .bool, .number: return value
        }
    }

    /// The nodes of a connection, all of which must be there.
    private static func connection(_ object: JSONObject, path: String) throws(StorefrontError) -> [JSONValue]? {
        guard let nodes = object["nodes"]?.array ?? object["edges"]?.array?.map({ $0["node"] ?? .null }) else {
            return nil
        }
        if object["pageInfo"]?["hasNextPage"]?.bool == true {
            throw StorefrontError(.incomplete, "\(path) not read yet: it has more pages")
        }
        return nodes
    }

    /// `gid://shopify/Order/7` is 7.
    private static func identifier(_ text: String) -> JSONValue? {
        guard text.hasPrefix("gid://shopify/") else { return nil }
        let digits = text.prefix { $0 != "?" }.split(separator: "/").last ?? ""
        return JSONNumber(text: String(digits)).map(JSONValue.number)
    }

    private static func renamed(_ key: String) -> String {
        if let name = names[key] { return name }
        var result = ""
        for character in key {
            if character.isUppercase {
                result += "_" + character.lowercased()
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// Source: Shopify GraphQL Admin API, objects Order, LineItem, ShippingLine, DiscountAllocation, MailingAddress.
    private static let names = [
        "currencyCode": "currency", "presentmentCurrencyCode": "presentment_currency",
        "displayFinancialStatus": "financial_status", "originalUnitPriceSet": "price_set",
        "originalPriceSet": "price_set", "allocatedAmountSet": "amount_set", "isGiftCard": "gift_card",
        "countryCodeV2": "country_code", "customAttributes": "note_attributes",
        "totalTipReceivedSet": "total_tip_received_set",
        "originalTotalDutiesSet": "original_total_duties_set", "authorizationCode": "authorization",
    ]
}
