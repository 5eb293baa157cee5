public import Accounting

/// Instants as WooCommerce writes and reads them: seconds, no zone, once in the site's time and once in UTC.
public enum WooTime {
    /// `2026-01-31T10:00:00`, shifted by the site's offset from UTC.
    public static func text(_ instant: Instant, utcOffsetSeconds: Int = 0) -> String {
        var shifted = truncated(instant)
        shifted.microseconds += Int64(utcOffsetSeconds) * 1_000_000
        return String(shifted.rfc3339.prefix(19))
    }

    /// The instant without its fraction of a second: WooCommerce's clock ticks in seconds.
    public static func truncated(_ instant: Instant) -> Instant {
        var whole = instant
        let remainder = whole.microseconds % 1_000_000
        whole.microseconds -= remainder < 0 ? remainder + 1_000_000 : remainder
        return whole
    }

    /// Reads a date parameter. One without a zone is UTC when `isGMT`, else the site's time.
    public static func parse(_ text: String, isGMT: Bool, utcOffsetSeconds: Int) -> Instant? {
        if let zoned = Instant(rfc3339: text), hasZone(text) { return zoned }
        let complete = text.count == 10 ? text + "T00:00:00" : text
        guard var local = Instant(utc: complete) else { return nil }
        if !isGMT { local.microseconds -= Int64(utcOffsetSeconds) * 1_000_000 }
        return local
    }

    private static func hasZone(_ text: String) -> Bool {
        let time = text.dropFirst(11)
        return time.contains("Z") || time.contains("z") || time.contains("+") || time.contains("-")
    }
}
