/// What writing a plan did.
public struct PlanChange: Sendable, Hashable {
    /// Where the order stands now.
    public enum OrderState: Sendable, Hashable {
        /// Documents are on their way.
        case planned
        /// Xero has everything that is wanted.
        case posted
        /// A document was refused for good: its reason.
        case dead(reason: String)
        /// A document, or the change itself, waits for a person: the reason.
        case held(reason: String)
    }

    /// Where the order stands: what its row's state should become.
    public var orderState: OrderState
    /// Whether the plan was written. If not, it asks for something that cannot be done to what is in Xero already, nothing was
    /// changed, and the reason is in ``orderState``.
    public var isWritten: Bool
    /// Documents that are new.
    public var created = 0
    /// Documents that are wanted differently from before.
    public var changed = 0
    /// Documents that are as they were.
    public var unchanged = 0
    /// Documents that are no longer wanted and never reached Xero.
    public var superseded = 0
    /// The keys of the documents that can be sent now; they have been announced.
    public var ready: [String] = []
}

/// Why a plan could not be written at all; the transaction is to be rolled back.
public enum PlanError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another order, of this store or of another one in the same organisation, has the document number.
    case numberTaken([String])
    /// The plan refers to a document that is neither in it nor known.
    case unknownDependency(String)

    /// The reason in a person's words.
    public var description: String {
        switch self {
        case .numberTaken(let numbers):
            "document number \(numbers.joined(separator: ", ")) belongs to another order already: give each store of the"
                + " organisation its own number_prefix"
        case .unknownDependency(let key):
            "the plan needs document \(key), which is not part of it"
        }
    }
}
