/// Why a text is not JSON, or not JSON we take.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of trouble it is.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The text breaks the grammar of RFC 8259.
        public static let syntax = Code(description: "syntax")
        /// A string is not valid UTF-8, or names half of a surrogate pair.
        public static let encoding = Code(description: "encoding")
        /// Arrays and objects are nested deeper than the limit.
        public static let depth = Code(description: "depth")
        /// The text, or the number of values in it, is over the limit.
        public static let size = Code(description: "size")
    }

    /// What kind of trouble it is.
    public let code: Code
    /// What is wrong, in words; never holds any of the text itself.
    public let message: String
    /// Where it is: the offset in bytes from the start.
    public let offset: Int

    /// What is wrong and where; safe to log.
    public var description: String { "\(message) at byte \(offset)" }
}

/// How large a JSON text may be.
public struct JSONLimits: Sendable, Hashable {
    /// How deep arrays and objects may be nested. A document of depth 1 is `[1]`.
    public var depth: Int
    /// The length of the text in bytes.
    public var bytes: Int
    /// How many values, containers included; this is what bounds the memory a small but hostile text can take.
    public var values: Int

    /// Depth 64, 32 MB, a million values.
    public static let `default` = JSONLimits()

    /// Makes limits.
    /// - Parameters:
    ///   - depth: How deep arrays and objects may be nested, 1 to 512.
    ///   - bytes: The length of the text in bytes.
    ///   - values: How many values, containers included.
    public init(depth: Int = 64, bytes: Int = 32 << 20, values: Int = 1_000_000) {
        self.depth = min(max(depth, 1), 512)
        self.bytes = bytes
        self.values = values
    }
}
