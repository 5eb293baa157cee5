import JSON
import Storefronts

@testable import Ingest

/// One malformed or hostile delivery, and what it must get.
struct HostileDelivery: Sendable {
    /// The row it leaves.
    enum Row: Sendable, Hashable {
        case none, accepted, duplicate, ignored, rejected
    }

    let name: String
    var request: RawRequest
    let status: Int
    let row: Row
    /// A part of the row's reason.
    var reason = ""
    /// Whether the store's sweep must be due afterwards.
    var sweeps = false
    /// How much of the body the row keeps; nil: as for its kind.
    var keptBytes: Int?

    /// All of them.
    static let all: [HostileDelivery] =
        signatures + unsigned + bodies + values + shapes + topics + headers + addresses + methods + sizes + protocols

    static let order = #"{"id":727,"status":"processing","line_items":[]}"#

    private static func signed(
        _ name: String, _ body: [UInt8], _ row: Row, status: Int = 200, reason: String = "", sweeps: Bool = false,
        topic: String = "order.updated", change: (inout RawRequest) -> Void = { _ in }
    ) -> HostileDelivery {
        var request = RawRequest.woocommerce(body, topic: topic)
        change(&request)
        return HostileDelivery(name: name, request: request, status: status, row: row, reason: reason, sweeps: sweeps)
    }

    private static func malformed(_ name: String, _ body: String, reason: String = "") -> HostileDelivery {
        signed(name, Array(body.utf8), .ignored, reason: reason, sweeps: true)
    }

    private static func malformed(_ name: String, bytes: [UInt8], reason: String = "") -> HostileDelivery {
        signed(name, bytes, .ignored, reason: reason, sweeps: true)
    }

    private static func unaccepted(
        _ name: String, reason: String, status: Int = 401, change: (inout RawRequest) -> Void
    ) -> HostileDelivery {
        signed(name, Array(order.utf8), .rejected, status: status, reason: reason, change: change)
    }

    // MARK: Signatures

    private static let good = WooCommerceSignature.signature(body: Array(order.utf8), secret: IngestFixture.secret)

    private static var signatures: [HostileDelivery] {
        let wrong: [(String, String)] = [
            ("another secret", WooCommerceSignature.signature(body: Array(order.utf8), secret: "other")),
            ("an undecoded secret", WooCommerceSignature.signature(body: Array(order.utf8), secret: "s&amp;amp;cret")),
            ("another body", WooCommerceSignature.signature(body: [1], secret: IngestFixture.secret)),
            ("no base64", "!!!!"), ("one character", "A"), ("cut by one", String(good.dropLast())),
            ("one too long", good + "A"), ("doubled", good + good), ("in lower case", good.lowercased()),
            ("hexadecimal", String(repeating: "ab", count: 32)), ("very long", String(repeating: "A", count: 8_000)),
            ("null", "null"), ("a list", good + ", " + good), ("padding only", "===="), ("not ASCII", "ééééé"),
            ("an injection", "' OR '1'='1"), ("a template", "{{7*7}}"),
            ("a zero hash", String(repeating: "A", count: 43) + "="),
        ]
        return wrong.map { name, signature in
            unaccepted("signature: \(name)", reason: "wrong signature") {
                $0.set("X-WC-Webhook-Signature", signature)
            }
        }
    }

    private static var unsigned: [HostileDelivery] {
        [
            unaccepted("unsigned order", reason: "missing signature") { $0.remove("X-WC-Webhook-Signature") },
            unaccepted("empty signature", reason: "missing signature") { $0.set("X-WC-Webhook-Signature", "") },
            unaccepted("blank signature", reason: "missing signature") { $0.set("X-WC-Webhook-Signature", "   ") },
            unaccepted("signature under another name", reason: "missing signature") {
                $0.remove("X-WC-Webhook-Signature")
                $0.headers.append(("X-Shopify-Hmac-Sha256", good))
            },
            unaccepted("unsigned empty body", reason: "missing signature") {
                $0.remove("X-WC-Webhook-Signature")
                $0.body = []
            },
            unaccepted("almost a ping", reason: "missing signature") {
                $0.remove("X-WC-Webhook-Signature")
                $0.body = Array("webhook_id=27&x=1".utf8)
            },
            unaccepted("a ping that is no number", reason: "missing signature") {
                $0.remove("X-WC-Webhook-Signature")
                $0.body = Array("webhook_id=abc".utf8)
            },
            unaccepted("a ping of many digits", reason: "missing signature") {
                $0.remove("X-WC-Webhook-Signature")
                $0.body = Array(("webhook_id=" + String(repeating: "9", count: 100)).utf8)
            },
            unaccepted("an unsigned body with NUL and invalid UTF-8", reason: "missing signature") {
                $0.remove("X-WC-Webhook-Signature")
                $0.body = [0, 0xFF, 0xFE, 0xC0, 0x80, 0, 0xED, 0xA0, 0x80]
            },
            HostileDelivery(
                name: "the unsigned ping",
                request: RawRequest(
                    path: "/webhooks/\(IngestFixture.storeID)",
                    headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array("webhook_id=27".utf8)),
                status: 200, row: .none),
        ]
    }

