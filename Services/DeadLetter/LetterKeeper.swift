import Logging
import Metrics
import NIOConcurrencyHelpers

/// Keeps the list true: closes what has been mended, and shows how much is open.
final class LetterKeeper: Sendable {
    private let store: LetterStore
    private let logger: Logger
    /// Classes that have been shown: one that has no open letter any more is shown as 0, not left at what it was.
    private let shown = NIOLockedValueBox<Set<String>>([])

    init(store: LetterStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// One round.
    func settle() async throws {
        let closed = try await store.settle()
        if closed > 0 { logger.info("letters resolved", metadata: ["letters": "\(closed)"]) }
        for open in complete(try await store.open()) {
            let dimensions = [("class", open.errorClass)]
            Gauge(label: "dead_letters_open", dimensions: dimensions).record(open.count)
            Gauge(label: "dead_letters_oldest_seconds", dimensions: dimensions).record(open.oldestSeconds)
        }
    }

    /// Adds the classes that were shown before and have nothing open now.
    func complete(_ open: [OpenLetters]) -> [OpenLetters] {
        let classes = Set(open.map(\.errorClass))
        let gone = shown.withLockedValue { shown -> Set<String> in
            defer { shown.formUnion(classes) }
            return shown.subtracting(classes)
        }
        return open + gone.sorted().map { OpenLetters(errorClass: $0, count: 0, oldestSeconds: 0) }
    }
}
