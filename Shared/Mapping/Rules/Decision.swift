/// One field of a document, and what decided it.
public struct Decision: Sendable, Hashable {
    /// The line, counted from 0; `nil` for the document as a whole.
    public var line: Int?
    /// The field, such as `account`.
    public var field: String
    /// What it was decided to be.
    public var value: String
    /// What decided it: a rule, a key of the mapping, or a default.
    public var because: String

    /// Makes a decision.
    public init(line: Int? = nil, field: String, value: String, because: String) {
        self.line = line
        self.field = field
        self.value = value
        self.because = because
    }
}

/// A value, and what decided it.
struct Decided<Value: Sendable>: Sendable {
    var value: Value
    var because: String

    init(_ value: Value, _ because: String) {
        self.value = value
        self.because = because
    }
}
