import Accounting
import JSON

/// The parameters of `GET orders`.
struct OrdersQuery {
    var page = 1
    var perPage = 10
    var descending = true
    var orderBy = "date"
    var decimals: Int?
    var statuses: Set<String> = []
    var included: Set<Int> = []
    var modifiedAfter: Instant?
    var modifiedBefore: Instant?
    var createdAfter: Instant?
    var createdBefore: Instant?

    /// Reads the parameters; WordPress answers 400 and names the one it does not like.
    static func parse(_ query: [String: String], utcOffsetSeconds: Int) -> Result<OrdersQuery, InvalidParameter> {
        var result = OrdersQuery()
        if let text = query["page"] {
            guard let page = Int(text), page >= 1 else { return .failure(InvalidParameter(name: "page")) }
            result.page = page
        }
        if let text = query["per_page"] {
            guard let perPage = Int(text), (1...100).contains(perPage) else {
                return .failure(InvalidParameter(name: "per_page"))
            }
            result.perPage = perPage
        }
        if let text = query["order"] {
            guard ["asc", "desc"].contains(text) else { return .failure(InvalidParameter(name: "order")) }
            result.descending = text == "desc"
        }
        if let text = query["orderby"] {
            guard ["date", "id", "modified", "include", "title", "slug"].contains(text) else {
                return .failure(InvalidParameter(name: "orderby"))
            }
            result.orderBy = text
        }
        if let text = query["dp"] {
            guard let decimals = Int(text), (0...12).contains(decimals) else {
                return .failure(InvalidParameter(name: "dp"))
            }
            result.decimals = decimals
        }
        result.statuses = Set((query["status"] ?? "any").split(separator: ",").map(String.init)).subtracting(["any"])
        result.included = Set((query["include"] ?? "").split(separator: ",").compactMap { Int($0) })
        return result.readDates(query, utcOffsetSeconds: utcOffsetSeconds)
    }

    private func readDates(
        _ query: [String: String], utcOffsetSeconds: Int
    ) -> Result<OrdersQuery, InvalidParameter> {
        var result = self
        let isGMT = ["true", "1"].contains(query["dates_are_gmt"] ?? "false")
        let targets: [(String, WritableKeyPath<OrdersQuery, Instant?>)] = [
            ("modified_after", \.modifiedAfter), ("modified_before", \.modifiedBefore), ("after", \.createdAfter),
            ("before", \.createdBefore),
        ]
        for (name, keyPath) in targets {
            guard let text = query[name] else { continue }
            guard let instant = WooTime.parse(text, isGMT: isGMT, utcOffsetSeconds: utcOffsetSeconds) else {
                return .failure(InvalidParameter(name: name))
            }
            result[keyPath: keyPath] = WooTime.truncated(instant)
        }
        return .success(result)
    }

    /// Whether an order belongs to the answer. Dates are compared strictly, to the second.
    func matches(_ order: StoredOrder) -> Bool {
        if order.isTrashed { return false }
        if !statuses.isEmpty, !statuses.contains(order.status) { return false }
        if !included.isEmpty, !included.contains(order.id) { return false }
        if let modifiedAfter, order.modifiedAt <= modifiedAfter { return false }
        if let modifiedBefore, order.modifiedAt >= modifiedBefore { return false }
        if let createdAfter, order.createdAt <= createdAfter { return false }
        if let createdBefore, order.createdAt >= createdBefore { return false }
        return true
    }

    /// The order in which the answer lists them.
    func precedes(_ left: StoredOrder, _ right: StoredOrder) -> Bool {
        let ascending: Bool
        switch orderBy {
        case "modified" where left.modifiedAt != right.modifiedAt: ascending = left.modifiedAt < right.modifiedAt
        case "date" where left.createdAt != right.createdAt: ascending = left.createdAt < right.createdAt
        default: ascending = left.id < right.id
        }
        return ascending != descending
    }
}

/// A query parameter WordPress refuses.
struct InvalidParameter: Error {
    let name: String

    var response: RESTResponse {
        .error(400, code: "rest_invalid_param", "Invalid parameter(s): \(name)")
    }
}
