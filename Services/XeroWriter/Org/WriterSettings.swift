import Accounting
import Ledger
import Xero

/// What a writer has to know of an organisation.
struct WriterOrg: Sendable, Hashable {
    /// Our id.
    var id: String
    /// Xero's tenant; nil for a custom connection.
    var tenantID: String?
    /// Calls a day that may be made.
    var dailyCalls: Int
    /// Whether documents are to be written.
    var isActive: Bool
    /// Our id of its app, whose minute all its organisations share.
    var appID = ""
    /// What its app proves itself with.
    var credentials: XeroCredentials
    /// The grant that reaches it; nil for a custom connection.
    var grantID: String?
    /// The last day of the organisation's books that is locked.
    var lockDate: CalendarDate?
    /// What is done with a document whose date is locked.
    var lockedPeriods = LockedPeriod.Policy.hold
    /// Xero's minutes from one round of writing to the next; zero for writing as documents come.
    var writeEveryMinutes = 0
    /// What is done with contacts that people, or customers, have changed.
    var contacts = ContactPolicy()
}

/// A writer's settings.
struct WriterSettings: Sendable {
    /// The writer's name, unique to its run.
    var holder: String
    /// Real seconds after which a call without an answer is given up.
    var callSeconds = 30.0
    /// Xero's seconds after which a call that was given up has certainly been carried out, if ever: our one assumption.
    var settleSeconds = 60.0
    /// Real seconds that sending may take to begin and end beyond that.
    var marginSeconds = 10.0
    /// Real seconds that a lease holds.
    var leaseSeconds = 15.0
    /// Real seconds between looks at the rows when nothing wakes the writer.
    var pollSeconds = 1.0
    /// Calls in flight; one of Xero's five is left to others.
    var inFlight = 4
    /// Whether the organisation's accounts, tax rates, lock dates and the like are read from time to time.
    var keepsReference = false
    /// Whether the organisation's contacts are read from time to time.
    var keepsContacts = false

    /// Real seconds beyond which nobody waits for a call's answer: the time-out, and what sending may take to begin and end.
    var deadlineSeconds: Double { callSeconds + marginSeconds }
    /// Real seconds within which a call has to be on its way after its intent, so that it ends before its deadline.
    var startSeconds: Double { marginSeconds / 2 }
}
