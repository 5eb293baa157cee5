import Accounting
import Logging
import NIOConcurrencyHelpers
import RabbitMQ
import TestSupport
import Testing

@testable import Messaging

@Suite(.timeLimit(.minutes(5))) struct OutboxRelayTests {
    private struct Lost: Error {}

    /// An outbox in memory.
    private final class MemoryStore: OutboxStore {
        struct State {
            var rows: [Int64: ClaimedMessage] = [:]
            var claimed: Set<Int64> = []
            var released: [Int64: Duration] = [:]
            var failsDeletes = false
        }
        let state = NIOLockedValueBox(State())

        init(_ count: Int, exchange: String = "commerce.events") {
            for id in 1...Int64(count) {
                let envelope = Envelope(
                    id: "m\(id)", type: "t", source: "s", subject: "x", time: Instant(microseconds: 0))
                state.withLockedValue {
                    $0.rows[id] = ClaimedMessage(
                        id: id, exchange: exchange, routingKey: "k", envelope: envelope, body: "{}", attempts: 1)
                }
            }
        }

        var left: [Int64] { state.withLockedValue { $0.rows.keys.sorted() } }

        func claim(limit: Int, lease: Duration) async throws -> [ClaimedMessage] {
            state.withLockedValue { state in
                let free = state.rows.values.filter { !state.claimed.contains($0.id) }.sorted { $0.id < $1.id }
                let claimed = Array(free.prefix(limit))
                state.claimed.formUnion(claimed.map(\.id))
                return claimed
            }
        }

        func delete(_ ids: [Int64]) async throws {
            try state.withLockedValue { state in
                if state.failsDeletes { throw Lost() }
                for id in ids { state.rows[id] = nil }
            }
        }

        func release(_ delays: [Int64: Duration]) async throws {
            state.withLockedValue { state in
                for (id, delay) in delays {
                    state.released[id] = delay
                    if delay == .zero { state.claimed.remove(id) }
                }
            }
        }
    }

    /// A broker that answers as told.
    private final class Broker: MessagePublishing {
        let answers: NIOLockedValueBox<[String: RabbitMQError.Code]>
        let published = NIOLockedValueBox<[String]>([])
        let connected = NIOLockedValueBox(true)

        init(_ answers: [String: RabbitMQError.Code] = [:]) { self.answers = NIOLockedValueBox(answers) }

        var isConnected: Bool { connected.withLockedValue { $0 } }

        func publish(_ messages: [OutgoingMessage]) async -> [Result<Void, RabbitMQError>] {
            messages.map { message in
                let id = message.properties.messageID ?? ""
                published.withLockedValue { $0.append(id) }
                if let code = answers.withLockedValue({ $0[id] }) { return .failure(RabbitMQError(code, "as told")) }
                return .success(())
            }
        }
    }

    private func relay(_ store: MemoryStore, _ broker: Broker, batch: Int = 10) -> OutboxRelay {
        OutboxRelay(
            store: store, publisher: broker, origin: "test", configuration: OutboxRelayConfiguration(batch: batch),
            clock: ManualClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `What is confirmed is deleted, oldest first, batch by batch`() async {
        let store = MemoryStore(25)
        let broker = Broker()
        let relay = relay(store, broker)
        #expect(await relay.step() == .more)
        #expect(await relay.step() == .more)
        #expect(await relay.step() == .idle)
        #expect(store.left.isEmpty)
        #expect(broker.published.withLockedValue { $0 } == (1...25).map { "m\($0)" })
        #expect(await relay.step() == .idle)
    }

    @Test(arguments: [RabbitMQError.Code.nacked, .unknownOutcome, .notConnected, .connectionLost])
    func `What is not confirmed is published again with the same id`(code: RabbitMQError.Code) async {
        let store = MemoryStore(3)
        let broker = Broker(["m2": code])
        let relay = relay(store, broker)
        #expect(await relay.step() == .trouble)
        #expect(store.left == [2])
        broker.answers.withLockedValue { $0 = [:] }
        #expect(await relay.step() == .idle)
        #expect(store.left.isEmpty)
        #expect(broker.published.withLockedValue { $0 } == ["m1", "m2", "m3", "m2"])
    }

    @Test func `What reaches no queue stays, is tried later, and holds nobody up`() async throws {
        let store = MemoryStore(3)
        let relay = relay(store, Broker(["m2": .unroutable]))
        #expect(await relay.step() == .idle)
        #expect(store.left == [2])
        let delay = try #require(store.state.withLockedValue { $0.released[2] })
        #expect(delay >= .seconds(1))
    }

    @Test func `Nothing is claimed while the broker is away`() async {
        let store = MemoryStore(1)
        let broker = Broker()
        broker.connected.withLockedValue { $0 = false }
        let relay = relay(store, broker)
        #expect(await relay.step() == .disconnected)
        #expect(store.state.withLockedValue { $0.claimed.isEmpty })
    }

    @Test func `What was confirmed is deleted later when the database is lost in between`() async {
        let store = MemoryStore(2)
        let broker = Broker()
        let relay = relay(store, broker)
        store.state.withLockedValue { $0.failsDeletes = true }
        #expect(await relay.step() == .trouble)
        #expect(store.left == [1, 2])
        store.state.withLockedValue { $0.failsDeletes = false }
        #expect(await relay.step() == .idle)
        #expect(store.left.isEmpty)
        #expect(broker.published.withLockedValue { $0.count } == 2)
    }

    @Test func `Outcomes may reach nobody, everything else must reach a queue`() async throws {
        let outcome = MemoryStore(1, exchange: "ledger.outcomes")
        let command = MemoryStore(1, exchange: "ledger.commands")
        #expect(try await outcome.claim(limit: 1, lease: .zero).first?.outgoing.mandatory == false)
        #expect(try await command.claim(limit: 1, lease: .zero).first?.outgoing.mandatory == true)
    }

    @Test func `A wake has the outbox looked at before the poll`() async {
        let store = MemoryStore(1)
        let broker = Broker()
        let clock = ManualClock()
        broker.connected.withLockedValue { $0 = false }
        let relay = OutboxRelay(
            store: store, publisher: broker, origin: "test", configuration: OutboxRelayConfiguration(), clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await relay.run() }
            await clock.waitForSleepers()
            broker.connected.withLockedValue { $0 = true }
            relay.wake()
            await clock.waitForSleepers()
            while !store.left.isEmpty { await Task.yield() }
            group.cancelAll()
        }
        #expect(broker.published.withLockedValue { $0 } == ["m1"])
    }
}
