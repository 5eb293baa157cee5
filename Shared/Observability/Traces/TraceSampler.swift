/// Decides which traces are kept.
///
/// Source: OpenTelemetry, "Tracing SDK", sections "TraceIdRatioBased" and "ParentBased".
public struct TraceSampler: Sendable, Hashable {
    /// The part of the traces that is kept, 0 to 1.
    public let ratio: Double
    /// Whether a trace that began elsewhere goes on as it was begun, whatever the ratio.
    public let followsParent: Bool

    /// Keeps every trace, unless whoever began it does not.
    public static let all = TraceSampler(ratio: 1)

    /// Makes a sampler.
    ///
    /// - Parameters:
    ///   - ratio: the part of the traces that is kept; values outside of 0 to 1 count as the nearer end.
    ///   - followsParent: whether a trace that began elsewhere goes on as it was begun.
    public init(ratio: Double, followsParent: Bool = true) {
        self.ratio = min(max(ratio, 0), 1)
        self.followsParent = followsParent
    }

    /// Whether a trace is kept. By its id: every service with the same ratio comes to the same answer.
    func keeps(_ traceID: TraceParent.TraceID, parent: TraceParent?) -> Bool {
        if followsParent, let parent { return parent.isSampled }
        return ratio >= 1 || Double(traceID.low >> 1) < ratio * 0x1p63
    }
}
