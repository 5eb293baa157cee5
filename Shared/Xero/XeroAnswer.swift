public import JSON

/// What Xero said about one element of a batch.
public struct XeroElement: Sendable, Hashable {
    /// The element as returned.
    public var value: JSONValue
    /// Xero's id; nil if there is none, or it is all zeros.
    public var id: String?
    /// What is ours to choose: the document's number, the contact's number, the payment's reference.
    public var naturalID: String?
    /// The reasons for a refusal, in Xero's words.
    public var errors: [String]
    /// What Xero accepted but wonders about.
    public var warnings: [String]
    /// Whether the element's status word is ERROR.
    public var hasErrorStatus: Bool

    /// Whether the element was carried out: no error status, no validation errors, and an id that is not all zeros.
    public var isSuccess: Bool { !hasErrorStatus && errors.isEmpty && id != nil }

    /// Reads an element.
    /// - Parameters:
    ///   - value: the element as returned.
    ///   - collection: the collection it belongs to.
    public init(_ value: JSONValue, collection: XeroCollection) {
        self.value = value
        id = value[collection.idField]?.string.flatMap { Self.isZero($0) ? nil : $0 }
        naturalID = collection.naturalField.flatMap { value[$0]?.string }
        errors = Self.messages(value["ValidationErrors"])
        for line in value["LineItems"]?.array ?? [] { errors += Self.messages(line["ValidationErrors"]) }
        warnings = Self.messages(value["Warnings"])
        let flagged = value["HasErrors"]?.bool == true || value["HasValidationErrors"]?.bool == true
        hasErrorStatus = value["StatusAttributeString"]?.string?.uppercased() == "ERROR" || flagged
    }

    private static func isZero(_ id: String) -> Bool {
        id.allSatisfy { $0 == "0" || $0 == "-" }
    }

    /// Both spellings are documented: `Message` and, in one example, `Description`.
    static func messages(_ list: JSONValue?) -> [String] {
        (list?.array ?? []).compactMap { $0["Message"]?.string ?? $0["Description"]?.string ?? $0.string }
    }
}

/// A whole response, sorted by what it lets us conclude.
public enum XeroAnswer: Sendable {
    /// A clean 2xx: each element by itself.
    case elements([XeroElement], body: JSONValue)
    /// Refused as a whole, and not carried out: 400, 404, 413 and the like.
    case refused(status: Int, message: String, elements: [XeroElement])
    /// Over a limit, and not carried out.
    case throttled(XeroRateLimits)
    /// The token or the connection is not accepted, and nothing was carried out: 401, 403.
    case unauthorised(status: Int, message: String)
    /// Nothing can be concluded: 5xx, a body that is no JSON, a status nobody expects.
    case unclear(status: Int, message: String)

    /// Sorts a response.
    /// - Parameters:
    ///   - response: the response.
    ///   - collection: the collection that was asked for.
    public init(_ response: XeroResponse, collection: XeroCollection) {
        let parsed = try? JSONValue(parsing: response.body)
        switch response.status {
        case 200..<300:
            guard let parsed, let list = Self.list(parsed, collection) else {
                self = .unclear(status: response.status, message: "the answer is not what Xero documents")
                return
            }
            self = .elements(list.map { XeroElement($0, collection: collection) }, body: parsed)
        case 429:
            self = .throttled(XeroRateLimits(response))
        case 401, 403:
            self = .unauthorised(status: response.status, message: Self.message(parsed, response))
        case 400..<500 where response.status != 408:
            let elements = parsed?["Elements"]?.array ?? []
            self = .refused(
                status: response.status, message: Self.message(parsed, response),
                elements: elements.map { XeroElement($0, collection: collection) })
        default:
            self = .unclear(status: response.status, message: Self.message(parsed, response))
        }
    }

    /// A read may answer with an object where it has one, and a null list may come as an empty one.
    private static func list(_ body: JSONValue, _ collection: XeroCollection) -> [JSONValue]? {
        if let list = body[collection.rawValue]?.array { return list }
        // What was removed by its address is answered by itself.
        if body["IsDeleted"]?.bool == true { return [body] }
        if body.object != nil, body[collection.rawValue]?.isNull == true { return [] }
        return nil
    }

    private static func message(_ parsed: JSONValue?, _ response: XeroResponse) -> String {
        if let parsed {
            let elements = (parsed["Elements"]?.array ?? []).flatMap { XeroElement.messages($0["ValidationErrors"]) }
            if let first = elements.first { return first }
            for name in ["Message", "Detail", "Title", "error_description", "error"] {
                if let text = parsed[name]?.string, !text.isEmpty { return text }
            }
        }
        let text = String(decoding: response.body.prefix(300), as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.isEmpty ? "status \(response.status) without a body" : "status \(response.status): \(words)"
    }
}

extension XeroAnswer {
    /// Finds, for each element sent, the element that answers it: the one at its position if that carries the same number or
    /// reference, else the only one anywhere that does. What cannot be told apart answers nothing.
    /// - Parameters:
    ///   - sent: the numbers or references of what was sent, in order; nil where an element has none.
    ///   - returned: the elements returned.
    /// - Returns: for each element sent its answer, or nil.
    public static func correlate(sent: [String?], returned: [XeroElement]) -> [XeroElement?] {
        var indexes: [String: [Int]] = [:]
        for (index, element) in returned.enumerated() {
            if let id = element.naturalID { indexes[id, default: []].append(index) }
        }
        var taken = Set<Int>()
        var answers = [XeroElement?](repeating: nil, count: sent.count)
        for (position, wanted) in sent.enumerated() {
            guard let wanted, let found = indexes[wanted] else { continue }
            let index = found.contains(position) ? position : found.count == 1 ? found[0] : nil
            guard let index, taken.insert(index).inserted else { continue }
            answers[position] = returned[index]
        }
        guard sent.count == returned.count else { return answers }
        for position in sent.indices where answers[position] == nil && !taken.contains(position) {
            // Refused elements need not echo what was sent; the position speaks for them if nothing contradicts it.
            let element = returned[position]
            if sent[position] == nil || element.naturalID == nil { answers[position] = element }
        }
        return answers
    }
}
