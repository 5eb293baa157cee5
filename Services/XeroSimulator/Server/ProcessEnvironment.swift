import Foundation

/// The environment of this process.
enum ProcessEnvironment {
    /// The values of the variables that are set and not empty.
    static func values(_ names: [String]) -> [String: String] {
        let all = ProcessInfo.processInfo.environment
        var found: [String: String] = [:]
        for name in names {
            if let value = all[name], !value.isEmpty { found[name] = value }
        }
        return found
    }
}
