import Foundation
import JSON
import Yams

/// Xero's own description of its accounting API, where a copy is at hand: `COUNTERFOIL_XERO_OPENAPI`, or `shared/xero-openapi`
/// beside the repository. What our services send is held against it.
public struct APIDescription: Sendable {
    /// One request that a service sent.
    public struct Request: Sendable {
        /// The method in capitals.
        public var method: String
        /// Path and query as sent.
        public var target: String
        /// The headers as sent.
        public var headers: [String: String]
        /// The body as sent.
        public var body: [UInt8]

        /// A request.
        public init(method: String, target: String, headers: [String: String] = [:], body: [UInt8] = []) {
            (self.method, self.target, self.headers, self.body) = (method, target, headers, body)
        }
    }

    struct Operation: Sendable {
        var words: [String]
        var method: String
        var query: [String: Schema]
        var needsKey: Bool
        var body: Schema?
    }

    indirect enum Schema: Sendable {
        case reference(String)
        case array(Schema)
        case object([String: Schema])
        case text(allowed: Set<String>, longest: Int?, format: String?)
        case number(isInteger: Bool)
        case flag
        case anything
    }

    /// The part of an address before the paths that are described.
    static let base = "/api.xro/2.0"

    let operations: [Operation]
    let schemas: [String: Schema]

    /// The description at hand; nil if there is none.
    public static let xero: APIDescription? = {
        guard let folder, let text = try? String(contentsOf: folder.appending(path: file), encoding: .utf8) else {
            return nil
        }
        return try? APIDescription(yaml: text)
    }()

    /// Whether there is one.
    public static var isAtHand: Bool { folder != nil }

    /// What to say when there is none.
    public static let absent = "Xero's API description is not at hand: set COUNTERFOIL_XERO_OPENAPI to its folder"

    private static let file = "xero_accounting.yaml"

    private static var folder: URL? {
        let beside = URL(filePath: #filePath).appending(path: "../../../../shared/xero-openapi").standardizedFileURL
        let given = ProcessInfo.processInfo.environment["COUNTERFOIL_XERO_OPENAPI"].map { URL(filePath: $0) }
        return [given, beside].compactMap { $0 }.first {
            FileManager.default.fileExists(atPath: $0.appending(path: file).path)
        }
    }

    // MARK: Checking

    /// What of a request is not as described, a sentence each; nothing if all is.
    /// - Parameter request: what was sent to the accounting API; anything else is not looked at.
    public func problems(_ request: Request) -> [String] {
        let parts = request.target.split(separator: "?", maxSplits: 1)
        guard let path = parts.first, path.hasPrefix(Self.base) else { return [] }
        let words = path.dropFirst(Self.base.count).split(separator: "/").map(String.init)
        guard let operation = operation(request.method, words) else {
            return ["\(request.method) \(path): there is no such operation"]
        }
        var found: [String] = []
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let name = String(pair.prefix { $0 != "=" })
            let value = String(pair.dropFirst(name.count + 1)).removingPercentEncoding ?? ""
            guard let schema = operation.query[name] else {
                found.append("\(request.method) \(path): no parameter \(name)")
                continue
            }
            found += parameterProblems(value, schema, name)
        }
        if operation.needsKey {
            let key = request.headers.first { $0.key.lowercased() == "idempotency-key" }?.value ?? ""
            if key.isEmpty { found.append("\(request.method) \(path): no Idempotency-Key") }
            if key.count > 128 { found.append("\(request.method) \(path): an Idempotency-Key of \(key.count)") }
        }
        guard let schema = operation.body else {
            if !request.body.isEmpty { found.append("\(request.method) \(path): takes no body") }
            return found
        }
        guard let json = try? JSONValue(parsing: request.body) else {
            return found + ["\(request.method) \(path): the body is no JSON"]
        }
        return found + problems(json, schema, at: "\(request.method) \(path)")
    }

