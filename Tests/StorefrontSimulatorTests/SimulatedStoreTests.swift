import Accounting
import JSON
import SimulatedWooCommerce
import Testing

@Suite("A simulated store's REST API")
struct SimulatedStoreTests {
    private static let start = Instant(seconds: 1_790_000_000)

    private func store(orders count: Int = 0) -> SimulatedStore {
        var settings = StoreSettings(
            id: "shop", url: "http://shop.example", consumerKey: "ck_1", consumerSecret: "cs_1",
            webhookURL: "http://hook.example")
        settings.disableAfterFailures = 7
        let store = SimulatedStore(settings)
        for index in 0..<count {
            store.save(
                [
                    "id": .number(JSONNumber(index + 1)), "status": index % 2 == 0 ? "processing" : "pending",
                    "total": "1.5",
                ],
                refunds: [], now: Self.start + .seconds(index))
        }
        return store
    }

    private func get(_ store: SimulatedStore, _ path: String, _ query: [String: String] = [:]) -> RESTResponse {
        store.respond(to: RESTRequest(path: path, query: query, credentials: (user: "ck_1", password: "cs_1")))
    }

    private func header(_ response: RESTResponse, _ name: String) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    private func ids(_ response: RESTResponse) -> [Int] { (response.body.array ?? []).compactMap { $0["id"]?.int } }

    @Test("a wrong or missing key is answered with 401 and WordPress's error object")
    func refusesStrangers() {
        let answers = [
            store().respond(to: RESTRequest(path: "/orders")),
            store().respond(to: RESTRequest(path: "/orders", credentials: (user: "ck_1", password: "no"))),
        ]
        for answer in answers {
            #expect(answer.status == 401)
            #expect(answer.body["code"]?.string == "woocommerce_rest_cannot_view")
            #expect(answer.body["data"]?["status"]?.int == 401)
        }
    }

    @Test("pages have totals and links, ten orders where nothing is said, newest first")
    func pages() {
        let store = store(orders: 25)
        let first = get(store, "/orders")
        #expect(ids(first) == Array((16...25).reversed()))
        #expect(header(first, "X-WP-Total") == "25")
        #expect(header(first, "X-WP-TotalPages") == "3")
        #expect(header(first, "Link")?.contains("page=2>; rel=\"next\"") == true)
        let last = get(store, "/orders", ["page": "3", "order": "asc", "orderby": "id"])
        #expect(ids(last) == [21, 22, 23, 24, 25])
        #expect(header(last, "Link")?.contains("rel=\"next\"") == false)
        #expect(ids(get(store, "/orders", ["page": "4"])).isEmpty)
    }

    @Test("every order is on exactly one page", arguments: [1, 7, 100])
    func pagesAreComplete(perPage: Int) {
        let store = store(orders: 23)
        let pages = (23 + perPage - 1) / perPage
        let all = (1...pages).flatMap { page in
            ids(
                get(
                    store, "/orders",
                    ["page": "\(page)", "per_page": "\(perPage)", "orderby": "modified", "order": "asc"]))
        }
        #expect(all == Array(1...23))
    }

    @Test("modified_after is strict, to the second, and in the site's time unless dates are GMT")
    func modifiedAfter() {
        let store = store(orders: 10)
        let stamp = WooTime.text(Self.start + .seconds(4))
        let answer = get(store, "/orders", ["modified_after": stamp, "dates_are_gmt": "true", "order": "asc"])
        #expect(ids(answer) == [6, 7, 8, 9, 10])
        var settings = store.settings
        settings.utcOffsetSeconds = 3_600
        store.configure(settings)
        let local = WooTime.text(Self.start + .seconds(4), utcOffsetSeconds: 3_600)
        #expect(ids(get(store, "/orders", ["modified_after": local, "order": "asc"])) == [6, 7, 8, 9, 10])
    }

    @Test("status and include narrow the list")
    func filters() {
        let store = store(orders: 6)
        #expect(ids(get(store, "/orders", ["status": "pending", "order": "asc"])) == [2, 4, 6])
        #expect(ids(get(store, "/orders", ["include": "3,5", "order": "asc"])) == [3, 5])
    }

