import Foundation

/// A generator of numbers that gives the same ones for the same seed (SplitMix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Makes a generator.
    public init(seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// True in so many of a hundred cases.
    public mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// One of some values.
    public mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &self)]
    }

    /// A whole number of a range.
    public mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}

/// Checks that something holds for many generated values; what fails is made as small as it goes.
///
/// The first seed is random, or what `PROPERTY_SEED` says; each case's seed follows from it and is part of what is reported,
/// so that `PROPERTY_SEED` with that number repeats the case first. `SOAK=1` checks twenty times as many.
public struct Property<Value: Sendable>: Sendable {
    private let generate: @Sendable (inout SeededRandom) -> Value
    private let smaller: @Sendable (Value) -> [Value]
    private let failure: @Sendable (Value) -> String?

    /// Describes a property.
    /// - Parameters:
    ///   - generate: makes a value.
    ///   - smaller: values a step simpler than one, the simplest first.
    ///   - failure: what is wrong with a value; nil if nothing is.
    public init(
        generate: @escaping @Sendable (inout SeededRandom) -> Value,
        smaller: @escaping @Sendable (Value) -> [Value], failure: @escaping @Sendable (Value) -> String?
    ) {
        self.generate = generate
        self.smaller = smaller
        self.failure = failure
    }

    /// Checks so many values on all cores.
    /// - Returns: the first failure found: its seed, the smallest value that fails and what is wrong; nil if all hold.
    @concurrent public func check(_ count: Int) async -> String? {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["PROPERTY_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...UInt64(UInt32.max))
        let count = environment["SOAK"] == "1" ? count * 20 : count
        let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
        return await withTaskGroup(of: String?.self) { group in
            for worker in 0..<workers {
                group.addTask { search(stride(from: worker, to: count, by: workers), from: seed) }
            }
            for await found in group {
                guard let found else { continue }
                group.cancelAll()
                return found
            }
            return nil
        }
    }

    private func search(_ cases: StrideTo<Int>, from first: UInt64) -> String? {
        for index in cases where !Task.isCancelled {
            let seed = first &+ UInt64(index)
            var random = SeededRandom(seed: seed)
            let value = generate(&random)
            guard let found = failure(value) else { continue }
            let (smallest, reason) = shrink(value, found)
            return "PROPERTY_SEED=\(seed): \(reason)\n\(smallest)"
        }
        return nil
    }

    private func shrink(_ value: Value, _ reason: String) -> (Value, String) {
        var (smallest, reason) = (value, reason)
        var steps = 0
        search: while steps < 1000 {
            for candidate in smaller(smallest) {
                steps += 1
                if let found = failure(candidate) {
                    (smallest, reason) = (candidate, found)
                    continue search
                }
            }
            break
        }
        return (smallest, reason)
    }
}
