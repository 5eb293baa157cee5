public import Accounting
import JSON

/// Somebody's consent that what is settled in Xero becomes what the mapping wants now. Without it another mapping alone changes
/// nothing that is settled.
public struct Correction: Sendable, Hashable {
    /// The day of the consent: what is posted for it has this date, or a later one.
    public var day: CalendarDate
    /// The last day that the organisation has locked: what is dated until then cannot be changed.
    public var lockDate: CalendarDate?

    /// Makes a consent.
    /// - Parameters:
    ///   - day: The day of it.
    ///   - lockDate: The last day that the organisation has locked.
    public init(day: CalendarDate, lockDate: CalendarDate? = nil) {
        self.day = day
        self.lockDate = lockDate
    }

    /// The members of a line that can be changed though payments or credit notes are on its invoice.
    ///
    /// Source: Xero Accounting API, updating invoices: once something is allocated, the reference, the due date and the lines'
    /// descriptions, accounts and tracking can still be changed, and no amount or tax type.
    private static let open = ["Description", "AccountCode", "Tracking"]

    /// A settled invoice as far as Xero lets it become what is wanted.
    /// - Parameters:
    ///   - invoice: The invoice.
    ///   - wanted: The invoice that the order would have if nothing had been written.
    /// - Returns: `nil` if nothing of it can be changed, or nothing has to be.
    func edit(of invoice: StandingDocument, wanted: PlannedDocument) -> StandingDocument? {
        guard let date = invoice.desired["Date"]?.string.flatMap({ CalendarDate($0) }),
            lockDate.map({ date > $0 }) ?? true, var element = invoice.desired.object
        else { return nil }
        for member in ["Reference", "DueDate"] {
            if let value = wanted.desired[member] { element[member] = value }
        }
        let (former, lines) = (
            invoice.desired["LineItems"]?.array ?? [], wanted.desired["LineItems"]?.array ?? []
        )
        if former.count == lines.count,
            zip(former, lines).allSatisfy({ Self.fixed($0) == Self.fixed($1) })
        {
            element["LineItems"] = .array(lines)
        }
        var edited = invoice
        edited.desired = .object(element)
        return edited.desired.canonical() == invoice.desired.canonical() ? nil : edited
    }

    /// What of a line cannot be changed.
    private static func fixed(_ line: JSONValue) -> [UInt8] {
        guard var object = line.object else { return line.canonical() }
        for member in open { object[member] = nil }
        return JSONValue.object(object).canonical()
    }
}