    @Test(
        "a parameter WordPress refuses is named",
        arguments: [("per_page", "101"), ("page", "0"), ("orderby", "colour"), ("modified_after", "yesterday")])
    func refusesParameters(name: String, value: String) {
        let answer = get(store(), "/orders", [name: value])
        #expect(answer.status == 400)
        #expect(answer.body["message"]?.string == "Invalid parameter(s): \(name)")
    }

    @Test(
        "an unknown order is answered with WooCommerce's code",
        arguments: ["/orders/9", "/orders/9/refunds", "/orders/x"])
    func unknownOrder(path: String) {
        let answer = get(store(), path)
        #expect(answer.status == 404)
        #expect(answer.body["code"]?.string == "woocommerce_rest_shop_order_invalid_id")
    }

    @Test("the order shows its refunds in short, the refunds resource in full")
    func refunds() {
        let store = store()
        let refund: JSONObject = [
            "id": 8, "amount": "4.50", "reason": "Broken", "line_items": [["id": 9, "total": "-4.500000"]],
        ]
        store.save(["id": 7, "status": "processing", "total": "12.345678"], refunds: [refund], now: Self.start)
        let order = get(store, "/orders/7").body
        #expect(order["total"]?.string == "12.35")
        #expect(order["refunds"] == [["id": 8, "reason": "Broken", "total": "-4.50"]])
        #expect(get(store, "/orders/7", ["dp": "4"]).body["total"]?.string == "12.3457")
        #expect(get(store, "/orders/7/refunds").body[0]?["line_items"]?[0]?["total"]?.string == "-4.50")
    }

    @Test("a save never moves the date of modification back")
    func stampsAreMonotonic() {
        let store = store()
        store.save(["id": 1], refunds: [], now: Self.start)
        store.save(["id": 1], refunds: [], now: Self.start - .seconds(60))
        #expect(store.order(1)?.modifiedAt == Self.start)
    }

    @Test("a recorded payload leaves the store as it came")
    func verbatim() {
        let store = store()
        let recorded: JSONObject = ["id": 1, "total": "12.3", "date_modified_gmt": "2017-03-22T19:28:08"]
        store.save(recorded, refunds: [], isVerbatim: true, now: Self.start)
        #expect(store.payload(1) == .object(recorded))
    }

    @Test("a fault lasts as many requests as it was told")
    func faults() {
        let store = store(orders: 1)
        store.setFault(StoreFault(status: 503, remaining: 2))
        #expect([1, 2, 3].map { _ in get(store, "/orders").status } == [503, 503, 200])
    }

    @Test("the webhook is disabled on the seventh failure in a row, and a success starts the count again")
    func webhookIsDisabled() {
        let store = store()
        for _ in 0..<6 { store.webhookAnswered(success: false) }
        store.webhookAnswered(success: true)
        for _ in 0..<6 { store.webhookAnswered(success: false) }
        #expect(store.webhookIsActive)
        store.webhookAnswered(success: false)
        #expect(!store.webhookIsActive)
        #expect(get(store, "/webhooks").body[0]?["status"]?.string == "disabled")
    }

    @Test("a snapshot brings everything back")
    func snapshot() throws {
        let store = store(orders: 3)
        let restored = try #require(SimulatedStore(snapshot: try JSONValue(parsing: store.snapshot().encoded())))
        #expect(restored.settings == store.settings)
        #expect(restored.snapshot() == store.snapshot())
    }

    @Test("JSON looks like PHP's: slashes and everything outside ASCII escaped")
    func phpJSON() {
        let value: JSONValue = ["url": "http://a/ö\n", "price": .number(JSONNumber(7)), "note": "\u{1F600}\"\\"]
        #expect(
            String(decoding: PHPJSON.encode(value), as: UTF8.self)
                == #"{"url":"http:\/\/a\/\u00f6\n","price":7,"note":"\ud83d\ude00\"\\"}"#)
    }
}
