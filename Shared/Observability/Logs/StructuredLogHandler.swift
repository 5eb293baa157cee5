public import Logging

/// Writes one line an event, as JSON or as text, with secrets redacted and control characters escaped.
///
/// JSON lines have `time`, `level`, `logger`, `message`, where one came `error`, and the metadata's keys beside them; a key
/// that would collide gets an underscore at its end.
public struct StructuredLogHandler: LogHandler {
    /// Values for every line of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Values for every line, asked at the moment of logging.
    public var metadataProvider: Logger.MetadataProvider?
    /// Events below it are dropped.
    public var logLevel: Logger.Level

    private let label: String
    private let format: LogFormat
    private let sink: LogSink
    private let redactor = Redactor()
    private let now: @Sendable () -> Int64

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - label: the logger's name, shown on every line.
    ///   - format: JSON or text.
    ///   - level: events below it are dropped.
    ///   - sink: where lines go; standard output by default.
    ///   - metadataProvider: values asked for on every line.
    public init(
        label: String, format: LogFormat, level: Logger.Level, sink: LogSink = .standardOutput,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.init(label: label, format: format, level: level, sink: sink, metadataProvider: metadataProvider) {
            LogTime.now()
        }
    }

    init(
        label: String, format: LogFormat, level: Logger.Level, sink: LogSink,
        metadataProvider: Logger.MetadataProvider? = nil, now: @escaping @Sendable () -> Int64
    ) {
        self.label = label
        self.format = format
        self.logLevel = level
        self.sink = sink
        self.metadataProvider = metadataProvider
        self.now = now
    }

    /// One value of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event.
    public func log(event: LogEvent) {
        var values = metadata
        if let provided = metadataProvider?.get() {
            values.merge(provided) { _, new in new }
        }
        if let own = event.metadata {
            values.merge(own) { _, new in new }
        }
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch format {
        case .json: appendJSON(event, values, to: &line)
        case .text: appendText(event, values, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        sink.line(line)
    }

    // MARK: JSON

    private static let reservedKeys: Set<String> = ["time", "level", "logger", "message", "error"]

    private func appendJSON(_ event: LogEvent, _ values: Logger.Metadata, to line: inout [UInt8]) {
        line.append(contentsOf: #"{"time":""#.utf8)
        LogTime.append(now(), to: &line)
        line.append(contentsOf: #"","level":""#.utf8)
        line.append(contentsOf: event.level.rawValue.utf8)
        line.append(contentsOf: #"","logger":"#.utf8)
        LogText.appendJSON(label, to: &line)
        line.append(contentsOf: #","message":"#.utf8)
        LogText.appendJSON(redactor.redacted(event.message.description), to: &line)
        if let error = event.error {
            line.append(contentsOf: #","error":"#.utf8)
            LogText.appendJSON(redactor.redacted(String(describing: error)), to: &line)
        }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            line.append(UInt8(ascii: ","))
            LogText.appendJSON(Self.reservedKeys.contains(key) ? key + "_" : key, to: &line)
            line.append(UInt8(ascii: ":"))
            appendJSON(value, key: key, to: &line)
        }
        line.append(UInt8(ascii: "}"))
    }

    private func appendJSON(_ value: Logger.Metadata.Value, key: String, to line: inout [UInt8]) {
        if redactor.isSecret(key: key) {
            LogText.appendJSON(Redactor.mask, to: &line)
            return
        }
        switch value {
        case .string(let text):
            LogText.appendJSON(redactor.redacted(text), to: &line)
        case .stringConvertible(let value):
            if let number = LogText.number(value) {
                line.append(contentsOf: number.utf8)
            } else {
                LogText.appendJSON(redactor.redacted(value.description), to: &line)
            }
        case .array(let values):
            line.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                appendJSON(value, key: "", to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let values):
            line.append(UInt8(ascii: "{"))
            for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                LogText.appendJSON(key, to: &line)
                line.append(UInt8(ascii: ":"))
                appendJSON(value, key: key, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        @unknown default:
            LogText.appendJSON(redactor.redacted(value.description), to: &line)
        }
    }

    // MARK: Text

    private func appendText(_ event: LogEvent, _ values: Logger.Metadata, to line: inout [UInt8]) {
        LogTime.append(now(), to: &line)
        line.append(UInt8(ascii: " "))
        let level = event.level.rawValue
        line.append(contentsOf: level.utf8)
        line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(1, 9 - level.utf8.count)))
        LogText.appendPlain(label, to: &line)
        line.append(contentsOf: ": ".utf8)
        LogText.appendPlain(redactor.redacted(event.message.description), to: &line)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            line.append(UInt8(ascii: " "))
            LogText.appendPlain(key, to: &line)
            line.append(UInt8(ascii: "="))
            LogText.appendQuoted(text(of: value, key: key), to: &line)
        }
        if let error = event.error {
            line.append(contentsOf: " error=".utf8)
            LogText.appendQuoted(redactor.redacted(String(describing: error)), to: &line)
        }
    }

    private func text(of value: Logger.Metadata.Value, key: String) -> String {
        if redactor.isSecret(key: key) { return Redactor.mask }
        switch value {
        case .string(let text):
            return redactor.redacted(text)
        case .array(let values):
            return "[" + values.map { text(of: $0, key: "") }.joined(separator: ", ") + "]"
        case .dictionary(let values):
            let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key): \(text(of: $0.value, key: $0.key))" }
            return "{" + pairs.joined(separator: ", ") + "}"
        default:
            return redactor.redacted(value.description)
        }
    }
}
