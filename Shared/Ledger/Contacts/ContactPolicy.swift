/// What an org wants done with contacts that people, or customers, have changed.
public struct ContactPolicy: Sendable, Hashable {
    /// What becomes of a contact that was archived in Xero when something is to be posted to it.
    public enum Archived: String, Sendable, Hashable, CaseIterable {
        /// It is made active again; if Xero does not do that, as ``replace``.
        case restore
        /// A new contact with the next number in its name takes its place.
        case replace
    }

    /// What becomes of the contact of a customer who changed in the shop.
    public enum Changed: String, Sendable, Hashable, CaseIterable {
        /// What nobody touched in Xero is changed there too.
        case update
        /// It stays as it was made.
        case keep
    }

    /// What becomes of archived contacts.
    public var archived: Archived
    /// What becomes of changed customers' contacts.
    public var changed: Changed

    /// A policy.
    public init(archived: Archived = .restore, changed: Changed = .update) {
        self.archived = archived
        self.changed = changed
    }
}
