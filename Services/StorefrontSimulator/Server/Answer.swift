import Foundation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore

/// A request as the simulator's own routes read it.
struct Ask {
    let method: String
    /// The path's parts, decoded.
    let path: [String]
    let query: [String: String]
    let headers: HTTPFields
    let body: [UInt8]

    init(_ request: Request, body: [UInt8]) {
        method = request.method.rawValue
        path = request.uri.path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        var query: [String: String] = [:]
        for (key, value) in request.uri.queryParameters { query[String(key)] = String(value) }
        self.query = query
        headers = request.headers
        self.body = body
    }

    /// The user and password of Basic authentication, or the keys in the query, which WooCommerce takes as well.
    var credentials: (user: String, password: String)? {
        if let header = headers[.authorization], header.lowercased().hasPrefix("basic "),
            let data = Data(base64Encoded: String(header.dropFirst(6)))
        {
            let parts = String(decoding: data, as: UTF8.self).split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (user: String(parts[0]), password: String(parts[1]))
        }
        guard let user = query["consumer_key"], let password = query["consumer_secret"] else { return nil }
        return (user: user, password: password)
    }
}

/// What the simulator answers.
struct Answer {
    var status = 200
    var headers: [(name: String, value: String)] = []
    var contentType = "application/json; charset=UTF-8"
    var body: [UInt8]

    static func json(_ value: JSONValue, status: Int = 200) -> Answer {
        Answer(status: status, body: value.encoded())
    }

    static func error(_ status: Int, _ message: String) -> Answer {
        json(["error": .string(message)], status: status)
    }

    static func text(_ text: String) -> Answer {
        Answer(contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    var response: Response {
        var fields: HTTPFields = [.contentType: contentType]
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return Response(
            status: HTTPResponse.Status(code: status), headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
