import Metrics
import Logging

/// Keeps the list true: closes what has been mended, and shows how much is open.
struct LetterKeeper: Sendable {
    let store: LetterStore
    let logger: Logger

    /// One round.
    func settle() async throws {
        let closed = try await store.settle()
        if closed > 0 { logger.info("letters resolved", metadata: ["letters": "\(closed)"]) }
        for open in try await store.open() {
            let dimensions = [("class", open.errorClass)]
            Gauge(label: "dead_letters_open", dimensions: dimensions).record(open.count)
            Gauge(label: "dead_letters_oldest_seconds", dimensions: dimensions).record(open.oldestSeconds)
        }
    }
}
