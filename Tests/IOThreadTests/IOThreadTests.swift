import DequeModule
import Glibc
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import IOThread

/// Echoes what it reads and records what it is told.
private final class EchoHandler: IOHandler {
    enum Command: Sendable {
        case note(Int)
        case watch(Int32)
        case alarm(TestExpectation)
        case hang(SharedDescriptor, Int32, TestExpectation)
        case finish
    }

    let log: Log
    var descriptor: Int32 = -1
    var interest: IOInterest { .read }
    var deadline: ContinuousClock.Instant?
    var isFinished = false
    private var alarm: TestExpectation?

    init(log: Log) { self.log = log }

    func handle(_ commands: inout Deque<Command>) {
        while let command = commands.popFirst() {
            switch command {
            case .note(let number): log.add("note \(number)")
            case .watch(let new): descriptor = new
            case .alarm(let expectation):
                alarm = expectation
                deadline = .now + .milliseconds(5)
            case .hang(let shared, let blocking, let entered):
                shared.publish(blocking)
                entered.fulfil()
                var byte: UInt8 = 0
                log.add("hung read returned \(Glibc.read(blocking, &byte, 1))")
            case .finish: isFinished = true
            }
        }
    }

    func ready(_ events: IOInterest) {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count <= 0 {
            descriptor = -1
            log.add("end of input")
            return
        }
        _ = Glibc.write(descriptor, buffer, count)
    }

    func deadlineReached(now: ContinuousClock.Instant) {
        deadline = nil
        alarm?.fulfil()
    }

    func close(_ reason: CloseReason, undelivered: Deque<Command>) { log.add("closed \(reason) \(undelivered.count)") }
}

private final class Log: Sendable {
    private let lines = NIOLockedValueBox<[String]>([])
    var all: [String] { lines.withLockedValue { $0 } }
    func add(_ line: String) { lines.withLockedValue { $0.append(line) } }
}

@Suite("A thread that owns a connection", .timeLimit(.minutes(5)))
struct IOThreadTests {
    private func socketPair() throws -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        return (pair[0], pair[1])
    }

    @Test("commands are handled in order, and stop is handled after them")
    func order() async {
        let log = Log()
        let thread = IOThread(name: "test-order") { EchoHandler(log: log) }
        for number in 1...100 { #expect(thread.send(.note(number))) }
        thread.stop()
        await thread.waitUntilEnded()
        #expect(log.all == (1...100).map { "note \($0)" } + ["closed stopped 0"])
        #expect(!thread.send(.note(101)))
        #expect(thread.ticks > 0)
        #expect(thread.busyFor == nil)
    }

    @Test("a descriptor named later is read, and its end is seen")
    func descriptor() async throws {
        let log = Log()
        let thread = IOThread(name: "test-echo") { EchoHandler(log: log) }
        let (near, far) = try socketPair()
        thread.send(.watch(far))
        #expect(Glibc.write(near, "ping", 4) == 4)
        var answer = [UInt8](repeating: 0, count: 4)
        #expect(recv(near, &answer, 4, Int32(MSG_WAITALL)) == 4)
        #expect(answer == Array("ping".utf8))
        shutdown(near, Int32(SHUT_WR))
        var byte: UInt8 = 0
        thread.send(.finish)
        await thread.waitUntilEnded()
        _ = Glibc.close(far)
        #expect(Glibc.read(near, &byte, 1) == 0)
        _ = Glibc.close(near)
        #expect(log.all.last == "closed finished 0")
    }

    @Test("a deadline is kept without any other event")
    func deadline() async {
        let thread = IOThread(name: "test-deadline") { EchoHandler(log: Log()) }
        let rang = TestExpectation()
        thread.send(.alarm(rang))
        await rang.wait()
        thread.stop()
        await thread.waitUntilEnded()
    }

    @Test("a call that hangs shows, and shutting the socket down ends it")
    func watchdog() async throws {
        let log = Log()
        let thread = IOThread(name: "test-hang") { EchoHandler(log: log) }
        let shared = SharedDescriptor()
        let (near, far) = try socketPair()
        let entered = TestExpectation()
        #expect(!shared.shutDown())
        thread.send(.hang(shared, far, entered))
        await entered.wait()
        #expect(thread.busyFor != nil)
        #expect(shared.shutDown())
        thread.stop()
        await thread.waitUntilEnded()
        #expect(log.all == ["hung read returned 0", "closed stopped 0"])
        for descriptor in [near, far] { _ = Glibc.close(descriptor) }
    }

    @Test("releasing the thread value ends the thread")
    func release() async {
        let log = Log()
        let closed = TestExpectation()
        do {
            let thread = IOThread(name: "test-release") { ClosingHandler(closed: closed) }
            thread.send(1)
        }
        await closed.wait()
        #expect(log.all.isEmpty)
    }

    @Test("many senders lose nothing")
    func manySenders() async {
        let log = Log()
        let thread = IOThread(name: "test-many") { EchoHandler(log: log) }
        await withTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask { for number in 0..<500 { thread.send(.note(sender * 1000 + number)) } }
            }
        }
        thread.stop()
        await thread.waitUntilEnded()
        #expect(Set(log.all).count == 4001)
    }
}

private final class ClosingHandler: IOHandler {
    typealias Command = Int
    let closed: TestExpectation
    var descriptor: Int32 { -1 }
    var interest: IOInterest { [] }
    var deadline: ContinuousClock.Instant? { nil }
    var isFinished: Bool { false }

    init(closed: TestExpectation) { self.closed = closed }

    func handle(_ commands: inout Deque<Int>) {}
    func ready(_ events: IOInterest) {}
    func deadlineReached(now: ContinuousClock.Instant) {}
    func close(_ reason: CloseReason, undelivered: Deque<Int>) { closed.fulfil() }
}