    private func operation(_ method: String, _ words: [String]) -> Operation? {
        operations.first { operation in
            operation.method == method && operation.words.count == words.count
                && zip(operation.words, words).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
    }

    private func parameterProblems(_ value: String, _ schema: Schema, _ name: String) -> [String] {
        switch resolved(schema) {
        case .number where Int(value) == nil: ["parameter \(name): \(value) is no number"]
        case .flag where value != "true" && value != "false": ["parameter \(name): \(value) is neither true nor false"]
        default: []
        }
    }

    private func resolved(_ schema: Schema) -> Schema {
        guard case .reference(let name) = schema else { return schema }
        return schemas[name] ?? .anything
    }

    private func problems(_ value: JSONValue, _ schema: Schema, at place: String) -> [String] {
        switch (resolved(schema), value) {
        case (.anything, _), (_, .null): return []
        case (.array(let element), .array(let elements)):
            return elements.flatMap { problems($0, element, at: place + "[]") }
        case (.object(let properties), .object(let object)):
            return object.flatMap { name, member in
                guard let property = properties[name] else { return ["\(place): no property \(name)"] }
                return problems(member, property, at: "\(place).\(name)")
            }
        case (.text(let allowed, let longest, let format), .string(let text)):
            if !allowed.isEmpty, !allowed.contains(text) { return ["\(place): \(text) is not one of its values"] }
            if let longest, text.count > longest { return ["\(place): \(text.count) characters, \(longest) allowed"] }
            if format == "uuid", UUID(uuidString: text) == nil { return ["\(place): \(text) is no UUID"] }
            return []
        case (.number(let isInteger), .number):
            return isInteger && value.int == nil ? ["\(place): not a whole number"] : []
        case (.flag, .bool): return []
        default: return ["\(place): of another type"]
        }
    }
}

extension APIDescription {
    /// Reads a description in OpenAPI's YAML: paths, parameters and the bodies of requests.
    init(yaml: String) throws {
        guard let root = try compose(yaml: yaml) else { throw CocoaError(.fileReadCorruptFile) }
        let components = root["components"]
        var schemas: [String: Schema] = [:]
        for (name, node) in components?["schemas"]?.mapping ?? [:] {
            schemas[name.string ?? ""] = Self.schema(node)
        }
        self.schemas = schemas
        let shared = components?["parameters"]
        var operations: [Operation] = []
        for (path, item) in root["paths"]?.mapping ?? [:] {
            for (method, node) in item.mapping ?? [:] {
                guard let method = method.string, ["get", "put", "post", "delete"].contains(method) else { continue }
                operations.append(Self.operation(path.string ?? "", method, node, shared))
            }
        }
        // A word of its own goes before a parameter.
        self.operations = operations.sorted { one, other in
            one.words.count { $0.hasPrefix("{") } < other.words.count { $0.hasPrefix("{") }
        }
    }

    private static func operation(_ path: String, _ method: String, _ node: Node, _ shared: Node?) -> Operation {
        var query: [String: Schema] = [:]
        var needsKey = false
        for given in node["parameters"]?.sequence ?? [] {
            let name = given["$ref"]?.string?.split(separator: "/").last.map(String.init)
            let parameter = name.flatMap { shared?[$0] } ?? given
            switch parameter["in"]?.string {
            case "query": query[parameter["name"]?.string ?? ""] = parameter["schema"].map(schema) ?? .anything
            case "header": needsKey = needsKey || parameter["name"]?.string == "Idempotency-Key"
            default: break
            }
        }
        return Operation(
            words: path.split(separator: "/").map(String.init), method: method.uppercased(), query: query,
            needsKey: needsKey,
            body: node["requestBody"]?["content"]?["application/json"]?["schema"].map(schema))
    }

    private static func schema(_ node: Node) -> Schema {
        if let name = node["$ref"]?.string?.split(separator: "/").last { return .reference(String(name)) }
        if let properties = node["properties"]?.mapping {
            return .object(
                Dictionary(
                    properties.map { ($0.key.string ?? "", schema($0.value)) }, uniquingKeysWith: { first, _ in first })
            )
        }
        switch node["type"]?.string {
        case "array": return .array(node["items"].map(schema) ?? .anything)
        case "string":
            return .text(
                allowed: Set((node["enum"]?.sequence ?? []).compactMap(\.string)),
                longest: node["maxLength"]?.int, format: node["format"]?.string)
        case "number": return .number(isInteger: false)
        case "integer": return .number(isInteger: true)
        case "boolean": return .flag
        default: return .anything
        }
    }
}
