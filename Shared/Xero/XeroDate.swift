public import Accounting

/// Xero's ways of writing dates.
public enum XeroDate {
    /// Reads a moment as Xero writes it: `/Date(1518685950940+0000)/`, or ISO with or without an offset (UTC without).
    /// - Parameter text: the text of the member.
    /// - Returns: the moment, or nil if the text is neither form.
    public static func instant(_ text: String) -> Instant? {
        if text.hasPrefix("/Date(") {
            let digits = text.dropFirst(6).prefix { $0 == "-" || $0.isASCII && $0.isNumber }
            // An offset only says which zone it was shown in; the milliseconds are UTC.
            let number =
                digits.first == "-" ? "-" + digits.dropFirst().prefix { $0 != "-" } : digits.prefix { $0 != "-" }
            guard let milliseconds = Int64(number), text.hasSuffix(")/") else { return nil }
            let (microseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
            return overflow ? nil : Instant(microseconds: microseconds)
        }
        return Instant(rfc3339: text) ?? Instant(utc: text)
    }

    /// Reads a calendar date in any of Xero's forms; the time of day, which is midnight, is dropped.
    /// - Parameter text: the text of the member.
    /// - Returns: the date, or nil if the text is none of the forms.
    public static func date(_ text: String) -> CalendarDate? {
        if text.hasPrefix("/Date(") { return instant(text)?.date(utcOffsetSeconds: 0) }
        return CalendarDate(String(text.prefix(10)))
    }

    /// A moment as the If-Modified-Since header wants it: UTC, to the second, without a zone.
    /// - Parameter instant: the moment.
    /// - Returns: e.g. `2026-11-21T09:30:00`.
    public static func header(_ instant: Instant) -> String {
        String(instant.rfc3339.prefix(19))
    }
}
