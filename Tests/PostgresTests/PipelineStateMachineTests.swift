import Testing

@testable import Postgres

@Suite("The pipeline's rules")
struct PipelineStateMachineTests {
    private func machine(_ steps: [PipelineStateMachine.Step]) -> PipelineStateMachine {
        var machine = PipelineStateMachine()
        for step in steps { machine.sent(step) }
        return machine
    }

    private func play(
        _ machine: inout PipelineStateMachine, _ replies: [PipelineStateMachine.Reply]
    ) -> [PipelineStateMachine.Action] {
        replies.map { machine.received($0) }
    }

    @Test("a statement is prepared, run and finished at its sync")
    func single() {
        var machine = machine([.prepare(name: "s1"), .run(name: "s1"), .sync])
        #expect(machine.groupsInFlight == 1)
        #expect(
            play(&machine, [.success, .end, .success, .end, .sync])
                == [.prepared(name: "s1"), .none, .deliver, .none, .finishGroup])
        #expect(machine.isIdle)
        #expect(machine.groupsInFlight == 0)
    }

    @Test("an error skips the rest of its group and leaves the next group alone")
    func errorInGroup() {
        var machine = machine([.run(name: "s1"), .run(name: "s2"), .run(name: "s3"), .sync, .run(name: "s1"), .sync])
        #expect(
            play(&machine, [.success, .end, .failure, .end, .aborted, .end, .sync, .success, .end, .sync])
                == [
                    .deliver, .none, .fail(name: "s2"), .none, .none, .none, .finishGroup, .deliver, .none,
                    .finishGroup,
                ]
        )
    }

    @Test("a preparation that fails, or is skipped, is reported once as an error")
    func failedPreparation() {
        var machine = machine([
            .prepare(name: "s1"), .run(name: "s1"), .prepare(name: "s2"), .run(name: "s2"), .sync,
        ])
        #expect(
            play(&machine, [.failure, .end, .aborted, .end, .aborted, .end, .aborted, .end, .sync])
                == [
                    .notPrepared(name: "s1", reportsError: true), .none, .none, .none,
                    .notPrepared(name: "s2", reportsError: false), .none, .none, .none, .finishGroup,
                ])
    }

    @Test("an error at the sync itself, as of a deferred constraint, fails the group before it finishes")
    func errorAtSync() {
        var machine = machine([.run(name: nil), .sync])
        #expect(
            play(&machine, [.success, .end, .failure, .end, .sync])
                == [.deliver, .none, .fail(name: nil), .none, .finishGroup])
        #expect(machine.isIdle)
    }

    @Test("answers to nothing are violations")
    func violations() {
        var empty = PipelineStateMachine()
        #expect(play(&empty, [.success, .end, .sync]) == [.violation, .violation, .violation])
        var noEnd = machine([.run(name: nil), .run(name: nil), .sync])
        #expect(play(&noEnd, [.success, .success]) == [.deliver, .violation])
        var early = machine([.run(name: nil), .sync])
        #expect(play(&early, [.sync]) == [.violation])
    }

    @Test("a statement is prepared by one group, and used by others once that is confirmed")
    func cacheStates() {
        var cache = StatementCache(capacity: 2)
        let key = StatementCache.Key(sql: "SELECT 1", binaryMask: 0)
        #expect(cache.use(key, group: 1) == .prepare(name: "s1"))
        #expect(cache.use(key, group: 1) == .prepared(name: "s1"))
        #expect(cache.use(key, group: 2) == .unprepared)
        cache.confirm(name: "s1")
        #expect(cache.use(key, group: 3) == .prepared(name: "s1"))
        cache.forget(name: "s1")
        #expect(cache.use(key, group: 4) == .prepare(name: "s2"))
    }

    @Test("the least recently used statement makes room, and is dropped on the server")
    func cacheEviction() {
        var cache = StatementCache(capacity: 2)
        let keys = ["a", "b", "c"].map { StatementCache.Key(sql: $0, binaryMask: 0) }
        for key in keys.prefix(2) { _ = cache.use(key, group: 1) }
        cache.confirm(name: "s1")
        cache.confirm(name: "s2")
        #expect(cache.use(keys[0], group: 2) == .prepared(name: "s1"))
        #expect(cache.use(keys[2], group: 3) == .prepare(name: "s3"))
        #expect(cache.takeEvicted() == ["s2"])
        #expect(cache.takeEvicted() == [])
        #expect(cache.use(keys[1], group: 4) == .prepare(name: "s4"))
    }
}
