import Accounting
import Foundation
import JSON
import SimulatedWooCommerce

/// A folder of recorded WooCommerce payloads, each order to be served by a store of its own.
struct InputFolder: Sendable {
    /// A recorded order, the store made for it, and its refunds as far as the payload tells.
    struct Recording: Sendable {
        let file: String
        let store: PlayStore
        let order: JSONObject
        let refunds: [JSONObject]
    }

    private(set) var recordings: [Recording] = []
    /// Files, or parts of them, that are no orders, and what they look like.
    private(set) var others: [(file: String, reason: String)] = []

    /// Reads a folder and the folders in it.
    init(path: String) throws {
        guard let names = FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) else {
            throw PlayError("--input \(path): there is no such folder")
        }
        for name in names.sorted() where name.hasSuffix(".json") {
            guard let data = FileManager.default.contents(atPath: "\(path)/\(name)") else { continue }
            add(Array(data), file: name)
        }
        guard !recordings.isEmpty || !others.isEmpty else {
            throw PlayError("--input \(path): no .json file is in it")
        }
    }

    /// Adds what a file holds.
    mutating func add(_ bytes: [UInt8], file: String) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            others.append((file: file, reason: "not JSON: \(error)"))
            return
        }
        guard let elements = value.array else {
            add(value, file: file)
            return
        }
        if elements.isEmpty { others.append((file: file, reason: "an empty list")) }
        for (index, element) in elements.enumerated() { add(element, file: "\(file)[\(index)]") }
    }

    private mutating func add(_ value: JSONValue, file: String) {
        if let reason = Self.whyNoOrder(value) {
            others.append((file: file, reason: reason))
            return
        }
        guard let order = value.object else { return }
        let position = String(recordings.count + 1)
        let store = PlayStore(
            id: Self.storeID(position: position, file: file), prefix: "F\(position)-", since: "2000-01-01")
        recordings.append(
            Recording(file: file, store: store, order: order, refunds: Self.refunds(of: order)))
    }

    /// Why a value is no order, by what it looks like; nil if it is one.
    static func whyNoOrder(_ value: JSONValue) -> String? {
        guard let object = value.object else { return "a JSON \(value.kind), not an object" }
        if object["code"] != nil, object["message"] != nil { return "an error object" }
        if object["delivery_url"] != nil || object["raw_body"] != nil || object["headers"] != nil {
            return "about a webhook"
        }
        if object["amount"] != nil, object["line_items"] != nil, object["status"] == nil { return "a refund" }
        if object["discount_type"] != nil { return "a coupon" }
        if object["rate"] != nil, object["tax_class"] != nil || object["class"] != nil { return "a tax rate" }
        if object["line_items"]?.array != nil, object["status"] != nil {
            return object["id"]?.int == nil ? "an order without an id" : nil
        }
        if object["regular_price"] != nil || object["sku"] != nil { return "a product" }
        if object["email"] != nil { return "a customer" }
        if object["id"] != nil, object.count == 1 { return "only an id, as order.deleted sends" }
        return "neither a list of lines nor a status in it"
    }

    /// A store's id made from its file's name: small letters, digits and hyphens, 32 at most.
    static func storeID(position: String, file: String) -> String {
        let stem = file.split(separator: "/").last.map(String.init) ?? file
        let words = stem.lowercased().replacingOccurrences(of: ".json", with: "")
            .map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let text = "f\(position)-" + String(words)
        return String(text.prefix(32)).trimmingCharacters(in: ["-"])
    }

    /// The refunds an order mentions: amounts without lines, as the order tells no more of them.
    static func refunds(of order: JSONObject) -> [JSONObject] {
        let date = order["date_modified_gmt"] ?? order["date_created_gmt"] ?? .null
        return (order["refunds"]?.array ?? []).compactMap { summary in
            guard let id = summary["id"], let total = summary["total"]?.decimal else { return nil }
            return [
                "id": id, "date_created": date, "date_created_gmt": date,
                "amount": .string(total.magnitude.description), "reason": summary["reason"] ?? "",
                "refunded_payment": false, "meta_data": [], "line_items": [], "shipping_lines": [], "fee_lines": [],
            ]
        }
    }

    /// The orders with what the books should show if they are posted.
    var orders: [PlayedOrder] {
        recordings.map { recording in
            let order = recording.order
            // A gift card reduces what the order says is left to pay; the invoice is of the full value, and the card pays a part.
            let giftCards = (order["gift_cards"]?.array ?? []).compactMap { $0["amount"]?.decimal }.sum()
            let total = (order["total"]?.decimal ?? .zero) + giftCards
            let credited = recording.refunds.compactMap { $0["amount"]?.decimal }.sum()
            let isPaid = order["date_paid"]?.string != nil || order["date_paid_gmt"]?.string != nil
            let books = ExpectedBooks(
                total: total, tax: order["total_tax"]?.decimal ?? .zero, paid: isPaid ? total : .zero,
                credited: credited, creditNotes: recording.refunds.count)
            let id = order["id"]?.int ?? 0
            let expected = ExpectedOrder(
                orderID: id, number: order["number"]?.string ?? String(id), currency: order["currency"]?.string ?? "",
                story: "recorded", outcome: .posted, books: books, contact: "")
            return PlayedOrder(store: recording.store, expected: expected, file: recording.file, outcomeIsKnown: false)
        }
    }

    /// Every currency in use, for the simulated org.
    var currencies: [String] {
        Set(recordings.compactMap { $0.order["currency"]?.string }.filter { $0.count == 3 }).sorted()
    }
}
