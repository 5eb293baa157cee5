public import Accounting
import Foundation

/// What an org's time zone says about days.
public struct LocalTime: Sendable, Hashable {
    /// Coordinated universal time.
    public static let utc = LocalTime(TimeZone(secondsFromGMT: 0) ?? .gmt)

    /// The names that a time zone may have.
    static var knownZones: [String] { TimeZone.knownTimeZoneIdentifiers }

    private let zone: TimeZone

    private init(_ zone: TimeZone) {
        self.zone = zone
    }

    /// A time zone by its name.
    /// - Parameter name: an IANA name, e.g. `Australia/Sydney`, or `UTC`.
    public init?(zone name: String) {
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
        self.zone = zone
    }

    /// The time zone of an org.
    /// - Parameters:
    ///   - configured: the name that is configured, which goes first.
    ///   - own: the name of the organisation's own, as Xero says; UTC if neither is known.
    public init(configured: String?, own: String?) {
        self = (configured ?? own).flatMap { LocalTime(zone: $0) } ?? .utc
    }

    /// How far local time is ahead of UTC.
    /// - Parameter instant: when.
    /// - Returns: seconds, negative west of Greenwich.
    public func utcOffsetSeconds(at instant: Instant) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(instant.seconds)))
    }

    /// The calendar date that an instant falls on.
    /// - Parameter instant: when.
    /// - Returns: the local date.
    public func date(of instant: Instant) -> CalendarDate {
        instant.date(utcOffsetSeconds: utcOffsetSeconds(at: instant))
    }

    /// The instant at which a date begins.
    /// - Parameter date: a local date.
    /// - Returns: its midnight.
    func midnight(of date: CalendarDate) -> Instant? {
        guard let utc = Instant(rfc3339: "\(date)T00:00:00Z") else { return nil }
        let guess = utc - .seconds(utcOffsetSeconds(at: utc))
        return utc - .seconds(utcOffsetSeconds(at: guess))
    }
}
