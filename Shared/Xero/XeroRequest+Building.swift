public import Accounting
public import JSON

extension XeroRequest {
    /// The accounting API's root.
    public static let root = "/api.xro/2.0"
    /// The longest idempotency key that Xero accepts, in characters.
    public static let idempotencyKeyLimit = 128

    /// The idempotency key of a call: it names the organisation, because keys are remembered per app, and the call.
    /// - Parameters:
    ///   - orgID: our id of the organisation.
    ///   - callID: the call's id.
    /// - Returns: a key within Xero's limit.
    public static func idempotencyKey(orgID: String, callID: String) -> String {
        String("\(orgID)/\(callID)".prefix(idempotencyKeyLimit))
    }

    /// The path that a batch of elements is written to, with the parameters that make Xero answer for each element.
    /// - Parameters:
    ///   - collection: the collection.
    ///   - creditNoteID: Xero's id of the credit note whose allocations are written; nil for everything else.
    /// - Returns: the path with its query.
    public static func writePath(_ collection: XeroCollection, creditNoteID: String? = nil) -> String {
        let base =
            if let creditNoteID {
                "\(root)/\(XeroCollection.creditNotes.rawValue)/\(encoded(creditNoteID))/\(collection.rawValue)"
            } else {
                "\(root)/\(collection.rawValue)"
            }
        return base + "?summarizeErrors=false" + (collection.takesUnitDecimals ? "&unitdp=4" : "")
    }

    /// The path of one element, without parameters.
    /// - Parameters:
    ///   - collection: the collection.
    ///   - id: Xero's id.
    /// - Returns: the path.
    public static func elementPath(_ collection: XeroCollection, id: String) -> String {
        "\(root)/\(collection.rawValue)/\(encoded(id))"
    }

    /// The path of one allocation of a credit note.
    /// - Parameters:
    ///   - creditNoteID: Xero's id of the credit note.
    ///   - id: Xero's id of the allocation.
    /// - Returns: the path.
    public static func allocationPath(creditNoteID: String, id: String) -> String {
        elementPath(.creditNotes, id: creditNoteID) + "/\(XeroCollection.allocations.rawValue)/\(encoded(id))"
    }

    /// The body of a batch.
    /// - Parameters:
    ///   - collection: the collection written to.
    ///   - elements: the elements in order.
    /// - Returns: the bytes to send.
    public static func body(_ collection: XeroCollection, elements: [JSONValue]) -> [UInt8] {
        JSONValue.object([collection.rawValue: .array(elements)]).encoded()
    }

    /// Adds what every call to the accounting API carries.
    /// - Parameters:
    ///   - token: the access token.
    ///   - tenantID: Xero's tenant; nil for a custom connection, which reaches just one.
    ///   - idempotencyKey: the key of a write; nil for a read.
    /// - Returns: the request to send.
    public func authorised(token: String, tenantID: String?, idempotencyKey: String?) -> XeroRequest {
        var request = self
        request.headers["Authorization"] = "Bearer \(token)"
        request.headers["Accept"] = "application/json"
        if let tenantID { request.headers["xero-tenant-id"] = tenantID }
        if let idempotencyKey { request.headers["Idempotency-Key"] = idempotencyKey }
        if !body.isEmpty { request.headers["Content-Type"] = "application/json" }
        return request
    }

    /// Percent-encodes a query value or path segment: everything but RFC 3986's unreserved characters.
    /// - Parameter text: the text.
    /// - Returns: the encoded text.
    public static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A string literal of a `where` filter.
    /// - Parameter text: the text to compare with.
    /// - Returns: the literal in double quotes.
    public static func literal(_ text: String) -> String {
        "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
    }
}

extension XeroRequest {
    /// Reads documents by their numbers, void ones included.
    /// - Parameter numbers: at most 50 invoice numbers.
    /// - Returns: the request.
    public static func invoices(numbers: [String]) -> XeroRequest {
        let list = numbers.map(encoded).joined(separator: ",")
        return XeroRequest(
            method: .get, path: "\(root)/Invoices?InvoiceNumbers=\(list)&page=1&pageSize=1000&unitdp=4")
    }

    /// Reads quotes by number.
    /// - Parameter number: the number.
    /// - Returns: the request.
    public static func quotes(number: String) -> XeroRequest {
        XeroRequest(method: .get, path: "\(root)/Quotes?QuoteNumber=\(encoded(number))&page=1")
    }

    /// Reads one page of a collection.
    /// - Parameters:
    ///   - collection: the collection.
    ///   - page: the page, from 1.
    ///   - modifiedSince: only what changed since, to the second; nil for everything.
    ///   - includeArchived: whether archived contacts are wanted too.
    /// - Returns: the request.
    public static func page(
        _ collection: XeroCollection, _ page: Int, modifiedSince: Instant? = nil, includeArchived: Bool = false
    ) -> XeroRequest {
        var path = "\(root)/\(collection.rawValue)?page=\(page)"
        if collection != .quotes { path += "&pageSize=\(collection.pageSize)" }
        if collection.takesUnitDecimals { path += "&unitdp=4" }
        if includeArchived, collection.hasArchive { path += "&includeArchived=true" }
        var request = XeroRequest(method: .get, path: path)
        if let modifiedSince { request.headers["If-Modified-Since"] = XeroDate.header(modifiedSince) }
        return request
    }

    /// Reads what satisfies a filter.
    /// - Parameters:
    ///   - collection: the collection.
    ///   - filter: the `where` expression, not encoded.
    ///   - includeArchived: whether archived contacts are wanted too.
    /// - Returns: the request.
    public static func filtered(
        _ collection: XeroCollection, where filter: String, includeArchived: Bool = false
    ) -> XeroRequest {
        var path = "\(root)/\(collection.rawValue)?where=\(encoded(filter))&page=1&pageSize=1000"
        if collection.takesUnitDecimals { path += "&unitdp=4" }
        if includeArchived { path += "&includeArchived=true" }
        return XeroRequest(method: .get, path: path)
    }

    /// Reads one element by its id.
    /// - Parameters:
    ///   - collection: the collection.
    ///   - id: Xero's id.
    /// - Returns: the request.
    public static func element(_ collection: XeroCollection, id: String) -> XeroRequest {
        XeroRequest(
            method: .get,
            path: elementPath(collection, id: id) + (collection.takesUnitDecimals ? "?unitdp=4" : ""))
    }

    /// Reads items, which have no pages.
    /// - Parameters:
    ///   - filter: the `where` expression, not encoded; nil for all.
    ///   - modifiedSince: only what changed since, to the second; nil for everything.
    /// - Returns: the request.
    public static func items(where filter: String? = nil, modifiedSince: Instant? = nil) -> XeroRequest {
        let condition = filter.map { "where=\(encoded($0))&" } ?? ""
        var request = XeroRequest(method: .get, path: "\(root)/Items?\(condition)unitdp=4")
        if let modifiedSince { request.headers["If-Modified-Since"] = XeroDate.header(modifiedSince) }
        return request
    }

    /// Reads reference data that has no pages.
    /// - Parameter name: `Organisation`, `Organisation/Actions`, `Accounts`, `TaxRates`, ...
    /// - Returns: the request.
    public static func reference(_ name: String) -> XeroRequest {
        XeroRequest(
            method: .get,
            path: "\(root)/\(name.split(separator: "/").map { encoded(String($0)) }.joined(separator: "/"))")
    }
}
