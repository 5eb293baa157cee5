import Accounting
import JSON

/// An answer before it is turned into bytes.
struct Reply: Sendable {
    /// What the body is.
    enum Body: Sendable {
        case none
        case json(JSONValue)
        case text(String, contentType: String)
    }

    var status: Int
    var body: Body
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ body: Body = .none) {
        self.status = status
        self.body = body
    }

    /// A whole call that Xero refuses.
    static func problem(_ number: Int, _ type: String, _ message: String, elements: [JSONValue]? = nil) -> Reply {
        var object: JSONObject = [
            "ErrorNumber": .number(JSONNumber(number)), "Type": .string(type), "Message": .string(message),
        ]
        if let elements { object["Elements"] = .array(elements) }
        return Reply(400, .json(.object(object)))
    }

    static let notFound = Reply(
        404, .text("The resource you're looking for cannot be found", contentType: "text/html; charset=utf-8"))

    /// The answer as bytes; JSON only for those who accept it, XML for the others as Xero does.
    func response(acceptsJSON: Bool) -> SimulatedResponse {
        switch body {
        case .none: SimulatedResponse(status: status, headers: headers)
        case .text(let text, let type):
            SimulatedResponse(
                status: status, headers: headers + [("Content-Type", type)], body: Array(text.utf8))
        case .json(let value) where acceptsJSON:
            SimulatedResponse(
                status: status, headers: headers + [("Content-Type", "application/json; charset=utf-8")],
                body: value.encoded())
        case .json(let value):
            SimulatedResponse(
                status: status, headers: headers + [("Content-Type", "text/xml; charset=utf-8")],
                body: Array(XMLText.document(value).utf8))
        }
    }
}

/// Answers as XML, which is what Xero sends unless JSON is asked for.
enum XMLText {
    static func document(_ value: JSONValue) -> String {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Response>\(inner(value))</Response>"
    }

    private static func inner(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): number.text
        case .string(let text): escape(text)
        case .array(let values): values.map { "<Element>\(inner($0))</Element>" }.joined()
        case .object(let object): object.map { "<\($0.key)>\(inner($0.value))</\($0.key)>" }.joined()
        }
    }

    /// Text safe inside XML and HTML.
    static func escape(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
