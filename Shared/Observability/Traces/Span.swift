/// One step of a trace, with when it began and ended.
///
/// A value: set what is to be told of it while it is open, then hand it to ``Tracer/end(_:)``. A span that is not recorded
/// still has its ``context``, so that a trace goes on and log lines name it where nobody collects spans.
public struct Span: Sendable {
    /// What part a step has. The numbers are OTLP's.
    public enum Kind: Int, Sendable, Hashable {
        /// Work within a service.
        case `internal` = 1
        /// A request that is answered.
        case server = 2
        /// A request that is made.
        case client = 3
        /// A message that is sent.
        case producer = 4
        /// A message, or a row that stands for it, that is worked.
        case consumer = 5
    }

    /// What an attribute holds.
    public enum Value: Sendable, Hashable {
        /// A text.
        case text(String)
        /// A whole number.
        case number(Int)
    }

    /// What the next steps name as their parent, and log lines as where they belong.
    public let context: TraceParent
    let name: String
    let kind: Kind
    let parentID: UInt64?
    let links: [TraceParent]
    /// Nanoseconds since 1970.
    let startedAt: UInt64
    var endedAt: UInt64 = 0
    let isRecorded: Bool
    private(set) var attributes: [String: Value] = [:]
    private(set) var error: String?

    /// The most links that a span keeps.
    static let linkLimit = 128

    init(
        name: String, kind: Kind, context: TraceParent, parent: TraceParent?, links: [TraceParent], startedAt: UInt64,
        isRecorded: Bool
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        parentID = parent?.parentID
        self.links = Array(links.prefix(Self.linkLimit))
        self.startedAt = startedAt
        self.isRecorded = isRecorded
    }

    /// Sets an attribute, if the span is recorded.
    public mutating func set(_ key: String, _ value: @autoclosure () -> String) {
        if isRecorded { attributes[key] = .text(value()) }
    }

    /// Sets an attribute that is a number, if the span is recorded.
    public mutating func set(_ key: String, _ value: @autoclosure () -> Int) {
        if isRecorded { attributes[key] = .number(value()) }
    }

    /// Marks the step as failed.
    ///
    /// - Parameter message: what went wrong, safe to show.
    public mutating func fail(_ message: @autoclosure () -> String) {
        if isRecorded { error = message() }
    }
}
