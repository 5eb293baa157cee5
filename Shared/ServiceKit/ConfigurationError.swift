/// A setting that is missing or wrong, in words that name it and say what to do.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The environment variable.
    public let variable: String
    /// What is wrong with it. Never its value, if that may be a secret.
    public let problem: String
    /// What to do about it.
    public let fix: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - variable: the environment variable's name.
    ///   - problem: what is wrong, as the end of a sentence that begins with the name: "is not set".
    ///   - fix: what to do, as a sentence.
    public init(variable: String, problem: String, fix: String) {
        self.variable = variable
        self.problem = problem
        self.fix = fix
    }

    /// One line: the variable, what is wrong, what to do.
    public var description: String { "\(variable) \(problem). \(fix)" }
}
