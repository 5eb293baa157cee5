import JSON

/// Spans as an OTLP collector takes them over HTTP.
///
/// Source: OpenTelemetry Protocol, section "JSON Protobuf Encoding": ids in hexadecimal, 64-bit numbers as text.
enum SpanEncoding {
    /// The body of one request.
    static func body(_ spans: [Span], service: String, instance: String) -> [UInt8] {
        let resource: JSONValue = [
            "attributes": [
                attribute("service.name", .text(service)), attribute("service.namespace", .text("counterfoil")),
                attribute("service.instance.id", .text(instance)),
            ]
        ]
        let scope: JSONValue = ["scope": ["name": "counterfoil"], "spans": .array(spans.map(value))]
        let request: JSONValue = ["resourceSpans": [["resource": resource, "scopeSpans": [scope]]]]
        return request.encoded()
    }

    private static func value(_ span: Span) -> JSONValue {
        var object: JSONObject = [
            "traceId": .string(span.context.traceIDText), "spanId": .string(span.context.spanIDText),
            "name": .string(span.name), "kind": .number(JSONNumber(span.kind.rawValue)),
            "startTimeUnixNano": .string("\(span.startedAt)"), "endTimeUnixNano": .string("\(span.endedAt)"),
        ]
        if let parent = span.parentID { object["parentSpanId"] = .string(TraceParent.hexadecimal(parent)) }
        if !span.attributes.isEmpty {
            object["attributes"] = .array(
                span.attributes.sorted { $0.key < $1.key }.map { attribute($0.key, $0.value) })
        }
        if !span.links.isEmpty {
            object["links"] = .array(
                span.links.map { ["traceId": .string($0.traceIDText), "spanId": .string($0.spanIDText)] })
        }
        if let error = span.error { object["status"] = ["code": 2, "message": .string(Redactor().redacted(error))] }
        return .object(object)
    }

    private static func attribute(_ key: String, _ value: Span.Value) -> JSONValue {
        switch value {
        case .text(let text): ["key": .string(key), "value": ["stringValue": .string(text)]]
        case .number(let number): ["key": .string(key), "value": ["intValue": .string("\(number)")]]
        }
    }
}
