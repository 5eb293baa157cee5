public import Accounting
import NIOConcurrencyHelpers

/// An identifier that sorts by the time at which it was made.
///
/// Source: RFC 9562, section 5.7 "UUID Version 7".
public struct UUIDv7: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Puts an id together: 48 bits of milliseconds, 12 bits of order within one, 62 random bits.
    init(milliseconds: UInt64, sequence: UInt16, random: UInt64) {
        high = (milliseconds & 0xffff_ffff_ffff) << 16 | 0x7000 | UInt64(sequence & 0xfff)
        low = 0x8000_0000_0000_0000 | random & 0x3fff_ffff_ffff_ffff
    }

    /// Ids made earlier come first.
    public static func < (left: UUIDv7, right: UUIDv7) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// The usual 36 characters in lower case.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = index < 8 ? high : low
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(56 - (index % 8) * 8))
                buffer[position] = Self.digit(byte >> 4)
                buffer[position + 1] = Self.digit(byte & 15)
                position += 2
            }
            return 36
        }
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}

/// Makes ``UUIDv7`` values that never repeat and never go backwards within one process, even when the clock does.
public final class UUIDv7Generator: Sendable {
    private struct State {
        var random: any RandomNumberGenerator & Sendable
        var milliseconds: UInt64 = 0
        var sequence: UInt16 = 0
    }

    private let state: NIOLockedValueBox<State>
    private let now: @Sendable () -> Instant

    /// Makes a generator.
    ///
    /// - Parameters:
    ///   - random: where random bits come from; the system by default.
    ///   - now: the clock; the system's by default.
    public init(
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        now: @escaping @Sendable () -> Instant = { Instant.now() }
    ) {
        state = NIOLockedValueBox(State(random: random))
        self.now = now
    }

    /// The next id.
    public func next() -> UUIDv7 {
        let present = UInt64(max(0, now().microseconds / 1_000))
        return state.withLockedValue { state in
            if present > state.milliseconds {
                state.milliseconds = present
                // Half of the range is left to count up in.
                state.sequence = UInt16(truncatingIfNeeded: state.random.next()) & 0x7ff
            } else if state.sequence < 0xfff {
                state.sequence += 1
            } else {
                state.milliseconds += 1
                state.sequence = 0
            }
            return UUIDv7(
                milliseconds: state.milliseconds, sequence: state.sequence, random: state.random.next())
        }
    }
}
