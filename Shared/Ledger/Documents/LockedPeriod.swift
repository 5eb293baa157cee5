public import Accounting
import JSON
import Mapping

/// What is done with a document whose date is in a period that the organisation has locked. Dates of documents and of locks
/// are both days in the organisation's own time zone. Pure.
public struct LockedPeriod: Sendable, Hashable {
    /// What an org wants done.
    public enum Policy: String, Sendable, Hashable, CaseIterable {
        /// A person decides.
        case hold
        /// It is dated on the first day that is open; an invoice says its true date in its reference.
        case firstOpenDay = "first_open_day"
    }

    /// What is to be done with a document.
    public enum Decision: Sendable {
        /// It is sent as it is.
        case open
        /// It is sent with another date.
        case redated(StoredDocument, cause: String)
        /// It waits for a person.
        case held(reason: String)
    }

    /// How the reason of what is held for a lock begins: what is held for it goes on when the lock has moved.
    public static let reasonPrefix = "locked: "

    /// The last day that is locked.
    public var lockDate: CalendarDate
    /// What the org wants done.
    public var policy: Policy

    /// A locked period.
    /// - Parameters:
    ///   - lockDate: the last day that is locked.
    ///   - policy: what the org wants done.
    public init(lockDate: CalendarDate, policy: Policy) {
        self.lockDate = lockDate
        self.policy = policy
    }

    /// Decides what is to be done with a document that is about to be sent.
    /// - Parameter document: the document.
    /// - Returns: the decision.
    public func decide(_ document: StoredDocument) -> Decision {
        // A quote is in no books.
        guard document.key.kind != .quote,
            let wanted = document.desired["Date"]?.string.flatMap({ CalendarDate($0) })
        else { return .open }
        guard document.machine.exists else { return decide(new: document, wanted) }
        let inXero = document.postedDate ?? wanted
        if inXero <= lockDate {
            return .held(
                reason: "\(Self.reasonPrefix)it is in Xero with the date \(inXero), the books are locked up to and "
                    + "including \(lockDate), and nothing in them can be changed: move the lock date in Xero, or make the "
                    + "change there by hand")
        }
        // It was dated on an open day before, and keeps that.
        return wanted > lockDate || document.machine.desiredVoid ? .open : redate(document, from: wanted, to: inXero)
    }

    private func decide(new document: StoredDocument, _ wanted: CalendarDate) -> Decision {
        if wanted > lockDate { return .open }
        switch policy {
        case .firstOpenDay: return redate(document, from: wanted, to: lockDate.adding(days: 1))
        case .hold:
            return .held(
                reason: "\(Self.reasonPrefix)it is dated \(wanted), and the books are locked up to and including "
                    + "\(lockDate): move the lock date in Xero, or set locked_periods: first_open_day for the org")
        }
    }

    private func redate(_ document: StoredDocument, from wanted: CalendarDate, to date: CalendarDate) -> Decision {
        guard var object = document.desired.object else { return .open }
        object["Date"] = .string(date.description)
        if let due = object["DueDate"]?.string.flatMap({ CalendarDate($0) }), due < date {
            object["DueDate"] = .string(date.description)
        }
        // The references of other kinds are what they are found by.
        if document.key.kind == .invoice, let reference = object["Reference"]?.string {
            object["Reference"] = .string(String(reference.prefix(240)) + Self.note(wanted))
        }
        var document = document
        document.setRepaired(.object(object))
        return .redated(
            document,
            cause: "dated \(date) instead of \(wanted): the books are locked up to and including \(lockDate)")
    }

    private static func note(_ date: CalendarDate) -> String { " (\(date))" }

    /// Whether a reference in Xero is the one that is wanted, apart from a true date that one of them may tell.
    /// - Parameters:
    ///   - reference: the reference in Xero.
    ///   - wanted: the reference that is wanted.
    /// - Returns: whether they are the same.
    public static func isSame(_ reference: String, as wanted: String) -> Bool {
        reference == wanted || withoutNote(reference) == withoutNote(wanted)
    }

    private static func withoutNote(_ reference: String) -> Substring {
        let length = " (2026-06-30)".count
        guard reference.count > length, reference.hasSuffix(")"), reference.suffix(length).hasPrefix(" ("),
            CalendarDate(reference.suffix(length - 2).dropLast()) != nil
        else { return reference[...] }
        return reference.dropLast(length)
    }
}
