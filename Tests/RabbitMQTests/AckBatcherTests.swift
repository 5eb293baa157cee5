import Testing

@testable import RabbitMQ

@Suite("Acknowledgements between two writes")
struct AckBatcherTests {
    private func frames(_ batcher: inout AckBatcher) throws -> [AckFrame] {
        var frames: [AckFrame] = []
        try batcher.flush { frames.append($0) }
        return frames
    }

    private func batcher(_ count: UInt64) -> AckBatcher {
        var batcher = AckBatcher()
        for tag in 1...count { #expect(delivered(&batcher, tag)) }
        return batcher
    }

    @Test("a contiguous run from the oldest becomes one multiple acknowledgement")
    func run() throws {
        var batcher = batcher(5)
        for tag in [3, 1, 2] as [UInt64] { #expect(settle(&batcher, tag, .acknowledge)) }
        #expect(try frames(&batcher) == [.ack(3, multiple: true)])
        #expect(try frames(&batcher) == [])
        #expect(batcher.outstanding == 2)
    }

    @Test("one acknowledgement is not multiple")
    func single() throws {
        var batcher = batcher(2)
        #expect(settle(&batcher, 1, .acknowledge))
        #expect(try frames(&batcher) == [.ack(1, multiple: false)])
    }

    @Test("an acknowledgement behind an unfinished delivery goes out at once, and once")
    func gap() throws {
        var batcher = batcher(4)
        #expect(settle(&batcher, 2, .acknowledge))
        #expect(settle(&batcher, 4, .acknowledge))
        #expect(try frames(&batcher) == [.ack(2, multiple: false), .ack(4, multiple: false)])
        #expect(settle(&batcher, 1, .acknowledge))
        #expect(try frames(&batcher) == [.ack(1, multiple: false)])
        #expect(settle(&batcher, 3, .acknowledge))
        #expect(try frames(&batcher) == [.ack(3, multiple: false)])
        #expect(batcher.outstanding == 0)
    }

    @Test("a refusal is written before a multiple acknowledgement that spans it")
    func refusal() throws {
        var batcher = batcher(3)
        #expect(settle(&batcher, 1, .acknowledge))
        #expect(settle(&batcher, 2, .refuse(requeue: true)))
        #expect(settle(&batcher, 3, .acknowledge))
        #expect(try frames(&batcher) == [.nack(2, requeue: true), .ack(3, multiple: true)])
    }

    @Test("only the first decision counts, and an unknown delivery has none")
    func idempotence() throws {
        var batcher = batcher(2)
        #expect(settle(&batcher, 1, .acknowledge))
        #expect(!settle(&batcher, 1, .refuse(requeue: true)))
        #expect(!settle(&batcher, 3, .acknowledge))
        #expect(!settle(&batcher, 0, .acknowledge))
        #expect(try frames(&batcher) == [.ack(1, multiple: false)])
        #expect(!settle(&batcher, 1, .acknowledge))
    }

    @Test("a delivery out of order is refused")
    func order() {
        var batcher = AckBatcher()
        #expect(!delivered(&batcher, 2))
        #expect(delivered(&batcher, 1))
    }

    @Test(
        "every acknowledged delivery is covered exactly once, whatever the order",
        arguments: [1, 7, 23] as [UInt64])
    func coverage(stride: UInt64) throws {
        var batcher = batcher(100)
        var covered: [UInt64: Int] = [:]
        var unacknowledged = Set(1...100 as ClosedRange<UInt64>)
        for step in 0..<100 as Range<UInt64> {
            #expect(settle(&batcher, (step * stride * 3) % 100 + 1, .acknowledge) || stride != 1)
            guard step % 9 == 0 || step == 99 else { continue }
            for case .ack(let tag, let multiple) in try frames(&batcher) {
                let tags = multiple ? unacknowledged.filter { $0 <= tag } : [tag]
                for tag in tags { covered[tag, default: 0] += 1 }
                unacknowledged.subtract(tags)
            }
        }
        #expect(covered.values.allSatisfy { $0 == 1 })
        #expect(covered.count == 100 - batcher.outstanding)
    }
}
