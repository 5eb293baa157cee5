import CoreMetrics
import Synchronization

/// One exported time series; it knows how to append its samples.
protocol Series: AnyObject, Sendable {
    /// Appends `name{labels} value` lines.
    func append(to text: inout [UInt8])
}

/// A counter of whole things.
final class CounterSeries: Series, CounterHandler {
    private let prefix: [UInt8]
    private let count = Atomic<Int64>(0)

    init(name: String, dimensions: [(String, String)]) {
        prefix = Array("\(name)\(MetricText.labels(dimensions)) ".utf8)
    }

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        count.store(0, ordering: .relaxed)
    }

    func append(to text: inout [UInt8]) {
        text.append(contentsOf: prefix)
        text.append(contentsOf: "\(value)\n".utf8)
    }
}

/// A value that goes up and down, or a counter of fractional amounts.
final class GaugeSeries: Series, MeterHandler, RecorderHandler, FloatingPointCounterHandler {
    private let prefix: [UInt8]
    private let bits = Atomic<UInt64>(0)

    init(name: String, dimensions: [(String, String)]) {
        prefix = Array("\(name)\(MetricText.labels(dimensions)) ".utf8)
    }

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func record(_ value: Int64) { set(Double(value)) }

    func record(_ value: Double) { set(value) }

    func increment(by amount: Double) { bits.add(amount) }

    func decrement(by amount: Double) { bits.add(-amount) }

    func reset() { set(0.0) }

    func append(to text: inout [UInt8]) {
        text.append(contentsOf: prefix)
        text.append(contentsOf: "\(MetricText.value(value))\n".utf8)
    }
}

/// A distribution in cumulative buckets with its sum and count. As a timer it records seconds.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    /// A bucket's upper bound with the values that fell into it and into no lower one.
    private final class Bucket: Sendable {
        let prefix: [UInt8]
        let count = Atomic<Int64>(0)

        init(prefix: [UInt8]) { self.prefix = prefix }
    }

    private let bounds: [Double]
    private let buckets: [Bucket]
    private let sumPrefix: [UInt8]
    private let countPrefix: [UInt8]
    private let sumBits = Atomic<UInt64>(0)

    init(name: String, dimensions: [(String, String)], bounds: [Double]) {
        let sorted = bounds.sorted()
        self.bounds = sorted
        buckets = (sorted + [.infinity]).map { bound in
            let labels = MetricText.labels(dimensions, adding: ("le", MetricText.value(bound)))
            return Bucket(prefix: Array("\(name)_bucket\(labels) ".utf8))
        }
        let labels = MetricText.labels(dimensions)
        sumPrefix = Array("\(name)_sum\(labels) ".utf8)
        countPrefix = Array("\(name)_count\(labels) ".utf8)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        buckets[index].count.wrappingAdd(1, ordering: .relaxed)
        sumBits.add(value)
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1_000_000_000)
    }

    func append(to text: inout [UInt8]) {
        var total: Int64 = 0
        for bucket in buckets {
            total += bucket.count.load(ordering: .relaxed)
            text.append(contentsOf: bucket.prefix)
            text.append(contentsOf: "\(total)\n".utf8)
        }
        text.append(contentsOf: sumPrefix)
        text.append(contentsOf: "\(MetricText.value(Double(bitPattern: sumBits.load(ordering: .relaxed))))\n".utf8)
        text.append(contentsOf: countPrefix)
        text.append(contentsOf: "\(total)\n".utf8)
    }
}

extension Atomic where Value == UInt64 {
    /// Adds to the floating-point number whose bits are kept here.
    fileprivate func add(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
