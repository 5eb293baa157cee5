public import DequeModule

/// What an ``IOHandler`` wants to be woken for, and what it was woken for.
public struct IOInterest: OptionSet, Sendable, Hashable {
    /// The bits of the set.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The descriptor can be read without waiting, or is at its end, or has an error that a read will report.
    public static let read = IOInterest(rawValue: 1)
    /// The descriptor can be written without waiting, or has an error that a write will report.
    public static let write = IOInterest(rawValue: 2)
}

/// Why a handler is being closed.
public enum CloseReason: Sendable, Hashable {
    /// ``IOThread/stop()`` was called, or the `IOThread` value was released.
    case stopped
    /// The handler itself said it was finished.
    case finished
}

/// The work of one ``IOThread``: one connection, driven by one thread from its making to its end.
///
/// A handler is made by the thread, called only by the thread and released by the thread, so it needs no lock and may
/// hold C handles that must not cross threads. It is therefore not `Sendable`, and it talks to the rest of the process
/// through commands (inwards) and through continuations or streams that commands carry (outwards).
///
/// How to write one:
/// 1. Start with `descriptor` -1 and a `deadline` in the past: the thread calls ``deadlineReached(now:)`` at once, and
///    that is where the handler connects. It connects again in the same way after a loss: set `descriptor` to -1,
///    set `deadline` to the moment of the next attempt.
/// 2. Every call does what can be done without waiting and returns. A call that has to block (a C library's handshake)
///    must be bounded by a time-out of its own; meanwhile commands queue.
/// 3. The thread asks for `descriptor`, `interest`, `deadline` and `isFinished` again after each round of calls, so a
///    handler only assigns them; there is nothing to register.
/// 4. The descriptor is watched by level: after ``ready(_:)``, bytes left unread in the *descriptor* wake the thread
///    again, bytes left in a *library's buffer* do not, so drain the library until it reports nothing more.
/// 5. When a peer has gone, stop naming its descriptor; a dead descriptor is ready for ever.
/// 6. Never call out (resume, yield) while a mutation of the handler's own state is half done: the receiver may send a
///    command at once. That is safe (commands only queue), but keep actions last.
public protocol IOHandler: AnyObject, SendableMetatype {
    /// What callers send through ``IOThread/send(_:)``.
    associatedtype Command: Sendable

    /// The descriptor to watch, or -1 for none.
    var descriptor: Int32 { get }

    /// What to watch the descriptor for.
    var interest: IOInterest { get }

    /// When ``deadlineReached(now:)`` is to be called if nothing else happens first; nil for never.
    var deadline: ContinuousClock.Instant? { get }

    /// True once the handler has nothing left to do: the thread then calls ``close(_:undelivered:)`` and ends.
    var isFinished: Bool { get }

    /// Takes every command sent since the last call, in the order sent. What is left in the deque is dropped.
    func handle(_ commands: inout Deque<Command>)

    /// The descriptor is ready.
    func ready(_ events: IOInterest)

    /// The moment named by `deadline` has come; it must have moved (or be nil) when this returns.
    func deadlineReached(now: ContinuousClock.Instant)

    /// The last call: release everything, and answer the commands that never reached ``handle(_:)``.
    ///
    /// - Parameters:
    ///   - reason: who ended it.
    ///   - undelivered: commands sent since the last ``handle(_:)``, in order. Later ones are refused by `send`.
    func close(_ reason: CloseReason, undelivered: Deque<Command>)
}
