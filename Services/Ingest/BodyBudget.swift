import NIOConcurrencyHelpers

/// Bounds what all bodies being received take together, so that many large ones at once cannot exhaust memory.
final class BodyBudget: Sendable {
    private let limit: Int
    private let used = NIOLockedValueBox(0)

    /// Makes a budget of so many bytes.
    init(bytes: Int) {
        limit = bytes
    }

    /// Takes bytes out of the budget.
    ///
    /// - Returns: whether there were so many left; if not, none are taken.
    func reserve(_ bytes: Int) -> Bool {
        used.withLockedValue { used in
            guard used + bytes <= limit else { return false }
            used += bytes
            return true
        }
    }

    /// Puts bytes back.
    func release(_ bytes: Int) {
        used.withLockedValue { $0 -= bytes }
    }
}
