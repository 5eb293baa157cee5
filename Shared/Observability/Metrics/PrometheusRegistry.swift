public import CoreMetrics
import NIOConcurrencyHelpers

/// All metrics of one process, kept for Prometheus to scrape. It is a `MetricsFactory`: bootstrap `MetricsSystem` with it,
/// or hand it to `withMetricsFactory` in a test.
///
/// Names follow Prometheus' conventions: dots become underscores, counters end in `_total`, timers are histograms in
/// seconds and end in `_seconds`. A series is made once per name and labels and then shared, so a metric object may be
/// made again as often as one likes, but keeping it is cheaper.
///
/// - Important: Labels must be bounded (queue, outcome), never ids. Beyond ``PrometheusConfiguration/seriesPerName`` series
///   of one name, further ones are measured but not shown, and `metrics_series_hidden_total` counts them.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Key: Hashable {
        let name: String
        let labels: String
    }

    private enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        let kind: Kind
        var series: [any Series] = []
    }

    private struct State {
        var families: [String: Family] = [:]
        var names: [String] = []
        var series: [Key: any Series] = [:]
        var collectors: [Collector] = []
    }

    /// Closures live in a class of their own: kept directly in a lock's value they would gain a thunk with every copy.
    private final class Collector: Sendable {
        let collect: @Sendable () -> [Reading]

        init(_ collect: @escaping @Sendable () -> [Reading]) { self.collect = collect }
    }

    /// A value read at the moment of a scrape.
    public struct Reading: Sendable {
        let name: String
        let counts: Bool
        let value: Double
        var labels = ""

        /// A value that goes up and down; of few different dimensions.
        public static func gauge(
            _ name: String, _ value: Double, _ dimensions: [(String, String)] = []
        ) -> Reading {
            Reading(
                name: MetricText.name(name), counts: false, value: value, labels: MetricText.labels(dimensions))
        }

        /// A value that only grows; its name should end in `_total`.
        public static func counter(_ name: String, _ value: Double) -> Reading {
            Reading(name: MetricText.name(name), counts: true, value: value)
        }
    }

    private let configuration: PrometheusConfiguration
    private let state = NIOLockedValueBox(State())
    private let hidden = CounterSeries(name: "metrics_series_hidden_total", dimensions: [])

    /// Makes an empty registry.
    public init(configuration: PrometheusConfiguration = PrometheusConfiguration()) {
        self.configuration = configuration
    }

    /// Has `collect` called at every scrape, for values that exist anyway and need not be kept up to date.
    public func addCollector(_ collect: @escaping @Sendable () -> [Reading]) {
        state.withLockedValue { $0.collectors.append(Collector(collect)) }
    }

    /// Everything in Prometheus' text format, to be served as ``contentType``.
    public func exposition() -> [UInt8] {
        let (families, collectors) = state.withLockedValue { state in
            (state.names.compactMap { name in state.families[name].map { (name, $0) } }, state.collectors)
        }
        var text: [UInt8] = []
        text.reserveCapacity(16_384)
        for (name, family) in families {
            text.append(contentsOf: "# TYPE \(name) \(family.kind.rawValue)\n".utf8)
            for series in family.series { series.append(to: &text) }
        }
        let readings = collectors.flatMap { $0.collect() }
        let groups = Dictionary(grouping: readings, by: \.name)
        var shown: Set<String> = []
        for reading in readings where shown.insert(reading.name).inserted {
            text.append(contentsOf: "# TYPE \(reading.name) \(reading.counts ? "counter" : "gauge")\n".utf8)
            for reading in groups[reading.name] ?? [] {
                text.append(contentsOf: "\(reading.name)\(reading.labels) \(MetricText.value(reading.value))\n".utf8)
            }
        }
        text.append(contentsOf: "# TYPE metrics_series_hidden_total counter\n".utf8)
        hidden.append(to: &text)
        return text
    }

    /// The media type of ``exposition()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func series<S: Series>(
        _ name: String, _ kind: Kind, _ dimensions: [(String, String)], make: () -> S
    ) -> S {
        let key = Key(name: name, labels: MetricText.labels(dimensions))
        let found: S? = state.withLockedValue { state in
            if let existing = state.series[key] { return existing as? S }
            var family = state.families[name] ?? Family(kind: kind)
            guard family.kind == kind, family.series.count < configuration.seriesPerName else { return nil }
            let made = make()
            if family.series.isEmpty { state.names.append(name) }
            family.series.append(made)
            state.families[name] = family
            state.series[key] = made
            return made
        }
        if let found { return found }
        hidden.increment(by: 1)
        return make()
    }
}

extension PrometheusRegistry {
    /// A counter named with `_total` at its end.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let name = Self.name(label, ending: "_total")
        return series(name, .counter, dimensions) { CounterSeries(name: name, dimensions: dimensions) }
    }

    /// A counter of fractional amounts, named with `_total` at its end.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        let name = Self.name(label, ending: "_total")
        return series(name, .counter, dimensions) { GaugeSeries(name: name, dimensions: dimensions) }
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        let name = MetricText.name(label)
        return series(name, .gauge, dimensions) { GaugeSeries(name: name, dimensions: dimensions) }
    }

    /// A histogram when it aggregates, else a gauge.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let name = MetricText.name(label)
        guard aggregate else {
            return series(name, .gauge, dimensions) { GaugeSeries(name: name, dimensions: dimensions) }
        }
        let bounds = configuration.bounds[label] ?? configuration.sizeBounds
        return series(name, .histogram, dimensions) {
            HistogramSeries(name: name, dimensions: dimensions, bounds: bounds)
        }
    }

    /// A histogram in seconds, named with `_seconds` at its end.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = Self.name(label, ending: "_seconds")
        let bounds = configuration.bounds[label] ?? configuration.durationBounds
        return series(name, .histogram, dimensions) {
            HistogramSeries(name: name, dimensions: dimensions, bounds: bounds)
        }
    }

    /// Does nothing: a series lives as long as its process, since Prometheus reads a vanished counter as a reset.
    public func destroyCounter(_ handler: any CounterHandler) {}

    /// Does nothing, see ``destroyCounter(_:)``.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}

    /// Does nothing, see ``destroyCounter(_:)``.
    public func destroyMeter(_ handler: any MeterHandler) {}

    /// Does nothing, see ``destroyCounter(_:)``.
    public func destroyRecorder(_ handler: any RecorderHandler) {}

    /// Does nothing, see ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}

    private static func name(_ label: String, ending: String) -> String {
        let name = MetricText.name(label)
        return name.hasSuffix(ending) ? name : name + ending
    }
}
