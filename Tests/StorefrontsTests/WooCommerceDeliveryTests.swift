import JSON
import Storefronts
import Testing

@Suite struct WooCommerceDeliveryTests {
    private func classify(_ topic: String?, _ body: String) -> WooCommerceDelivery.Classification {
        WooCommerceDelivery.classify(headers: { $0 == "X-WC-Webhook-Topic" ? topic : nil }, body: Array(body.utf8))
    }

    @Test func `the unsigned form that a store sends on saving is a ping`() {
        #expect(classify(nil, "webhook_id=27") == .ping(webhookID: "27"))
        for body in ["", "webhook_id=", "webhook_id=2x", "webhook_id=27&a=1", "webhook_id=123456789012345678901", "{}"]
        {
            guard case .malformed = classify(nil, body) else {
                Issue.record("\(body) is no ping")
                continue
            }
        }
    }

    @Test(arguments: ["order.created", "order.updated", "order.restored"])
    func `an order's webhook names the order`(topic: String) {
        #expect(classify(topic, #"{"id":5,"status":"processing","line_items":[]}"#) == .order(id: "5", topic: topic))
        #expect(classify(topic, #"{"id":"5"}"#) == .order(id: "5", topic: topic))
    }

    @Test func `a deleted order is only an id`() {
        #expect(classify("order.deleted", #"{"id":5}"#) == .orderDeleted(id: "5"))
    }

    @Test(arguments: ["checkout-draft", "auto-draft", "draft", "trash"])
    func `drafts and trash are ignored`(status: String) {
        guard case .ignored(let reason) = classify("order.updated", #"{"id":5,"status":"\#(status)"}"#) else {
            Issue.record("not ignored")
            return
        }
        #expect(reason.contains(status))
    }

    @Test(arguments: [
        "customer.created", "product.updated", "coupon.deleted", "action.woocommerce_order_status_completed", "x\u{1}y",
    ])
    func `other topics are ignored`(topic: String) {
        guard case .ignored = classify(topic, "not even JSON") else {
            Issue.record("not ignored")
            return
        }
    }

    @Test(arguments: [
        (
            #"{"code":"woocommerce_rest_cannot_view","message":"No.","data":{"status":401}}"#,
            "woocommerce_rest_cannot_view"
        ),
        ("<html>", "not JSON"), ("", "not JSON"), ("[]", "array"), ("{}", "no id"), (#"{"id":0}"#, "no id"),
        (#"{"id":-4}"#, "no id"),
        (#"{"id":1.5}"#, "no id"), (#"{"id":"abc"}"#, "no id"), (#"{"id":99999999999999999999}"#, "no id"),
    ])
    func `what is no order is malformed, with the reason`(body: String, reason: String) {
        guard case .malformed(let text) = classify("order.updated", body) else {
            Issue.record("not malformed")
            return
        }
        #expect(text.contains(reason))
    }

    @Test func `deep and invalid bodies are malformed, not fatal`() {
        let deep = String(repeating: "[", count: 500_000)
        guard case .malformed = classify("order.updated", deep) else {
            Issue.record("not malformed")
            return
        }
        let invalid = WooCommerceDelivery.classify(
            headers: { _ in "order.updated" }, body: Array(#"{"id":5,"a":""#.utf8) + [0xFF, 0x22, 0x7D])
        guard case .malformed = invalid else {
            Issue.record("not malformed")
            return
        }
    }
}
