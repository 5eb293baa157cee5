import DequeModule

/// Decides what a publisher sends and how each message ends. A value: it does nothing itself.
///
/// `Message` identifies a message to the owner. Every message handed to `enqueue` leaves exactly once: through the
/// `settle` closure of a confirm, a loss, an expiry or the end.
struct PublisherStateMachine<Message> {
    private struct Waiting {
        let message: Message
        let since: ContinuousClock.Instant
    }

    private var waiting = Deque<Waiting>()
    private var confirms = ConfirmTracker<Message>()
    private let window: Int
    private let timeout: Duration
    private(set) var isOpen = false
    private(set) var isBlocked = false

    init(window: Int, timeout: Duration) {
        self.window = max(1, window)
        self.timeout = timeout
    }

    /// True if no message waits to be sent or to be confirmed.
    var isDrained: Bool { waiting.isEmpty && confirms.outstanding == 0 }

    /// When the oldest message, sent or not, has waited long enough.
    var deadline: ContinuousClock.Instant? {
        switch (waiting.first?.since, confirms.oldest) {
        case (let queued?, let sent?): min(queued, sent) + timeout
        case (let queued?, nil): queued + timeout
        case (nil, let sent?): sent + timeout
        case (nil, nil): nil
        }
    }

    mutating func opened() {
        isOpen = true
        isBlocked = false
    }

    mutating func blocked() { isBlocked = true }

    mutating func unblocked() { isBlocked = false }

    mutating func enqueue(_ message: Message, now: ContinuousClock.Instant) {
        waiting.append(Waiting(message: message, since: now))
    }

    /// The next message to write, registered for its confirm; nil if there is none or the window is full, blocked or
    /// without a connection. Messages nobody waits for any more are dropped on the way.
    mutating func nextToSend(now: ContinuousClock.Instant, isWanted: (Message) -> Bool) -> Message? {
        guard isOpen, !isBlocked else { return nil }
        while confirms.outstanding < window, let next = waiting.popFirst() {
            guard isWanted(next.message) else { continue }
            confirms.append(next.message, sent: now)
            return next.message
        }
        return nil
    }

    /// A confirm came; false if it names a message that was never sent.
    mutating func confirmed(
        _ tag: UInt64, multiple: Bool, isPositive: Bool, settle: (Message, ConfirmOutcome) -> Void
    ) -> Bool {
        confirms.confirm(tag, multiple: multiple, isPositive: isPositive, settle: settle)
    }

    /// A message came back; its confirm follows. Returns how many messages match it.
    mutating func returned(where matches: (Message) -> Bool) -> Int { confirms.markReturned(where: matches) }

    /// The connection ended: what was sent has an unknown outcome, what was not waits for the next connection.
    mutating func lost(unknown: (Message) -> Void) {
        isOpen = false
        isBlocked = false
        confirms.removeAll(unknown)
    }

    /// Takes out what has waited too long.
    ///
    /// - Returns: true if the connection is to be abandoned, because the broker left a message unconfirmed for the
    ///   whole time although it was not blocking publishers.
    mutating func expire(
        now: ContinuousClock.Instant, unsent: (Message) -> Void, unknown: (Message) -> Void
    ) -> Bool {
        while let first = waiting.first, first.since + timeout <= now {
            waiting.removeFirst()
            unsent(first.message)
        }
        var isOverdue = false
        confirms.expire(sentBefore: now - timeout + .nanoseconds(1)) { message in
            isOverdue = true
            unknown(message)
        }
        return isOverdue && isOpen && !isBlocked
    }

    /// Takes out everything: the publisher has ended.
    mutating func end(unsent: (Message) -> Void, unknown: (Message) -> Void) {
        lost(unknown: unknown)
        while let next = waiting.popFirst() { unsent(next.message) }
    }
}
