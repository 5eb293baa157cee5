/// What is wrong with a mapping, and where.
public struct MappingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where it is, such as `mapping.accounts.sales`.
    public let path: String
    /// What is wrong and what to do about it.
    public let message: String

    /// Makes an error.
    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    /// Where and what.
    public var description: String { "\(path): \(message)" }
}