    // MARK: Signed bodies

    private static var bodies: [HostileDelivery] {
        var all = [
            malformed("empty", ""), malformed("white space", " \r\n\t "), malformed("null", "null"),
            malformed("true", "true"), malformed("a number", "42"), malformed("a string", #""order""#),
            malformed("an empty list", "[]"), malformed("a list of orders", "[\(order)]"),
            malformed("an empty object", "{}"),
            malformed("an HTML page", "<!DOCTYPE html><html><body>Briefly unavailable</body></html>"),
            malformed(
                "XML", "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"),
            malformed("a form", "id=727&status=processing"), malformed("two documents", order + order),
            malformed("something after the end", order + "x"),
            malformed("a PHP warning before", "<br />\nWarning: x" + order),
            malformed("a byte order mark", bytes: [0xEF, 0xBB, 0xBF] + Array(order.utf8)),
            malformed("UTF-16", bytes: Array(order.utf8).flatMap { [0, $0] }),
            malformed("only NUL", bytes: [UInt8](repeating: 0, count: 100)),
            malformed(
                "invalid UTF-8 in a string",
                bytes: Array(#"{"id":1,"note":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8)),
            malformed("overlong UTF-8", bytes: Array(#"{"id":1,"note":""#.utf8) + [0xC0, 0x80] + Array(#""}"#.utf8)),
            malformed(
                "an encoded surrogate",
                bytes: Array(#"{"id":1,"note":""#.utf8) + [0xED, 0xA0, 0x80] + Array(#""}"#.utf8)),
            malformed("a raw newline in a string", "{\"id\":1,\"note\":\"a\nb\"}"),
            malformed("single quotes", "{'id':1}"),
            malformed("a comment", "{\"id\":1 /* x */}"), malformed("a trailing comma", #"{"id":1,}"#),
            malformed("no quotes", "{id:1}"), malformed("NaN", #"{"id":NaN}"#),
            malformed("infinity", #"{"id":Infinity}"#),
            malformed("a lone escape", #"{"id":1,"a":"\x"}"#), malformed("a cut escape", #"{"id":1,"a":"\u12"}"#),
            malformed("gzip", bytes: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
            malformed("random bytes", bytes: (0..<2_000).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 31) }),
        ]
        for count in [1, 2, 5, 20, order.utf8.count - 1] {
            all.append(malformed("truncated to \(count) bytes", String(order.prefix(count))))
        }
        for depth in [65, 1_000, 100_000] {
            let lists = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            all.append(malformed("lists \(depth) deep", lists))
            all.append(malformed("unclosed, \(depth) deep", String(repeating: #"{"a":"#, count: depth)))
        }
        return all
    }

    private static var values: [HostileDelivery] {
        func accepted(_ name: String, _ body: String) -> HostileDelivery { signed(name, Array(body.utf8), .accepted) }
        let wide = (0..<20_000).map { #""k\#($0)":\#($0)"# }.joined(separator: ",")
        return [
            malformed("id missing", #"{"status":"processing"}"#), malformed("id null", #"{"id":null}"#),
            malformed("id zero", #"{"id":0}"#), malformed("id negative", #"{"id":-5}"#),
            malformed("id a fraction", #"{"id":1.5}"#),
            malformed("id a word", #"{"id":"abc"}"#), malformed("id a list", #"{"id":[1]}"#),
            malformed("id an object", #"{"id":{"$gt":0}}"#), malformed("id true", #"{"id":true}"#),
            malformed("id beyond 64 bits", #"{"id":99999999999999999999999999}"#),
            malformed("id with an exponent", #"{"id":1e400}"#),
            malformed("id a thousand digits", #"{"id":\#(String(repeating: "9", count: 1_000))}"#),
            malformed("id an injection", #"{"id":"1; DROP TABLE event; --"}"#),
            accepted("a total with 5,000 digits", #"{"id":801,"total":\#(String(repeating: "9", count: 5_000))}"#),
            accepted("a huge exponent", #"{"id":802,"total":1e999999999}"#),
            accepted("an escaped NUL", #"{"id":803,"note":"a\u0000b"}"#),
            accepted("a lone escaped surrogate beside the id", #"{"id":804,"note":"\u263a"}"#),
            accepted("20,000 fields", #"{"id":805,\#(wide)}"#),
            accepted("a long note", #"{"id":806,"note":"\#(String(repeating: "x", count: 300_000))"}"#),
            accepted("an unknown status", #"{"id":807,"status":"wc-strange"}"#),
            accepted("negative amounts", #"{"id":808,"total":"-100.00"}"#),
            accepted("right-to-left and zero width characters", "{\"id\":809,\"note\":\"\u{202E}\u{200B}x\"}"),
        ]
    }

    private static var shapes: [HostileDelivery] {
        [
            malformed(
                "a REST error", #"{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":403}}"#,
                reason: "woocommerce_rest_cannot_view"),
            malformed("an error without data", #"{"code":"internal_server_error","message":"<p>Critical error</p>"}"#),
            malformed(
                "an error with a long code", #"{"code":"\#(String(repeating: "x", count: 9_000))","message":"m"}"#),
            malformed("a custom action's payload", #"{"action":"woocommerce_order_status_completed","arg":727}"#),
            signed(
                "a draft", Array(#"{"id":1,"status":"checkout-draft"}"#.utf8), .ignored, reason: "checkout-draft"),
            signed(
                "an automatic draft", Array(#"{"id":1,"status":"auto-draft"}"#.utf8), .ignored, reason: "auto-draft"),
        ]
    }

    private static var topics: [HostileDelivery] {
        let foreign = [
            "product.updated", "customer.created", "coupon.deleted", "action.woocommerce_order_refunded",
            "Order.updated",
            "order", "'; DROP TABLE event; --", String(repeating: "t", count: 5_000), "refund.created",
        ]
        return foreign.map { topic in
            signed("topic \(topic.prefix(20))", Array(order.utf8), .ignored, reason: "not about orders", topic: topic)
        } + [
            signed("order.deleted", Array(#"{"id":727}"#.utf8), .ignored, reason: "deleted", topic: "order.deleted"),
            signed("signed without a topic", Array(order.utf8), .ignored, sweeps: true) {
                $0.remove("X-WC-Webhook-Topic")
            },
        ]
    }

    private static var headers: [HostileDelivery] {
        func accepted(_ name: String, _ id: Int, change: (inout RawRequest) -> Void) -> HostileDelivery {
            signed(name, Array(#"{"id":\#(id)}"#.utf8), .accepted, change: change)
        }
        return [
            accepted("content type of a form", 901) { $0.set("Content-Type", "application/x-www-form-urlencoded") },
            accepted("content type of an image", 902) { $0.set("Content-Type", "image/png") },
            accepted("no content type", 903) { $0.remove("Content-Type") },
            accepted("another charset", 904) { $0.set("Content-Type", "application/json; charset=utf-16") },
            accepted("a lying source", 905) { $0.set("X-WC-Webhook-Source", "https://evil.example/") },
            accepted("a forged forwarded address", 906) {
                $0.headers.append(("X-Forwarded-For", "127.0.0.1, 10.0.0.1"))
            },
            accepted("a broken trace", 907) { $0.headers.append(("traceparent", "00-zz-zz-00")) },
            accepted("200 more headers", 908) { request in
                for number in 0..<200 { request.headers.append(("X-Extra-\(number)", "v")) }
            },
            accepted("a user agent of 10 KB", 909) { $0.set("User-Agent", String(repeating: "u", count: 10_000)) },
            accepted("a user agent with a tab and high bytes", 910) { $0.set("User-Agent", "a\tb é") },
        ]
    }

    // MARK: Addresses, methods, sizes, protocol

    private static var addresses: [HostileDelivery] {
        func elsewhere(_ path: String, _ row: Row) -> HostileDelivery {
            signed(
                "POST \(path.prefix(40)), \(path.utf8.count) bytes", Array(order.utf8), row, status: 404,
                reason: row == .none ? "" : "unknown store"
            ) {
                $0.path = path
            }
        }
        return [
            elsewhere("/webhooks/no-such-store", .rejected), elsewhere("/webhooks/SHOP-AU", .rejected),
            elsewhere("/webhooks/shop-au%00", .rejected), elsewhere("/webhooks/%2e%2e%2fetc", .rejected),
            elsewhere("/webhooks/'%20OR%201=1", .rejected),
            elsewhere("/webhooks/" + String(repeating: "a", count: 200), .rejected),
            elsewhere("/webhooks/xero", .rejected), elsewhere("/webhooks/shop-au/token", .none),
            elsewhere("/webhooks/shop-au/", .none), elsewhere("/webhooks/", .none), elsewhere("/webhooks", .none),
            elsewhere("/", .none), elsewhere("/../../etc/passwd", .none), elsewhere("/wp-login.php", .none),
            elsewhere("/webhooks/" + String(repeating: "a", count: 5_000), .none),
            elsewhere("/webhooks/xero/app", .none),
        ]
    }

    private static var methods: [HostileDelivery] {
        [("GET", 404), ("PUT", 405), ("DELETE", 405), ("PATCH", 405), ("OPTIONS", 405), ("TRACE", 405)].map {
            method, status in
            signed("by \(method)", Array(order.utf8), .none, status: status) { $0.method = method }
        }
    }

    private static var sizes: [HostileDelivery] {
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 20 << 20)
        let path = "/webhooks/\(IngestFixture.storeID)"
        let chunked =
            Array(
                "POST \(path) HTTP/1.1\r\nHost: h\r\nX-WC-Webhook-Delivery-ID: d\r\nTransfer-Encoding: chunked\r\n\r\n"
                    .utf8)
            + (0..<20).flatMap { _ in Array("100000\r\n".utf8) + large.prefix(1 << 20) + Array("\r\n".utf8) }
            + Array("0\r\n\r\n".utf8)
        return [
            HostileDelivery(
                name: "20 MB, announced",
                request: RawRequest(path: path, headers: [("X-WC-Webhook-Delivery-ID", "d")], body: large), status: 413,
                row: .rejected, reason: "body over the limit", keptBytes: 0),
            HostileDelivery(
                name: "20 MB in chunks", request: RawRequest(path: path, verbatim: chunked), status: 413,
                row: .rejected,
                reason: "body over the limit", keptBytes: 1_024),
            HostileDelivery(
                name: "20 MB for no store",
                request: RawRequest(
                    path: "/webhooks/nobody", headers: [("X-WC-Webhook-Delivery-ID", "d")], body: large),
                status: 404, row: .rejected, reason: "unknown store", keptBytes: 0),
        ]
    }

    private static var protocols: [HostileDelivery] {
        func verbatim(_ name: String, _ text: String, status: Int = 400) -> HostileDelivery {
            HostileDelivery(
                name: name, request: RawRequest(path: "", verbatim: Array(text.utf8)), status: status, row: .none)
        }
        return [
            signed("HTTP/1.0", Array(#"{"id":951}"#.utf8), .accepted) { $0.version = "HTTP/1.0" },
            signed(
                "HTTP/1.0 with a wrong signature", Array(order.utf8), .rejected, status: 401, reason: "wrong signature"
            ) {
                $0.version = "HTTP/1.0"
                $0.set("X-WC-Webhook-Signature", "AAAA")
            },
            signed("HTTP/1.1 that asks for a close", Array(#"{"id":952}"#.utf8), .accepted) {
                $0.headers.append(("Connection", "close"))
            },
            signed("100-continue", Array(#"{"id":953}"#.utf8), .accepted) {
                $0.headers.append(("Expect", "100-continue"))
            },
            verbatim("no HTTP at all", "\u{16}\u{3}\u{1} hello\r\n\r\n"),
            verbatim(
                "a control character in a header", "POST /webhooks/shop-au HTTP/1.1\r\nHost: h\r\nX: \u{7}\r\n\r\n"),
            verbatim("a wrong length", "POST /webhooks/shop-au HTTP/1.1\r\nHost: h\r\nContent-Length: abc\r\n\r\n"),
            verbatim("a negative length", "POST /webhooks/shop-au HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"),
            verbatim("a header without a colon", "POST /webhooks/shop-au HTTP/1.1\r\nHost h\r\n\r\n"),
            verbatim(
                "headers beyond any bound",
                "POST /webhooks/shop-au HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 200_000))\r\n\r\n"),
        ]
    }
}

extension RawRequest {
    mutating func set(_ name: String, _ value: String) {
        remove(name)
        headers.append((name, value))
    }

    mutating func remove(_ name: String) {
        headers.removeAll { $0.0 == name }
    }
}
