import Glibc

/// The time of day as log lines show it.
enum LogTime {
    /// Microseconds since 1970 by the system's clock.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Appends e.g. `2026-01-31T09:05:00.001234Z`.
    static func append(_ microseconds: Int64, to line: inout [UInt8]) {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let seconds = remainder < 0 ? quotient - 1 : quotient
        let fraction = remainder < 0 ? remainder + 1_000_000 : remainder
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        append(Int(parts.tm_year) + 1_900, digits: 4, to: &line)
        line.append(UInt8(ascii: "-"))
        append(Int(parts.tm_mon) + 1, digits: 2, to: &line)
        line.append(UInt8(ascii: "-"))
        append(Int(parts.tm_mday), digits: 2, to: &line)
        line.append(UInt8(ascii: "T"))
        append(Int(parts.tm_hour), digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        append(Int(parts.tm_min), digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        append(Int(parts.tm_sec), digits: 2, to: &line)
        line.append(UInt8(ascii: "."))
        append(Int(fraction), digits: 6, to: &line)
        line.append(UInt8(ascii: "Z"))
    }

    private static func append(_ number: Int, digits: Int, to line: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        var rest = number
        while divisor > 0 {
            line.append(UInt8(ascii: "0") + UInt8((rest / divisor) % 10))
            rest %= divisor
            divisor /= 10
        }
    }
}
