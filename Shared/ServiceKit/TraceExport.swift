import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import Observability
import ServiceLifecycle

/// OpenTelemetry's own settings, as far as they are used here. Without an endpoint nothing is exported; traces still go on
/// from service to service, and log lines name them.
///
/// Source: OpenTelemetry, "OpenTelemetry Protocol Exporter" and "Environment Variable Specification", section "General SDK
/// Configuration".
struct TraceSettings: Sendable {
    /// What the collector shows as the service.
    let service: String
    /// Which traces that begin here are kept.
    let sampler: TraceSampler
    /// Where spans are posted to; nil to export none.
    let endpoint: String?
    /// Headers of every request to the collector.
    let headers: [(name: String, value: String)]

    private enum Sampler: String, CaseIterable {
        case always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off
        case parentbased_traceidratio
    }

    init(_ environment: Environment, name: String) throws(ConfigurationError) {
        service = try environment.string("OTEL_SERVICE_NAME", default: name)
        sampler = try Self.sampler(environment)
        headers = try Self.headers(environment)
        endpoint = try Self.endpoint(environment)
    }

    private static func sampler(_ environment: Environment) throws(ConfigurationError) -> TraceSampler {
        let choice = try environment.choice("OTEL_TRACES_SAMPLER", default: Sampler.parentbased_always_on)
        var ratio = 1.0
        if let text = try environment.optional("OTEL_TRACES_SAMPLER_ARG") {
            guard let number = Double(text), (0...1).contains(number) else {
                throw ConfigurationError(
                    variable: "OTEL_TRACES_SAMPLER_ARG", problem: "is \"\(text)\"",
                    fix: "Set it to the part of the traces to keep, 0 to 1, for example 0.1, or leave it out.")
            }
            ratio = number
        }
        switch choice {
        case .always_on: return TraceSampler(ratio: 1, followsParent: false)
        case .always_off: return TraceSampler(ratio: 0, followsParent: false)
        case .traceidratio: return TraceSampler(ratio: ratio, followsParent: false)
        case .parentbased_always_on: return TraceSampler(ratio: 1)
        case .parentbased_always_off: return TraceSampler(ratio: 0)
        case .parentbased_traceidratio: return TraceSampler(ratio: ratio)
        }
    }

    private static func endpoint(_ environment: Environment) throws(ConfigurationError) -> String? {
        let general = "OTEL_EXPORTER_OTLP_ENDPOINT"
        let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
        if let url = try environment.optional(own) { return try checked(url, own) }
        guard var url = try environment.optional(general) else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        return try checked(url, general) + "/v1/traces"
    }

    private static func checked(_ url: String, _ variable: String) throws(ConfigurationError) -> String {
        let rest = url.hasPrefix("http://") ? url.dropFirst(7) : url.hasPrefix("https://") ? url.dropFirst(8) : ""
        guard let first = rest.utf8.first, first != UInt8(ascii: "/"), !rest.contains(where: \.isWhitespace) else {
            throw ConfigurationError(
                variable: variable, problem: "is no HTTP address",
                fix: "Set it like http://localhost:4318, where an OTLP collector takes JSON over HTTP, or leave it out."
            )
        }
        return url
    }

    /// `name=value,name=value`, values percent-encoded.
    private static func headers(
        _ environment: Environment
    ) throws(ConfigurationError) -> [(name: String, value: String)] {
        let variable = "OTEL_EXPORTER_OTLP_HEADERS"
        guard let text = try environment.optional(variable) else { return [] }
        var headers: [(name: String, value: String)] = []
        for member in text.split(separator: ",") {
            let parts = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts[0].filter { $0 != " " }
            guard parts.count == 2, !name.isEmpty, let value = decoded(parts[1]) else {
                throw ConfigurationError(
                    variable: variable, problem: "is not a list of headers",
                    fix: "Set it like name=value,other=value, with commas and spaces in values written as %2C and %20.")
            }
            headers.append((name, value))
        }
        return headers
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        // By bytes: to characters, a carriage return with a line feed is neither.
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Exports the spans of the process, if the settings say where to.
struct TraceExport: Sendable {
    private let settings: TraceSettings
    private let buffer: SpanBuffer?

    init(_ settings: TraceSettings) {
        self.settings = settings
        buffer = settings.endpoint == nil ? nil : SpanBuffer()
    }

    /// The tracer of the process.
    var tracer: Tracer { Tracer(sampler: settings.sampler, buffer: buffer) }

    /// The exporter after its HTTP client; nothing if spans are not exported.
    func services(logger: Logger) -> [any Service] {
        guard let buffer, let endpoint = settings.endpoint else { return [] }
        let http = OutboundHTTP(connect: .seconds(3), silence: .seconds(5), connections: 1)
        let bounds = SpanExporter.Settings(
            service: settings.service, instance: Tracer.off.next(after: nil).traceIDText)
        let headers = settings.headers
        let exporter = SpanExporter(buffer: buffer, settings: bounds, logger: logger) { body in
            try await Self.post(body, to: endpoint, headers, http.client, deadline: bounds.deadline)
        }
        return [http, exporter]
    }

    private static func post(
        _ body: [UInt8], to endpoint: String, _ headers: [(name: String, value: String)], _ client: HTTPClient,
        deadline: Duration
    ) async throws -> SpanExporter.Answer {
        var request = HTTPClientRequest(url: endpoint)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await client.execute(request, timeout: TimeAmount(deadline))
        // Read to the end, so that the connection can be used again.
        for try await _ in response.body {}
        switch response.status.code {
        case 200..<300: return .taken
        case 429, 502, 503, 504: return .later("the collector answered \(response.status.code)")
        default: return .refused("the collector answered \(response.status.code)")
        }
    }
}
