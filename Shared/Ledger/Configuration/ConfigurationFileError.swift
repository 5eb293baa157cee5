/// One thing that is wrong in a configuration file: where, and what to write instead.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    /// The line in the file, from 1; nil where the parser gives none.
    public let line: Int?
    /// The path of the value, e.g. `stores.shop.org`.
    public let path: String
    /// What is wrong, and what would be right.
    public let message: String

    /// A problem.
    /// - Parameters:
    ///   - line: the line in the file, from 1.
    ///   - path: the path of the value.
    ///   - message: what is wrong, and what would be right.
    public init(line: Int?, path: String, message: String) {
        self.line = line
        self.path = path
        self.message = message
    }

    /// `line 12: stores.shop.org: there is no org 'demoo'; did you mean 'demo'?`
    public var description: String {
        let place = line.map { "line \($0): " } ?? ""
        return path.isEmpty ? "\(place)\(message)" : "\(place)\(path): \(message)"
    }
}

/// Why a configuration could not be read, applied or loaded.
public struct ConfigurationFileError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String
        /// The file's content is wrong: see `problems`.
        public static let invalid = Code(description: "invalid")
        /// The file is right, but contradicts what is already in the books.
        public static let refused = Code(description: "refused")
        /// A stored row cannot be read.
        public static let unreadable = Code(description: "unreadable")
    }

    /// What kind of failure it is.
    public let code: Code
    /// Every problem found, in the order of the file.
    public let problems: [ConfigurationProblem]

    /// An error.
    /// - Parameters:
    ///   - code: what kind of failure it is.
    ///   - problems: every problem found; sorted by line here.
    public init(_ code: Code, _ problems: [ConfigurationProblem]) {
        self.code = code
        self.problems = problems.enumerated()
            .sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }

    /// An error with a single problem that belongs to no line.
    /// - Parameters:
    ///   - code: what kind of failure it is.
    ///   - path: the path of the value.
    ///   - message: what is wrong, and what would be right.
    public init(_ code: Code, path: String, _ message: String) {
        self.init(code, [ConfigurationProblem(line: nil, path: path, message: message)])
    }

    /// Every problem on a line of its own.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// Encrypts and decrypts what the configuration keeps secret, with COUNTERFOIL_KEY.
public final class ConfigurationSealing: Sendable {
    private let sealBytes: @Sendable ([UInt8]) throws -> [UInt8]
    private let openBytes: @Sendable ([UInt8]) throws -> [UInt8]

    /// A sealing made of two functions that undo each other.
    /// - Parameters:
    ///   - seal: encrypts.
    ///   - open: decrypts, and throws if the bytes were sealed with another key or changed.
    public init(
        seal: @escaping @Sendable ([UInt8]) throws -> [UInt8], open: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        sealBytes = seal
        openBytes = open
    }

    /// Encrypts.
    /// - Parameter bytes: the plain bytes.
    /// - Returns: the sealed bytes.
    /// - Throws: what the encryption throws.
    public func seal(_ bytes: [UInt8]) throws -> [UInt8] { try sealBytes(bytes) }

    /// Decrypts.
    /// - Parameter bytes: sealed bytes.
    /// - Returns: the plain bytes.
    /// - Throws: what the decryption throws when the key is another one or the bytes were changed.
    public func open(_ bytes: [UInt8]) throws -> [UInt8] { try openBytes(bytes) }
}
