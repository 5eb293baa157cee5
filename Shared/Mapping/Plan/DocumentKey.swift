/// The kinds of document that an order becomes in Xero.
public enum DocumentKind: String, Sendable, Hashable, CaseIterable {
    /// A contact.
    case contact
    /// A sales invoice.
    case invoice
    /// A payment of an invoice.
    case payment
    /// A credit note to a customer.
    case creditNote = "credit_note"
    /// A payment back to the customer, against a credit note.
    case refund
    /// A credit note set off against an unpaid invoice.
    case allocation
    /// What is sold. Items belong to the organisation: all its stores share them.
    case item
    /// What an order is while nobody owes anything for it.
    case quote

    /// Whether it is of one order. Contacts are of a store, items of the organisation.
    public var isOfOrder: Bool { self != .contact && self != .item }

    /// The member of a Xero element that holds the document's number; `nil` for what has no number of ours.
    public var numberField: String? {
        switch self {
        case .invoice: "InvoiceNumber"
        case .creditNote: "CreditNoteNumber"
        case .quote: "QuoteNumber"
        case .contact, .item, .payment, .refund, .allocation: nil
        }
    }
}

/// A document of an order, without saying of which org and store.
public struct DocumentKeyRef: Sendable, Hashable, CustomStringConvertible {
    /// The kind of document.
    public let kind: DocumentKind
    /// The storefront's document: an order's id, a refund's id, or who the customer is.
    public let sourceID: String
    /// Numbers what one source may rightly have several of; `1` for the first.
    public let part: String

    /// Makes a reference.
    /// - Parameters:
    ///   - kind: The kind of document.
    ///   - sourceID: The storefront's document.
    ///   - part: Numbers what one source may rightly have several of.
    public init(kind: DocumentKind, sourceID: String, part: String = "1") {
        self.kind = kind
        self.sourceID = sourceID
        self.part = part
    }

    /// What begins the source of a contact that all stores of an org share.
    static let sharedPrefix = "o:"

    /// Whether all stores of an org share it: an item, or a contact that is the org's by policy.
    public var isShared: Bool { kind == .item || kind == .contact && sourceID.hasPrefix(Self.sharedPrefix) }

    /// `KIND/SOURCE/PART`.
    public var description: String { "\(kind.rawValue)/\(sourceID)/\(part)" }
}

/// What makes a document the same document, however often it is planned (DESIGN.md, P2).
public struct DocumentKey: Sendable, Hashable, CustomStringConvertible {
    /// Our id of the Xero organisation.
    public var orgID: String
    /// Our id of the store.
    public var storeID: String
    /// The kind of document.
    public var kind: DocumentKind
    /// The storefront's document: an order's id, a refund's id, or who the customer is. Holds no `/`.
    public var sourceID: String
    /// Numbers what one source may rightly have several of.
    public var part: String

    /// Makes a key.
    /// - Parameters:
    ///   - orgID: Our id of the Xero organisation.
    ///   - storeID: Our id of the store.
    ///   - kind: The kind of document.
    ///   - sourceID: The storefront's document.
    ///   - part: Numbers what one source may rightly have several of.
    public init(orgID: String, storeID: String, kind: DocumentKind, sourceID: String, part: String) {
        self.orgID = orgID
        self.storeID = storeID
        self.kind = kind
        self.sourceID = sourceID
        self.part = part
    }

    /// What stands for the store in the keys of what all stores of an organisation share. No store has this id.
    public static let sharedStoreID = "xero"

    /// Makes the key of a document of an order.
    /// - Parameters:
    ///   - reference: Kind, source and part.
    ///   - orgID: Our id of the Xero organisation.
    ///   - storeID: Our id of the store.
    public init(_ reference: DocumentKeyRef, orgID: String, storeID: String) {
        self.init(
            orgID: orgID, storeID: reference.isShared ? Self.sharedStoreID : storeID, kind: reference.kind,
            sourceID: reference.sourceID, part: reference.part)
    }

    /// The key of an item.
    /// - Parameters:
    ///   - code: Its code.
    ///   - orgID: Our id of the Xero organisation.
    public init(itemCode code: String, orgID: String) {
        self.init(
            DocumentKeyRef(kind: .item, sourceID: Self.source(escaping: code)), orgID: orgID,
            storeID: Self.sharedStoreID)
    }

    /// Reads `ORG/STORE/KIND/SOURCE/PART`.
    /// - Returns: `nil` if the text is no key.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, !parts.contains(""), let kind = DocumentKind(rawValue: parts[2]) else { return nil }
        self.init(orgID: parts[0], storeID: parts[1], kind: kind, sourceID: parts[3], part: parts[4])
    }

    /// Whether all stores of an org share it.
    public var isShared: Bool { reference.isShared }

    /// Kind, source and part.
    public var reference: DocumentKeyRef { DocumentKeyRef(kind: kind, sourceID: sourceID, part: part) }

    /// `ORG/STORE/KIND/SOURCE/PART`: unique over the installation.
    public var text: String { "\(orgID)/\(storeID)/\(kind.rawValue)/\(sourceID)/\(part)" }

    /// The same as ``text``.
    public var description: String { text }

    /// `STORE:KIND:SOURCE:PART`: unique within the organisation; what a Reference in Xero carries, in brackets.
    public var shortForm: String {
        Self.shortForm(storeID: storeID, kind: kind, sourceID: sourceID, part: part)
    }

    /// The short form from its parts.
    /// - Parameters:
    ///   - storeID: Our id of the store.
    ///   - kind: The kind of document.
    ///   - sourceID: The storefront's document.
    ///   - part: Numbers what one source may rightly have several of.
    /// - Returns: `STORE:KIND:SOURCE:PART`.
    public static func shortForm(storeID: String, kind: DocumentKind, sourceID: String, part: String) -> String {
        "\(storeID):\(kind.rawValue):\(sourceID):\(part)"
    }

    /// Whether a document with this Reference is this one: the short form stands in it as a whole, so that part 1 is not
    /// found in part 12, nor order 5 in order 15.
    /// - Parameter reference: The Reference of a document in Xero.
    public func isNamed(in reference: String) -> Bool {
        let separators = "[]() ,;"
        return reference.split { separators.contains($0) }.contains { $0 == shortForm }
    }

    /// Makes text fit to be a source: what would break a key's text is escaped.
    static func source(escaping text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "/": result += "%2F"
            case "%": result += "%25"
            case " ": result += "%20"
            case "[": result += "%5B"
            case "]": result += "%5D"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
