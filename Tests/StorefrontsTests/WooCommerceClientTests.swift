import Accounting
import AsyncHTTPClient
import JSON
import Logging
import NIOConcurrencyHelpers
import NIOHTTP1
import Storefronts
import TestSupport
import Testing

@Suite struct WooCommerceClientTests {
    /// Runs a body with a client of a store that answers as said.
    private func withStore(
        timeout: Duration = .seconds(20), bodyLimit: Int = 1 << 20,
        answer: @escaping @Sendable (HTTPRequestHead) -> CannedServer.Answer?,
        _ body: (WooCommerceClient) async throws -> Void
    ) async throws {
        let server = try await CannedServer { head, _ in answer(head) }
        let http = HTTPClient(configuration: WooCommerceClient.httpConfiguration)
        let client = WooCommerceClient.live(
            WooCommerceClient.Configuration(
                url: server.url + "/", consumerKey: "ck_1", consumerSecret: "cs_2", timeout: timeout,
                bodyLimit: bodyLimit),
            httpClient: http, logger: Logger(label: "test"))
        do {
            try await body(client)
        } catch {
            try await http.shutdown()
            try await server.stop()
            throw error
        }
        try await http.shutdown()
        try await server.stop()
    }

    private func error(of body: () async throws -> Void) async throws -> StorefrontError {
        do {
            try await body()
        } catch let error as StorefrontError {
            return error
        }
        throw StorefrontError(.refused, "nothing was thrown")
    }

    @Test(.timeLimit(.minutes(5)))
    func `an order is read with its refunds, all pages of them, and with credentials`() async throws {
        let asked = NIOLockedValueBox<[String]>([])
        try await withStore { head in
            asked.withLockedValue { $0.append(head.uri) }
            guard head.headers.first(name: "Authorization") == "Basic Y2tfMTpjc18y" else {
                return .init(status: .unauthorized)
            }
            if head.uri.contains("/refunds") {
                let page = head.uri.hasSuffix("page=2") ? 2 : 1
                return .init(headers: [("X-WP-TotalPages", "2")], body: #"[{"id":\#(page)}]"#)
            }
            return .init(body: #"{"id":5,"price":63.241106000000002}"#)
        } _: { client in
            let snapshot = try await client.snapshot(of: "5")
            #expect(snapshot.text == #"{"order":{"id":5,"price":63.241106000000002},"refunds":[{"id":1},{"id":2}]}"#)
        }
        #expect(
            asked.withLockedValue { $0 } == [
                "/wp-json/wc/v3/orders/5", "/wp-json/wc/v3/orders/5/refunds?per_page=100&page=1",
                "/wp-json/wc/v3/orders/5/refunds?per_page=100&page=2",
            ])
    }

    @Test(.timeLimit(.minutes(5)))
    func `a page of orders says how many there are`() async throws {
        try await withStore { head in
            #expect(
                head.uri
                    == "/wp-json/wc/v3/orders?modified_after=2026-01-31T10%3A00%3A00&dates_are_gmt=true&orderby=id&order=asc"
                    + "&per_page=100&page=3")
            return .init(
                headers: [("X-WP-Total", "203"), ("X-WP-TotalPages", "3")], body: #"[{"id":1},{"id":2},{"id":3}]"#)
        } _: { client in
            let after = try #require(Instant(rfc3339: "2026-01-31T10:00:00.5Z"))
            let page = try await client.orders(modifiedAfter: after, page: 3, perPage: 500)
            #expect((page.orders.count, page.page, page.totalPages, page.total) == (3, 3, 3, 203))
        }
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            (
                401, #"{"code":"woocommerce_rest_cannot_view","message":"No"}"#, StorefrontError.Code.unauthorised,
                "consumer key"
            ),
            (403, "<html>", .unauthorised, "consumer key"), (404, "<html>", .misconfigured, "url"),
            (404, #"{"code":"rest_no_route","message":"No"}"#, .misconfigured, "permalinks"),
            (404, #"{"code":"woocommerce_rest_shop_order_invalid_id","message":"No"}"#, .notFound, "does not have it"),
            (301, "", .misconfigured, "redirects to elsewhere.example"), (429, "", .rateLimited, "less often"),
            (503, "<html>", .unavailable, "503"), (500, "", .unavailable, "500"),
            (400, #"{"code":"rest_invalid_param"}"#, .refused, "rest_invalid_param"),
            (200, "<html>", .malformed, "not JSON"),
            (200, "", .malformed, "not JSON"),
        ])
    func `an answer other than an order has a code and says what to do`(
        status: Int, body: String, code: StorefrontError.Code, message: String
    ) async throws {
        let headers = [("Retry-After", "7"), ("Location", "https://elsewhere.example/path?x=1")]
        try await withStore { _ in
            .init(status: HTTPResponseStatus(statusCode: status), headers: headers, body: body)
        } _: { client in
            let error = try await error { _ = try await client.order("5") }
            #expect(error.code == code)
            #expect(error.message.contains(message), "\(error.message)")
            #expect(!error.message.contains("ck_1"))
            if status == 503 || status == 429 { #expect(error.retryAfter == .seconds(7)) }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a store that hangs, sends too much, or is not there is given up`() async throws {
        try await withStore(timeout: .milliseconds(200)) { _ in
            nil
        } _: { client in
            let error1 = try await error { _ = try await client.order("5") }
            #expect(error1.code == .timeout)
        }
        try await withStore(bodyLimit: 100) { _ in
            .init(body: String(repeating: " ", count: 200))
        } _: { client in
            let error2 = try await error { _ = try await client.order("5") }
            #expect(error2.code == .tooLarge)
        }
        let http = HTTPClient(configuration: WooCommerceClient.httpConfiguration)
        let nowhere = WooCommerceClient.live(
            .init(url: "http://127.0.0.1:1", consumerKey: "", consumerSecret: "", timeout: .milliseconds(500)),
            httpClient: http,
            logger: Logger(label: "test"))
        let refused = try await error { _ = try await nowhere.order("5") }
        #expect(refused.isRetryable)
        let wrong = WooCommerceClient.live(
            .init(url: "not a url", consumerKey: "", consumerSecret: ""), httpClient: http,
            logger: Logger(label: "test"))
        let error3 = try await error { _ = try await wrong.order("5") }
        #expect(error3.code == .misconfigured)
        let error4 = try await error { _ = try await wrong.order("../users") }
        #expect(error4.code == .malformed)
        try await http.shutdown()
    }

    @Test func `closures stand in for a store`() async throws {
        let client = WooCommerceClient(
            order: { id throws(StorefrontError) in ["id": .string(id)] },
            refunds: { _ throws(StorefrontError) in throw StorefrontError(.unavailable, "down") },
            orders: { _, page, _ throws(StorefrontError) in .init(orders: [], page: page, totalPages: 0, total: 0) })
        #expect(try await client.order("5") == ["id": "5"])
        let error5 = try await error { _ = try await client.snapshot(of: "5") }
        #expect(error5.code == .unavailable)
        #expect(try await client.orders(modifiedAfter: Instant(seconds: 0)).total == 0)
    }
}
