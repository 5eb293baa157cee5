import DequeModule
import Glibc
import Synchronization

/// A named thread that owns one ``IOHandler``: it makes the handler, waits for its descriptor, its deadline and its
/// commands, and closes it.
///
/// Commands go in by ``send(_:)`` from any thread or task and never wait. The thread is started by `init` and ends
/// after ``stop()``, after the handler says it is finished, or when the `IOThread` value is released.
public final class IOThread<Command: Sendable>: Sendable {
    private let mailbox: Mailbox<Command>
    private let pulse: ThreadPulse
    private let exit: ThreadExit

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: what debuggers and crash logs show; the first 15 bytes count.
    ///   - stackBytes: size of the thread's stack in bytes; 1 MiB unless told.
    ///   - makeHandler: makes the handler, on the thread. What it captures must be `Sendable`; the handler need not be.
    public init<Handler: IOHandler>(
        name: String, stackBytes: Int = 1 << 20, makeHandler: @escaping @Sendable () -> Handler
    ) where Handler.Command == Command {
        let mailbox = Mailbox<Command>()
        let pulse = ThreadPulse()
        let exit = ThreadExit()
        self.mailbox = mailbox
        self.pulse = pulse
        self.exit = exit
        NamedThread.start(name: name, stackBytes: stackBytes) {
            IOLoop(handler: makeHandler(), mailbox: mailbox, pulse: pulse).run()
            exit.ended()
        }
    }

    deinit { mailbox.requestStop() }

    /// Hands a command to the handler, in the order sent.
    ///
    /// - Returns: false if the thread has closed its handler: the command was not taken, and answering whoever waits
    ///   for it is the caller's task.
    @discardableResult
    public func send(_ command: Command) -> Bool { mailbox.send(command) }

    /// Asks the thread to close its handler and end; returns at once. Commands sent before are handled first.
    public func stop() { mailbox.requestStop() }

    /// Returns when the thread has ended.
    public func waitUntilEnded() async { await exit.wait() }

    /// How many rounds the loop has made; grows whenever the thread wakes.
    public var ticks: UInt64 { pulse.ticks.load(ordering: .relaxed) }

    /// How long the handler has been inside the calls of the present round, or nil while the thread waits in `poll`.
    ///
    /// A watchdog compares it with the longest a call may take: a value beyond that means a call into a C library
    /// hangs. ``SharedDescriptor/shutDown()`` is the way to end such a call from outside.
    public var busyFor: Duration? { pulse.busyFor(now: .now) }
}

/// The thread's side: waits and calls the handler. Used by one thread only.
private struct IOLoop<Handler: IOHandler> {
    let handler: Handler
    let mailbox: Mailbox<Handler.Command>
    let pulse: ThreadPulse

    func run() {
        var batch = Deque<Handler.Command>()
        var reason = CloseReason.finished
        while !handler.isFinished {
            let (events, woken) = wait()
            pulse.roundBegins(at: .now)
            if !events.isEmpty { handler.ready(events) }
            if woken {
                mailbox.clearWake()
                let stopRequested = mailbox.drain(into: &batch)
                if !batch.isEmpty { handler.handle(&batch) }
                batch.removeAll(keepingCapacity: true)
                if stopRequested {
                    reason = .stopped
                    break
                }
            }
            if let deadline = handler.deadline {
                let now = ContinuousClock.now
                if deadline <= now { handler.deadlineReached(now: now) }
            }
            pulse.roundEnds()
        }
        handler.close(reason, undelivered: mailbox.close())
        pulse.roundEnds()
    }

    /// Waits for the descriptor, the mailbox or the deadline, whichever is first.
    private func wait() -> (events: IOInterest, woken: Bool) {
        let interest = handler.interest
        var events: Int16 = 0
        if interest.contains(.read) { events |= Int16(POLLIN) }
        if interest.contains(.write) { events |= Int16(POLLOUT) }
        let descriptor = handler.descriptor
        let watched = (
            pollfd(fd: descriptor, events: events, revents: 0),
            pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0)
        )
        let timeout = Self.milliseconds(until: handler.deadline, now: .now)
        return withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { polled in
            polled.initializeElement(at: 0, to: watched.0)
            polled.initializeElement(at: 1, to: watched.1)
            guard poll(polled.baseAddress, 2, timeout) > 0 else { return ([], false) }
            return (Self.interest(of: polled[0].revents, asked: interest), polled[1].revents != 0)
        }
    }

    /// Errors and hang-ups count as whatever was asked for, so that the read or write reports them.
    private static func interest(of events: Int16, asked: IOInterest) -> IOInterest {
        if events == 0 { return [] }
        if events & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { return asked.isEmpty ? .read : asked }
        var ready: IOInterest = []
        if events & Int16(POLLIN) != 0 { ready.insert(.read) }
        if events & Int16(POLLOUT) != 0 { ready.insert(.write) }
        return ready
    }

    /// Whole milliseconds for `poll`, rounded up so that the deadline has passed when it returns; -1 for no deadline.
    private static func milliseconds(until deadline: ContinuousClock.Instant?, now: ContinuousClock.Instant) -> Int32 {
        guard let deadline else { return -1 }
        let left = now.duration(to: deadline)
        if left <= .zero { return 0 }
        if left > .seconds(3600) { return 3_600_000 }
        let (seconds, attoseconds) = left.components
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
