import CoreMetrics
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import NIOCore
import Observability

/// What a request's handling needs of its connection.
struct WebhookContext: InitializableFromSource {
    /// The remote address.
    let source: String?

    init(source: ApplicationRequestContextSource) {
        self.source = source.channel.remoteAddress?.ipAddress
    }
}

/// Answers `POST /webhooks/{store}` from the commit of what was delivered.
struct WebhookResponder: HTTPResponder {
    typealias Context = WebhookContext

    /// The headers that are ever looked at, checked once instead of at every request.
    private static let fields = Dictionary(
        uniqueKeysWithValues: Set(HeaderText.kept + ["X-WC-Webhook-Signature", "traceparent"]).compactMap { name in
            HTTPField.Name(name).map { (name, $0) }
        })
    /// What the sender is asked to wait for after a 503.
    private static let retryAfterSeconds = "5"

    let directory: any StoreDirectory
    let receiver: WebhookReceiver
    let commits: GroupCommit<DeliveryRecord>
    let relay: OutboxRelay?
    let bodies: BodyReader
    let metrics: IngestMetrics
    let tracer: Tracer
    let logger: Logger

    func respond(to request: Request, context: WebhookContext) async throws -> Response {
        guard let storeID = Self.storeID(path: request.uri.path) else {
            return respond(404, "Webhooks are received at /webhooks/STORE.\n")
        }
        guard request.method == .post else {
            return respond(request.method == .get ? 404 : 405, "Webhooks are received by POST.\n")
        }
        let began = ContinuousClock.now
        let response = try await answer(request, storeID, context)
        metrics.duration.recordNanoseconds(Int64((ContinuousClock.now - began) / .nanoseconds(1)))
        return response
    }

    private func answer(_ request: Request, _ storeID: String, _ context: WebhookContext) async throws -> Response {
        let headers = request.headers
        let webhook = WebhookRequest(
            storeID: storeID,
            header: { name in (Self.fields[name] ?? HTTPField.Name(name)).flatMap { headers[$0] } },
            source: context.source)
        let store: StoreEndpoint?
        switch directory.store(storeID) {
        case .notLoaded:
            return await conclude(.answer(status: 503, text: "The stores have not been read from the database yet.\n"))
        case .unknown: store = nil
        case .found(let found): store = found
        }
        do {
            // Only what is signed for a store of ours is worth its memory.
            let keepsAll = store != nil && webhook.header("X-WC-Webhook-Signature")?.isEmpty == false
            return try await bodies.withBody(of: request, keepsAll: keepsAll) { body in
                guard let store else { return await conclude(receiver.unknownStore(webhook, body)) }
                return await conclude(receiver.receive(webhook, body, for: store))
            }
        } catch is BodyReader.OutOfBudget {
            return await conclude(
                .answer(status: 503, text: "Too much is being received just now. Please send it again.\n"))
        }
    }

    private func conclude(_ verdict: Verdict) async -> Response {
        switch verdict {
        case .answer(let status, let text):
            metrics.answered(status)
            return respond(status, text)
        case .store(let record):
            do {
                try await commits.store(record)
                metrics.stored(record.outcome)
                trace(record)
                if record.hint != nil { relay?.wake() }
                return respond(record.status, record.status == 200 ? "" : "\(record.reason ?? "")\n")
            } catch {
                trace(record, isStored: false)
                metrics.answered(503)
                return respond(503, "The delivery could not be stored just now. Please send it again.\n")
            }
        }
    }

    /// Tells of a delivery in its trace, once its rows are committed or could not be.
    private func trace(_ record: DeliveryRecord, isStored: Bool = true) {
        var span = record.span
        span.set("counterfoil.store", record.storeID)
        span.set("counterfoil.event", record.id)
        span.set("http.response.status_code", isStored ? record.status : 503)
        if !isStored { span.fail("the delivery could not be stored") }
        tracer.end(span)
        guard isStored, logger.logLevel <= .info else { return }
        var metadata = span.context.logMetadata
        metadata["store"] = "\(record.storeID)"
        metadata["event"] = "\(record.id)"
        metadata["outcome"] = "\(record.outcome.rawValue)"
        if let order = record.entityID { metadata["order"] = "\(order)" }
        if let topic = record.topic { metadata["topic"] = "\(topic)" }
        if record.outcome == .rejected { metadata["status"] = "\(record.status)" }
        logger.info("webhook stored", metadata: metadata)
    }

    /// The store in `/webhooks/STORE`; nil for every other path.
    static func storeID(path: String) -> String? {
        let prefix = "/webhooks/"
        guard path.hasPrefix(prefix) else { return nil }
        let rest = path.dropFirst(prefix.count)
        guard !rest.isEmpty, rest.utf8.count <= 256, !rest.utf8.contains(UInt8(ascii: "/")) else { return nil }
        return String(rest)
    }

    private func respond(_ status: Int, _ text: String) -> Response {
        var headers = HTTPFields()
        if !text.isEmpty { headers[.contentType] = "text/plain; charset=utf-8" }
        if status == 503 { headers[.retryAfter] = Self.retryAfterSeconds }
        if status == 413 || status == 503 { headers[.connection] = "close" }
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: text.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
