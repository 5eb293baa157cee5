public import Accounting
public import JSON

/// A document of an order that was planned before, and how far it came.
public struct StandingDocument: Sendable, Hashable {
    /// How far a document came.
    public enum Standing: Sendable, Hashable {
        /// It never reached Xero: it can become anything.
        case unsent
        /// Xero has it, or may have it.
        case inXero
        /// It is void in Xero, or on its way to be; its number is never used again.
        case gone
    }

    /// Kind, source and part.
    public var reference: DocumentKeyRef
    /// How far it came.
    public var standing: Standing
    /// How a person names it.
    public var title: String
    /// The element that was wanted, other documents as references.
    public var desired: JSONValue
    /// The amount, tax included.
    public var total: ExactDecimal
    /// Whether it was planned with the mapping that holds now.
    public var isOfThisMapping: Bool
    /// Whether Xero has it as it is wanted.
    public var isSettled: Bool

    /// Makes a document that was planned before.
    /// - Parameters:
    ///   - reference: Kind, source and part.
    ///   - standing: How far it came.
    ///   - title: How a person names it.
    ///   - desired: The element that was wanted.
    ///   - total: The amount, tax included.
    ///   - isOfThisMapping: Whether it was planned with the mapping that holds now.
    ///   - isSettled: Whether Xero has it as it is wanted.
    public init(
        _ reference: DocumentKeyRef, standing: Standing, title: String, desired: JSONValue, total: ExactDecimal,
        isOfThisMapping: Bool = true, isSettled: Bool = false
    ) {
        self.reference = reference
        self.standing = standing
        self.title = title
        self.desired = desired
        self.total = total
        self.isOfThisMapping = isOfThisMapping
        self.isSettled = isSettled
    }

    var kind: DocumentKind { reference.kind }
    var part: Int { Int(reference.part) ?? 1 }
    var account: String { desired["Account"]?["Code"]?.string ?? "" }
    /// The keys of the invoice and of the credit note that it is against.
    var invoiceKey: String? { desired["Invoice"]?["$invoice"]?.string }
    var noteKey: String? { desired["CreditNote"]?["$creditNote"]?.string }
    var contactKey: String? { desired["Contact"]?["$contact"]?.string }
    var currency: String? { desired["CurrencyCode"]?.string }
    /// Whether it is a quote that became an invoice: nothing more is to be done to it.
    var isOver: Bool { kind == .quote && isSettled && desired["Status"]?.string == PlannedDocument.invoicedStatus }
}
