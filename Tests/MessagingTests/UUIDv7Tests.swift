import Accounting
import NIOConcurrencyHelpers
import Testing

@testable import Messaging

@Suite struct UUIDv7Tests {
    private struct Fixed: RandomNumberGenerator, Sendable {
        var value: UInt64
        mutating func next() -> UInt64 { value }
    }

    @Test func `An id shows its time, its version and its variant`() {
        let time = Instant(microseconds: 0x0192_3456_789A * 1_000)
        let generator = UUIDv7Generator(random: Fixed(value: 0xFFFF_FFFF_FFFF_F123), now: { time })
        #expect(generator.next().description == "01923456-789a-7123-bfff-fffffffff123")
    }

    @Test func `Ids of one millisecond are in order`() {
        let generator = UUIDv7Generator(now: { Instant(microseconds: 1_700_000_000_000_000) })
        let ids = (0..<10_000).map { _ in generator.next() }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
    }

    @Test func `Ids stay in order when the clock goes back`() {
        let times = NIOLockedValueBox([5_000_000, 9_000_000, 1_000_000, 9_000_000].map { Instant(microseconds: $0) })
        let generator = UUIDv7Generator(now: { times.withLockedValue { $0.removeFirst() } })
        let ids = (0..<4).map { _ in generator.next() }
        #expect(ids == ids.sorted())
    }
}
