#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A point in time, to the microsecond.
public struct Instant: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var microseconds: Int64

    /// Makes a point in time.
    /// - Parameter microseconds: Microseconds since 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Makes a point in time from whole seconds since 1970-01-01T00:00:00Z.
    public init(seconds: Int64) { microseconds = seconds * 1_000_000 }

    /// The time now, by the system's clock.
    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Reads `2026-01-31T10:00:00Z`, with any fraction of a second and any offset. A blank may stand for the `T`, and the
    /// offset may be short (`+01`), as PostgreSQL writes it. Without an offset it is refused.
    public init?(rfc3339 text: some StringProtocol) {
        self.init(Array(text.utf8), offsetRequired: true)
    }

    /// Reads a time that is known to be UTC but need not say so, such as `2017-03-22T19:33:34`; an offset that is given counts.
    public init?(utc text: some StringProtocol) {
        self.init(Array(text.utf8), offsetRequired: false)
    }

    private init?(_ bytes: [UInt8], offsetRequired: Bool) {
        guard bytes.count >= 19, bytes.count <= 64, "Tt ".utf8.contains(bytes[10]), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let date = CalendarDate(String(decoding: bytes[..<10], as: UTF8.self)),
            let hour = decimalDigits(bytes[11..<13]), let minute = decimalDigits(bytes[14..<16]),
            let second = decimalDigits(bytes[17..<19]), hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = bytes[19...]
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let digits = rest.prefix { $0 &- UInt8(ascii: "0") < 10 }
            guard let value = decimalDigits(digits.prefix(6)) else { return nil }
            fraction = (digits.count..<max(6, digits.count)).reduce(value) { result, _ in result * 10 }
            rest = rest.dropFirst(digits.count)
        }
        let offset: Int
        if rest.isEmpty {
            guard !offsetRequired else { return nil }
            offset = 0
        } else {
            guard let value = Self.offsetSeconds(rest) else { return nil }
            offset = value
        }
        let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
        microseconds = Int64(seconds) * 1_000_000 + Int64(fraction)
    }

    /// Reads `Z`, `+01:00`, `+0100` or `+01`.
    private static func offsetSeconds(_ text: ArraySlice<UInt8>) -> Int? {
        guard let sign = text.first else { return nil }
        if sign | 0x20 == UInt8(ascii: "z") { return text.count == 1 ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let digits = ArraySlice(text.dropFirst().filter { $0 != UInt8(ascii: ":") })
        guard digits.count == 2 || digits.count == 4, let hours = decimalDigits(digits.prefix(2)), hours <= 18 else {
            return nil
        }
        let minutes = digits.count == 4 ? decimalDigits(digits.suffix(2)) : 0
        guard let minutes, minutes < 60 else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// In UTC, such as `2026-01-31T10:00:00Z`, with six digits of a second where it has a fraction.
    public var rfc3339: String {
        let (seconds, fraction) = floorDivide(microseconds, 1_000_000)
        let (days, time) = floorDivide(seconds, 86_400)
        let part = fraction == 0 ? "" : "." + padded(Int(fraction), 6)
        let clock = [time / 3600, time / 60 % 60, time % 60].map { padded(Int($0), 2) }.joined(separator: ":")
        return "\(CalendarDate(daysSince1970: Int(days)))T\(clock)\(part)Z"
    }

    /// The same as ``rfc3339``.
    public var description: String { rfc3339 }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public var seconds: Int64 { floorDivide(microseconds, 1_000_000).quotient }

    /// The day it is at a place.
    /// - Parameter utcOffsetSeconds: How far the place's clock is ahead of UTC, in seconds.
    public func date(utcOffsetSeconds: Int) -> CalendarDate {
        CalendarDate(daysSince1970: Int(floorDivide(seconds + Int64(utcOffsetSeconds), 86_400).quotient))
    }

    /// Whether the left time comes first.
    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// The time so much later.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (seconds, attoseconds) = duration.components
        return Instant(microseconds: instant.microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// The time so much earlier.
    public static func - (instant: Instant, duration: Duration) -> Instant { instant + (.zero - duration) }

    /// How long after the right time the left one is; negative if before.
    public static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds - right.microseconds)
    }
}

/// Divides rounding down, so that the remainder is never negative.
private func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}
