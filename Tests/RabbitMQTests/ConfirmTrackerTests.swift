import Testing

@testable import RabbitMQ

@Suite("Confirms by delivery tag")
struct ConfirmTrackerTests {
    private let start = ContinuousClock.now

    private func tracker(_ count: Int) -> ConfirmTracker<Int> {
        var tracker = ConfirmTracker<Int>()
        for value in 1...count { tracker.append(value, sent: start + .seconds(value)) }
        return tracker
    }

    @Test("a single confirm settles one message, wherever it stands")
    func single() {
        var tracker = tracker(4)
        var settled: [Int] = []
        #expect(tracker.confirm(3, multiple: false, isPositive: true) { value, _ in settled.append(value) })
        #expect(tracker.confirm(1, multiple: false, isPositive: true) { value, _ in settled.append(value) })
        #expect(settled == [3, 1])
        #expect(tracker.outstanding == 2)
        #expect(tracker.oldest == start + .seconds(2))
    }

    @Test("a multiple confirm settles everything up to its tag, in order, once")
    func multiple() {
        var tracker = tracker(5)
        var settled: [Int] = []
        #expect(tracker.confirm(2, multiple: false, isPositive: true) { value, _ in settled.append(value) })
        #expect(tracker.confirm(4, multiple: true, isPositive: true) { value, _ in settled.append(value) })
        #expect(settled == [2, 1, 3, 4])
        #expect(tracker.outstanding == 1)
        #expect(tracker.nextTag == 6)
    }

    @Test("tag 0 with multiple means everything outstanding")
    func everything() {
        var tracker = tracker(3)
        var settled: [Int] = []
        #expect(tracker.confirm(0, multiple: true, isPositive: true) { value, _ in settled.append(value) })
        #expect(settled == [1, 2, 3])
        #expect(tracker.oldest == nil)
    }

    @Test("a repeated confirm changes nothing, one for a message never sent is refused")
    func unknownTags() {
        var tracker = tracker(2)
        var settled: [Int] = []
        #expect(tracker.confirm(1, multiple: false, isPositive: true) { value, _ in settled.append(value) })
        #expect(tracker.confirm(1, multiple: false, isPositive: true) { value, _ in settled.append(value) })
        #expect(!tracker.confirm(3, multiple: false, isPositive: true) { value, _ in settled.append(value) })
        #expect(settled == [1])
    }

    @Test("a refusal is refused, a returned message is unroutable although it is acknowledged")
    func outcomes() {
        var tracker = tracker(3)
        #expect(tracker.markReturned { $0 == 2 } == 1)
        var outcomes: [ConfirmOutcome] = []
        #expect(tracker.confirm(2, multiple: true, isPositive: true) { _, outcome in outcomes.append(outcome) })
        #expect(tracker.confirm(3, multiple: false, isPositive: false) { _, outcome in outcomes.append(outcome) })
        #expect(outcomes == [.acknowledged, .unroutable, .refused])
    }

    @Test("an expired message keeps its tag counted, and its late confirm is ignored")
    func expiry() {
        var tracker = tracker(3)
        var expired: [Int] = []
        tracker.expire(sentBefore: start + .seconds(3)) { expired.append($0) }
        #expect(expired == [1, 2])
        var settled: [Int] = []
        #expect(tracker.confirm(3, multiple: true, isPositive: true) { value, _ in settled.append(value) })
        #expect(settled == [3])
    }

    @Test("a new channel counts from 1 again")
    func removeAll() {
        var tracker = tracker(3)
        var removed: [Int] = []
        tracker.removeAll { removed.append($0) }
        #expect(removed == [1, 2, 3])
        #expect(tracker.nextTag == 1)
        #expect(tracker.outstanding == 0)
    }
}
