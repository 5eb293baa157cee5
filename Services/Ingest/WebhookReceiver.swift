import JSON
import Messaging
import Observability
import Storefronts

/// What is answered to a delivery, and what is stored of it.
enum Verdict: Sendable {
    /// Answered with a status, nothing stored.
    case answer(status: Int, text: String)
    /// Stored, then answered with the record's status.
    case store(DeliveryRecord)
}

/// Decides what a delivery is: verified on its raw bytes, then understood. Content never earns a sender anything but 200.
struct WebhookReceiver: Sendable {
    private let identifiers: UUIDv7Generator
    private let limiter: RejectLimiter
    private let tracer: Tracer

    init(identifiers: UUIDv7Generator, limiter: RejectLimiter, tracer: Tracer = .off) {
        self.identifiers = identifiers
        self.limiter = limiter
        self.tracer = tracer
    }

    /// A few words out of a fixed set, for counting, and a sentence for a person.
    private struct Rejection {
        let status: Int
        let reason: String
        let advice: String

        static let unknownStore = Rejection(
            status: 404, reason: "unknown store",
            advice: "No store has this id. Check the delivery URL, or apply a configuration that has the store.")
        static let tooLarge = Rejection(
            status: 413, reason: "body over the limit",
            advice: "The body is larger than INGEST_BODY_LIMIT_BYTES allows.")
        static let unsigned = Rejection(
            status: 401, reason: "missing signature",
            advice: "The delivery has no X-WC-Webhook-Signature. Set a secret in the store's webhook.")
        static let wrongSignature = Rejection(
            status: 401, reason: "wrong signature",
            advice: "The signature does not fit the store's webhook secret. Make both secrets equal.")
    }

    /// What to do with a delivery to an address that names no store of ours.
    func unknownStore(_ request: WebhookRequest, _ body: ReceivedBody) -> Verdict {
        reject(request, body, nil, .unknownStore)
    }

    /// What to do with a delivery to a store.
    func receive(_ request: WebhookRequest, _ body: ReceivedBody, for store: StoreEndpoint) -> Verdict {
        guard store.platform == "woocommerce" else {
            return .answer(status: 404, text: "Stores on \(store.platform) send no webhooks to this address.\n")
        }
        if body.isTooLarge { return reject(request, body, store, .tooLarge) }
        guard let secret = store.webhookSecret else {
            return .answer(
                status: 503, text: "The store's webhook secret is not available. Apply its configuration again.\n")
        }
        let signature = request.header("X-WC-Webhook-Signature") ?? ""
        if signature.isEmpty {
            if WooCommerceDelivery.pingedWebhook(body.bytes) != nil { return .answer(status: 200, text: "") }
            return reject(request, body, store, .unsigned)
        }
        guard WooCommerceSignature.isValid(body: body.bytes, signatureBase64: signature, secret: secret) else {
            return reject(request, body, store, .wrongSignature)
        }
        return classify(request, body, store)
    }

    private func classify(_ request: WebhookRequest, _ body: ReceivedBody, _ store: StoreEndpoint) -> Verdict {
        switch WooCommerceDelivery.classify(headers: request.header, body: body.bytes) {
        case .ping:
            return .answer(status: 200, text: "")
        case .order(let id, _):
            let hint = DeliveryRecord.Hint(
                platform: store.platform, orderID: id, rereadSeconds: store.rereadSeconds)
            return .store(record(request, body, .accepted, entityID: id, hint: hint))
        case .orderDeleted(let id):
            let reason = "order \(id) was deleted in the store; what was posted for it stays as it is"
            return .store(record(request, body, .ignored, reason: reason, entityID: id))
        case .ignored(let reason):
            return .store(record(request, body, .ignored, reason: reason))
        case .malformed(let reason):
            return .store(record(request, body, .ignored, reason: reason, sweeps: true))
        }
    }

    private func record(
        _ request: WebhookRequest, _ body: ReceivedBody, _ outcome: DeliveryRecord.Outcome, reason: String? = nil,
        entityID: String? = nil, hint: DeliveryRecord.Hint? = nil, sweeps: Bool = false
    ) -> DeliveryRecord {
        let topic = HeaderText.clean(request.header("X-WC-Webhook-Topic") ?? "")
        let webhookID = HeaderText.clean(request.header("X-WC-Webhook-ID") ?? "")
        return DeliveryRecord(
            id: identifiers.next().description, storeID: request.storeID, outcome: outcome,
            reason: reason.map { HeaderText.clean($0, limit: 500) }, status: 200, topic: topic.isEmpty ? nil : topic,
            entity: entityID == nil ? nil : "order", entityID: entityID,
            deliveryKey: DeliveryKey.woocommerce(webhookID: webhookID, topic: topic, body: body.bytes),
            headers: HeaderText.object(request.header), body: body.bytes, bodyBytes: body.count, source: request.source,
            hint: hint, sweeps: sweeps, span: span(request))
    }

    private func reject(
        _ request: WebhookRequest, _ body: ReceivedBody, _ store: StoreEndpoint?, _ rejection: Rejection
    ) -> Verdict {
        guard limiter.admits(storeID: store?.id, source: request.source, reason: rejection.reason) else {
            return .answer(status: rejection.status, text: rejection.advice + "\n")
        }
        let topic = HeaderText.clean(request.header("X-WC-Webhook-Topic") ?? "")
        return .store(
            DeliveryRecord(
                id: identifiers.next().description, storeID: HeaderText.clean(request.storeID, limit: 64),
                outcome: .rejected, reason: "\(rejection.reason): \(rejection.advice)", status: rejection.status,
                topic: topic.isEmpty ? nil : topic, entity: nil, entityID: nil, deliveryKey: body.digest,
                headers: HeaderText.object(request.header),
                body: Array(body.bytes.prefix(ReceivedBody.keptOfRejects)), bodyBytes: body.count,
                source: request.source, hint: nil, sweeps: false, span: span(request)))
    }

    /// The sender's trace goes on; without one, one begins.
    private func span(_ request: WebhookRequest) -> Span {
        tracer.begin(
            "receive webhook", kind: .server, parent: request.header("traceparent").flatMap { TraceParent($0) })
    }
}
