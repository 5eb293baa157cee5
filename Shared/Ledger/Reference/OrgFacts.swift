public import Accounting
import JSON
public import Mapping
import Xero

/// The little of what an organisation says about itself that every service needs, kept beside the rest.
public struct OrgFacts: Sendable, Hashable {
    /// The name of its row.
    static let row = "Facts"

    /// The organisation's time zone by its IANA name.
    public var timeZone: String?
    /// The last day of what is locked.
    public var lockDate: CalendarDate?

    /// Nothing known.
    public init() {}

    /// The facts of reference data.
    /// - Parameter reference: the data.
    public init(_ reference: ReferenceData) {
        timeZone = reference.timeZoneName.flatMap { XeroTimeZone.name($0) }
        lockDate = reference.lockDates.compactMap { XeroDate.date($0) }.max()
    }

    init(text: String) {
        guard let value = try? JSONValue(parsing: text) else { return }
        timeZone = value["time_zone"]?.string
        lockDate = value["lock_date"]?.string.flatMap { CalendarDate($0) }
    }

    var text: String {
        JSONValue.object([
            "time_zone": timeZone.map { .string($0) } ?? .null,
            "lock_date": lockDate.map { .string($0.description) } ?? .null,
        ]).text
    }
}
