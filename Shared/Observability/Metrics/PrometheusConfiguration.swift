/// How histograms are cut, and how many series one name may have.
public struct PrometheusConfiguration: Sendable {
    /// Upper bounds in seconds of a timer's buckets. Default: 1 ms to 60 s.
    public var durationBounds: [Double]
    /// Upper bounds of an aggregating recorder's buckets, in its own unit. Default: powers of four from 1 to 4^10.
    public var sizeBounds: [Double]
    /// Bounds for single metrics, by their swift-metrics label.
    public var bounds: [String: [Double]]
    /// The most series of one name that are shown. Default 1,000.
    public var seriesPerName: Int

    /// Makes a configuration; every argument has a default that suits services.
    public init(
        durationBounds: [Double] = [
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ],
        sizeBounds: [Double] = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576],
        bounds: [String: [Double]] = [:],
        seriesPerName: Int = 1_000
    ) {
        self.durationBounds = durationBounds
        self.sizeBounds = sizeBounds
        self.bounds = bounds
        self.seriesPerName = seriesPerName
    }
}
