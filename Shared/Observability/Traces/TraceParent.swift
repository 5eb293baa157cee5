public import Logging

/// A W3C trace context: which trace something belongs to, and which step caused it.
///
/// Source: W3C Trace Context, section 3.2 "traceparent Header".
public struct TraceParent: Sendable, Hashable, CustomStringConvertible {
    /// The trace, the same from a webhook to the last call it leads to. Never zero.
    public let traceID: TraceID
    /// The step that caused the next one. Never zero.
    public let parentID: UInt64
    /// Whether whoever began the trace keeps it.
    public let isSampled: Bool

    /// A 128-bit trace id.
    public struct TraceID: Sendable, Hashable {
        let high: UInt64
        let low: UInt64
    }

    init(traceID: TraceID, parentID: UInt64, isSampled: Bool) {
        self.traceID = traceID
        self.parentID = parentID
        self.isSampled = isSampled
    }

    /// The step that the present task works on; see ``Tracer/withSpan(_:kind:parent:_:)``. Log lines carry it.
    @TaskLocal public static var current: TraceParent?

    /// Gives every log line of a task that works on a step the fields `trace_id` and `span_id`.
    static let logFields = Logger.MetadataProvider { current?.logMetadata ?? [:] }

    /// The fields of log lines about this step: `trace_id` and `span_id`.
    public var logMetadata: Logger.Metadata { ["trace_id": "\(traceIDText)", "span_id": "\(spanIDText)"] }

    /// The trace's id as 32 hexadecimal digits.
    public var traceIDText: String { Self.hexadecimal(traceID.high, traceID.low) }

    /// The step's id as 16 hexadecimal digits.
    public var spanIDText: String { Self.hexadecimal(parentID) }

    static func hexadecimal(_ numbers: UInt64...) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(numbers.count * 16)
        for number in numbers { append(number, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a header. Versions above 00 are read by the fields that 00 has, as the specification asks.
    ///
    /// - Returns: nil if it is malformed, or names a zero trace or parent.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let version = Self.number(bytes[0..<2]), version != 0xff,
            version == 0 ? bytes.count == 55 : (bytes.count == 55 || bytes[55] == Self.dash),
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), high != 0 || low != 0,
            let parent = Self.number(bytes[36..<52]), parent != 0,
            let flags = Self.number(bytes[53..<55])
        else { return nil }
        self.init(traceID: TraceID(high: high, low: low), parentID: parent, isSampled: flags & 1 == 1)
    }

    /// The header's value: `00-<trace>-<parent>-<flags>`.
    public var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(55)
        bytes.append(contentsOf: "00-".utf8)
        Self.append(traceID.high, to: &bytes)
        Self.append(traceID.low, to: &bytes)
        bytes.append(Self.dash)
        Self.append(parentID, to: &bytes)
        bytes.append(contentsOf: isSampled ? "-01".utf8 : "-00".utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let dash = UInt8(ascii: "-")
    private static let digits = Array("0123456789abcdef".utf8)

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 60, through: 0, by: -4) {
            bytes.append(digits[Int(number >> UInt64(shift) & 15)])
        }
    }
}
