/// Where something stands in a mapping, such as `mapping.rules[2].when.country`.
public struct MappingPath: Sendable, Hashable, CustomStringConvertible {
    /// One step into a mapping.
    public enum Step: Sendable, Hashable {
        /// Into the value of a key.
        case key(String)
        /// Into a list, counted from 0.
        case index(Int)
    }

    /// The steps, from the mapping itself on.
    public var steps: [Step]

    /// Makes a path; without steps it is the mapping itself.
    public init(_ steps: [Step] = []) { self.steps = steps }

    /// The path one key further.
    public func key(_ name: String) -> MappingPath { MappingPath(steps + [.key(name)]) }

    /// The path one item of a list further.
    public func index(_ position: Int) -> MappingPath { MappingPath(steps + [.index(position)]) }

    /// Such as `mapping.rules[2].when.country`; rules are counted from 1, as people do.
    public var description: String {
        steps.reduce("mapping") { text, step in
            switch step {
            case .key(let name): "\(text).\(name)"
            case .index(let position): "\(text)[\(position + 1)]"
            }
        }
    }
}

/// One thing that is wrong in a mapping.
public struct MappingProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where it is.
    public let path: MappingPath
    /// What is wrong and what to do about it.
    public let message: String

    /// Makes a problem.
    public init(_ path: MappingPath, _ message: String) {
        self.path = path
        self.message = message
    }

    /// Where and what.
    public var description: String { "\(path): \(message)" }
}

/// All that is wrong in a mapping.
public struct MappingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The problems, at least one.
    public let problems: [MappingProblem]

    /// Makes an error.
    public init(_ problems: [MappingProblem]) { self.problems = problems }

    /// Every problem, where and what.
    public var description: String { problems.map(\.description).joined(separator: "; ") }
}

/// Gathers problems while a mapping is read, so that a person sees all of them at once.
final class MappingProblems {
    private(set) var all: [MappingProblem] = []

    func report(_ path: MappingPath, _ message: String) { all.append(MappingProblem(path, message)) }
}
