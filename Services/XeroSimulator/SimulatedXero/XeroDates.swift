import Accounting
import Foundation
import JSON
import NIOConcurrencyHelpers

/// Dates and times in the forms Xero reads and writes.
enum XeroDates {
    /// `/Date(1518685950940+0000)/`.
    static func milliseconds(_ instant: Instant) -> JSONValue { .string("/Date(\(instant.microseconds / 1000)+0000)/") }

    /// A calendar date as `/Date(…)/` at midnight UTC.
    static func milliseconds(_ date: CalendarDate) -> JSONValue {
        .string("/Date(\(date.daysSince1970 * 86_400_000)+0000)/")
    }

    /// `2026-01-31T00:00:00`.
    static func midnight(_ date: CalendarDate) -> JSONValue { .string("\(date)T00:00:00") }

    /// `2017-03-22T19:33:34.123`, UTC without a zone, as Xero writes it.
    static func utc(_ instant: Instant) -> JSONValue {
        let days = instant.seconds >= 0 ? instant.seconds / 86400 : (instant.seconds - 86399) / 86400
        let rest = instant.seconds - days * 86400
        let milliseconds = ((instant.microseconds % 1_000_000) + 1_000_000) % 1_000_000 / 1000
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map { two(Int($0)) }.joined(separator: ":")
        let fraction = String(milliseconds + 1000).dropFirst()
        return .string("\(CalendarDate(daysSince1970: Int(days)))T\(time).\(fraction)")
    }

    /// Reads `2026-01-31`, `2026-01-31T00:00:00…` and `/Date(…)/`.
    static func date(_ text: String) -> CalendarDate? {
        if text.hasPrefix("/Date("), text.hasSuffix(")/") {
            let inner = text.dropFirst(6).dropLast(2)
            let sign = inner.dropFirst().firstIndex { $0 == "+" || $0 == "-" } ?? inner.endIndex
            guard let value = Int64(inner[..<sign]) else { return nil }
            return Instant(microseconds: value * 1000).date(utcOffsetSeconds: 0)
        }
        if text.utf8.count > 10 {
            guard text.utf8.dropFirst(10).first == UInt8(ascii: "T") else { return nil }
            return CalendarDate(text.prefix(10))
        }
        return CalendarDate(text)
    }

    /// `31 Jan 2026`, as lock dates appear in messages.
    static func words(_ date: CalendarDate) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(date.day) \(months[date.month - 1]) \(date.year)"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Time zones of organisations.
enum TimeZones {
    /// The zones used so far; looking one up is slow.
    private static let known = NIOLockedValueBox<[String: TimeZone]>([:])

    private static func zone(_ name: String) -> TimeZone? {
        known.withLockedValue { known in
            if let zone = known[name] { return zone }
            let zone = TimeZone(identifier: name)
            known[name] = zone
            return zone
        }
    }

    /// The date somewhere; an unknown zone counts as UTC.
    static func date(_ instant: Instant, in zone: String) -> CalendarDate {
        let seconds = Double(instant.microseconds) / 1_000_000
        let offset = Self.zone(zone)?.secondsFromGMT(for: Date(timeIntervalSince1970: seconds)) ?? 0
        return instant.date(utcOffsetSeconds: offset)
    }

    /// The name Xero gives a zone.
    static func xeroName(_ zone: String) -> String {
        [
            "Australia/Sydney": "AUSEASTERNSTANDARDTIME", "Pacific/Auckland": "NEWZEALANDSTANDARDTIME",
            "Europe/London": "GMTSTANDARDTIME", "Europe/Dublin": "GMTSTANDARDTIME",
            "America/New_York": "EASTERNSTANDARDTIME", "America/Los_Angeles": "PACIFICSTANDARDTIME",
            "Europe/Berlin": "WEUROPESTANDARDTIME", "UTC": "UTC",
        ][zone] ?? "UTC"
    }
}

/// Text as Xero compares it.
enum Collation {
    /// The text without case and accents.
    static func key(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
    }

    /// Whether two texts are the same apart from the case of ASCII letters.
    static func equalIgnoringCase(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
