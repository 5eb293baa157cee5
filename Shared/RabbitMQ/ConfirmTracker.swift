import DequeModule

/// How the broker answered a published message.
enum ConfirmOutcome: Sendable, Hashable {
    case acknowledged
    case refused
    case unroutable
}

/// Messages that await their confirm, by delivery tag.
///
/// The broker counts publishes on a channel from 1, so tags are contiguous and a ring indexed by `tag - first` finds
/// a message in constant time; a confirm with `multiple` settles everything up to its tag.
/// Source: rabbitmq.com/docs/confirms, "Publisher Confirms".
struct ConfirmTracker<Value> {
    private struct Slot {
        var value: Value?
        var isReturned = false
        let sent: ContinuousClock.Instant
    }

    private var first: UInt64 = 1
    private var slots = Deque<Slot>()
    /// How many messages await their confirm.
    private(set) var outstanding = 0

    /// The tag the next appended message gets.
    var nextTag: UInt64 { first + UInt64(slots.count) }

    /// When the oldest unconfirmed message was sent.
    var oldest: ContinuousClock.Instant? { slots.first?.sent }

    /// Registers a message before it is written.
    mutating func append(_ value: Value, sent: ContinuousClock.Instant) {
        slots.append(Slot(value: value, sent: sent))
        outstanding += 1
    }

    /// Takes a confirm; `settle` is called for each message it settles, in the order published.
    ///
    /// - Returns: false if the tag was never published on this channel, which is a protocol violation.
    mutating func confirm(
        _ tag: UInt64, multiple: Bool, isPositive: Bool, settle: (Value, ConfirmOutcome) -> Void
    ) -> Bool {
        // A tag of 0 with `multiple` means everything outstanding.
        let tag = tag == 0 && multiple ? nextTag - 1 : tag
        guard tag < nextTag else { return false }
        guard tag >= first else { return true }
        let index = Int(tag - first)
        for index in (multiple ? 0 : index)...index { self.settle(at: index, isPositive, settle) }
        dropSettledHead()
        return true
    }

    /// Notes that the broker returned a message. Every unconfirmed message that matches is marked, since calling a
    /// stored message unroutable leads to a duplicate while the opposite loses one.
    mutating func markReturned(where matches: (Value) -> Bool) -> Int {
        var marked = 0
        for index in slots.indices where !slots[index].isReturned {
            guard let value = slots[index].value, matches(value) else { continue }
            slots[index].isReturned = true
            marked += 1
        }
        return marked
    }

    /// Takes out the messages sent before `instant` without an answer; their tags stay counted.
    mutating func expire(sentBefore instant: ContinuousClock.Instant, _ body: (Value) -> Void) {
        for index in slots.indices {
            guard slots[index].sent < instant else { break }
            guard let value = slots[index].value else { continue }
            slots[index].value = nil
            outstanding -= 1
            body(value)
        }
        dropSettledHead()
    }

    /// Takes out everything, in the order published: the channel has ended.
    mutating func removeAll(_ body: (Value) -> Void) {
        let ended = slots
        slots = Deque()
        first = 1
        outstanding = 0
        for slot in ended { if let value = slot.value { body(value) } }
    }

    private mutating func settle(at index: Int, _ isPositive: Bool, _ body: (Value, ConfirmOutcome) -> Void) {
        guard let value = slots[index].value else { return }
        let outcome: ConfirmOutcome = slots[index].isReturned ? .unroutable : isPositive ? .acknowledged : .refused
        slots[index].value = nil
        outstanding -= 1
        body(value, outcome)
    }

    private mutating func dropSettledHead() {
        while let head = slots.first, head.value == nil {
            slots.removeFirst()
            first += 1
        }
    }
}
