import Ledger
import Logging
import Mapping
import Observability
import Xero

/// Traces in the writer. A call that carries the documents of one trace goes on in it; one that carries several begins a trace
/// of its own, linked to theirs. Either way each document has a step in its own trace, and a line there that names the call.
extension OrgWriter {
    /// Gives a call and the documents it carries their steps.
    func traced(_ record: CallRecord, _ documents: [StoredDocument]) -> CallRecord {
        var record = record
        let steps = documents.map { tracer.next(after: $0.trace) }
        for (index, step) in zip(record.elements.indices, steps) {
            record.elements[index].traceparent = step.description
        }
        let isOne = Set(steps.map(\.traceID)).count == 1
        record.traceparent = tracer.next(after: isOne ? steps.first : nil, links: isOne ? [] : steps).description
        return record
    }

    /// Tells that a call has been recorded, in the trace of each document that it carries.
    func tellClaimed(_ documents: [StoredDocument], _ record: CallRecord) {
        guard logger.logLevel <= .info else { return }
        for (document, element) in zip(documents, record.elements) {
            var metadata: Logger.Metadata = [
                WriterLogKey.document: "\(document.key.text)", WriterLogKey.call: "\(record.id)",
                WriterLogKey.version: "\(element.version)",
            ]
            metadata.merge(element.trace?.logMetadata ?? [:]) { own, _ in own }
            logger.info("document claimed for a call", metadata: metadata)
        }
    }

    /// Sends a call, as a step of its own.
    /// - Parameters:
    ///   - record: the call.
    ///   - parent: the step before; nil to take it from what the call carries.
    ///   - isAgain: whether its bytes have been sent before.
    ///   - send: sends it.
    func trace(
        _ record: CallRecord, parent: TraceParent? = nil, isAgain: Bool = false, _ send: () async -> Sent
    ) async -> Sent {
        let steps = record.elements.compactMap(\.trace)
        let isOne = steps.first.map { $0.traceID == record.trace?.traceID } ?? true
        var span = tracer.begin(
            "\(record.method) \(CallStore.endpoint(of: record.path))", kind: .client,
            parent: isAgain ? record.trace : parent ?? (isOne ? steps.first : nil),
            as: isAgain ? nil : record.trace, links: isOne ? [] : steps)
        defer { tracer.end(span) }
        return await TraceParent.$current.withValue(span.context) {
            let began = time.now()
            let sent = await send()
            let seconds = time.now().seconds(since: began)
            CallMetrics.count(sent, seconds: seconds)
            tell(record, sent, seconds: seconds, &span)
            return sent
        }
    }

    private func tell(_ record: CallRecord, _ sent: Sent, seconds: Double, _ span: inout Span) {
        span.set("counterfoil.org", orgID)
        span.set("counterfoil.call", record.id)
        span.set("counterfoil.documents", record.elements.count)
        var metadata: Logger.Metadata = [
            WriterLogKey.call: "\(record.id)",
            WriterLogKey.request: "\(Self.request(record))",
            WriterLogKey.documents: "\(record.elements.count)",
            WriterLogKey.milliseconds: "\(Int(seconds * 1000))",
        ]
        switch sent {
        case .answered(let response):
            span.set("http.response.status_code", response.status)
            if response.status >= 400 { span.fail("Xero answered \(response.status)") }
            metadata[WriterLogKey.status] = "\(response.status)"
        case .notSent(let message), .noAnswer(let message):
            span.fail(message)
            metadata[WriterLogKey.error] = "\(message)"
        }
        logger.info("Xero called", metadata: metadata)
    }

    /// A call's request for people, without its query.
    private static func request(_ record: CallRecord) -> String {
        "\(record.method) \(record.path.prefix { $0 != "?" })"
    }

    /// Tells what a call came to for each of its documents, in the document's trace.
    func tell(_ summary: ResultSummary, _ pending: PendingCall) {
        let steps = Dictionary(
            pending.record.elements.map { ($0.documentID, $0.trace) }, uniquingKeysWith: { first, _ in first })
        for outcome in summary.outcomes {
            tell(
                "document sent", outcome, record: pending.record, status: summary.status,
                step: steps[outcome.document.id] ?? nil, seconds: now - pending.sentAt)
        }
    }

    /// Tells what a lookup found of each document, in the document's trace.
    func tellFound(_ summary: ResultSummary, _ record: CallRecord) {
        for outcome in summary.outcomes {
            tell("document looked up", outcome, record: record, status: nil, step: nil, seconds: 0)
        }
    }

    private func tell(
        _ message: Logger.Message, _ outcome: DocumentOutcome, record: CallRecord, status: Int?, step: TraceParent?,
        seconds: Double
    ) {
        let document = outcome.document
        var span = tracer.begin(
            "\(message)", parent: document.trace, as: step, links: record.trace.map { [$0] } ?? [],
            startedBefore: .nanoseconds(Int64(max(0, seconds) * 1e9)))
        span.set("counterfoil.document", document.key.text)
        span.set("counterfoil.call", record.id)
        span.set("counterfoil.outcome", outcome.text)
        if document.machine.state == .dead || document.machine.state == .held { span.fail(document.reason ?? "") }
        tracer.end(span)
        guard logger.logLevel <= .info else { return }
        var metadata = span.context.logMetadata
        metadata[WriterLogKey.document] = "\(document.key.text)"
        metadata[WriterLogKey.call] = "\(record.id)"
        metadata[WriterLogKey.outcome] = "\(outcome.text)"
        if !record.path.isEmpty { metadata[WriterLogKey.request] = "\(Self.request(record))" }
        metadata[WriterLogKey.state] = "\(document.machine.state.rawValue)"
        if let status { metadata[WriterLogKey.status] = "\(status)" }
        if let id = document.xeroID { metadata[WriterLogKey.xeroID] = "\(id)" }
        if let reason = document.reason { metadata[WriterLogKey.reason] = "\(reason)" }
        logger.info(message, metadata: metadata)
    }

    /// Looks documents up, as a step of its own: of their trace, or of one that is linked to theirs.
    func traceLookup(_ documents: [StoredDocument], _ body: () async throws -> Void) async rethrows {
        let traces = documents.compactMap(\.trace)
        let isOne = Set(traces.map(\.traceID)).count == 1
        let span = tracer.begin(
            "look up documents", parent: isOne ? traces.first : nil, links: isOne ? [] : traces)
        defer { tracer.end(span) }
        try await TraceParent.$current.withValue(span.context) { try await body() }
    }
}

extension StoredDocument {
    /// The planning that last changed it.
    var trace: TraceParent? { traceparent.flatMap { TraceParent($0) } }
}

extension CallRecord {
    /// The call's own step.
    var trace: TraceParent? { traceparent.flatMap { TraceParent($0) } }
}

extension CallRecord.Element {
    /// The step of the document in its call.
    var trace: TraceParent? { traceparent.flatMap { TraceParent($0) } }
}
