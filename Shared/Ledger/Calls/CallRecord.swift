public import Mapping
import Postgres

/// Why a call is made.
public enum CallPurpose: String, Sendable, Hashable {
    /// Makes documents.
    case create
    /// Changes documents.
    case update
    /// Voids documents.
    case void
    /// Looks documents up.
    case probe
    /// Reads the organisation's settings.
    case reference
    /// Compares.
    case reconcile

    /// The purpose of a call that carries documents.
    public init(_ operation: DocumentOperation) {
        switch operation {
        case .create: self = .create
        case .update: self = .update
        case .void: self = .void
        }
    }
}

/// How a call ended.
public enum CallOutcome: String, Sendable, Hashable {
    /// A clean answer, with a result for each element.
    case done
    /// Refused as a whole, and not carried out.
    case refused
    /// Over a limit, and not carried out.
    case throttled
    /// Nobody knows whether it was carried out; its elements are looked up after the settle time.
    case uncertain
    /// Was uncertain; its elements have been looked up.
    case resolved
}

/// One HTTP request as it is recorded before it is sent.
public struct CallRecord: Sendable {
    /// The call's id.
    public var id: String
    /// The organisation.
    public var orgID: String
    /// Why it is made.
    public var purpose: CallPurpose
    /// The kind of its documents; nil for a call without.
    public var kind: DocumentKind?
    /// The HTTP method.
    public var method: String
    /// The path with its query.
    public var path: String
    /// The exact text of the body; nil for none.
    public var body: String?
    /// The key of a write.
    public var idempotencyKey: String?
    /// The writer that makes it.
    public var holder: String
    /// The elements in order: documents with the version each carries.
    public var elements: [Element]
    /// The W3C trace context of the call's own step.
    public var traceparent: String?

    /// A document that a call carries.
    public struct Element: Sendable, Hashable {
        /// The document's row.
        public var documentID: Int64
        /// The version carried.
        public var version: Int
        /// The W3C trace context of the document's step in this call.
        public var traceparent: String?

        /// An element.
        /// - Parameters:
        ///   - documentID: the document's row.
        ///   - version: the version carried.
        ///   - traceparent: the W3C trace context of the document's step in this call.
        public init(documentID: Int64, version: Int, traceparent: String? = nil) {
            self.documentID = documentID
            self.version = version
            self.traceparent = traceparent
        }
    }

    /// A record.
    /// - Parameters:
    ///   - id: the call's id.
    ///   - orgID: the organisation.
    ///   - purpose: why it is made.
    ///   - kind: the kind of its documents.
    ///   - method: the HTTP method.
    ///   - path: the path with its query.
    ///   - body: the exact text of the body.
    ///   - idempotencyKey: the key of a write.
    ///   - holder: the writer that makes it.
    ///   - elements: the elements in order.
    ///   - traceparent: the W3C trace context of the call's own step.
    public init(
        id: String, orgID: String, purpose: CallPurpose, kind: DocumentKind? = nil, method: String, path: String,
        body: String? = nil, idempotencyKey: String? = nil, holder: String, elements: [Element] = [],
        traceparent: String? = nil
    ) {
        self.id = id
        self.orgID = orgID
        self.purpose = purpose
        self.kind = kind
        self.method = method
        self.path = path
        self.body = body
        self.idempotencyKey = idempotencyKey
        self.holder = holder
        self.elements = elements
        self.traceparent = traceparent
    }
}

/// A call without a final result, as a new holder of the lease finds it.
public struct UnfinishedCall: Sendable {
    /// The call as it was recorded.
    public var record: CallRecord
    /// Seconds since it was first sent under its key.
    public var ageSeconds: Double
    /// Seconds until its sender is certain to have given up; negative when that is past.
    public var deadlineSeconds: Double
    /// Seconds until its elements may be looked up; nil if it is not settling.
    public var settleSeconds: Double?
    /// Seconds from the epoch at which it was first sent, by the ledger's clock.
    public var sentAtSeconds: Double
}

/// What a call came to.
public struct CallResult: Sendable {
    /// How it ended.
    public var outcome: CallOutcome
    /// The HTTP status; nil if none came.
    public var status: Int?
    /// The response's body, cut to a bound when stored.
    public var response: String?
    /// What went wrong.
    public var error: String?
    /// Seconds until its elements may be looked up; for an uncertain one.
    public var settleSeconds: Double?

    /// A result.
    /// - Parameters:
    ///   - outcome: how it ended.
    ///   - status: the HTTP status.
    ///   - response: the response's body.
    ///   - error: what went wrong.
    ///   - settleSeconds: seconds until its elements may be looked up.
    public init(
        _ outcome: CallOutcome, status: Int? = nil, response: String? = nil, error: String? = nil,
        settleSeconds: Double? = nil
    ) {
        self.outcome = outcome
        self.status = status
        self.response = response
        self.error = error
        self.settleSeconds = settleSeconds
    }
}
