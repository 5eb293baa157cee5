import Accounting
public import JSON

/// How an order's amounts leave the store: as strings with as many decimals as asked for (`dp`).
///
/// Amounts are kept as they were calculated, which for prices with tax included means up to six decimals. The tax
/// breakdown of a line (`taxes`) always shows them.
/// Source: WooCommerce REST API v3, parameter `dp` ("Number of decimal points to use in each resource").
public enum MoneyFormat {
    private static let moneyKeys: Set<String> = [
        "discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total", "total_tax",
        "subtotal",
        "subtotal_tax", "tax_total", "shipping_tax_total", "amount", "discount",
    ]

    /// `value` with every amount rounded to `decimals`, halves away from zero.
    public static func formatted(_ value: JSONValue, decimals: Int) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map { formatted($0, decimals: decimals) })
        case .object(let object):
            var result = object
            for (key, member) in object where key != "taxes" && key != "meta_data" {
                if moneyKeys.contains(key), case .string = member, let amount = member.decimal {
                    result[key] = .string(amount.rounded(scale: decimals, .halfUp).fixed(decimals))
                } else {
                    result[key] = formatted(member, decimals: decimals)
                }
            }
            return .object(result)
        default: return value
        }
    }
}
