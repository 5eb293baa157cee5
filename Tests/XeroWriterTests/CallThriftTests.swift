import Testing

@testable import XeroWriter

@Suite("How long batches wait to fill in bulk")
struct CallThriftTests {
    @Test("while most of the grant is left, batches go soon; when it is gone, they wait longest")
    func linger() {
        var thrift = CallThrift(spacing: 1, now: 0)
        #expect(thrift.linger(at: 0) == 4)
        for _ in 0..<40 { thrift.spend(documents: 1, at: 0) }
        #expect(thrift.left(at: 0) < 0)
        #expect(thrift.linger(at: 0) == 30)
    }

    @Test("full batches use nothing up")
    func fullBatches() {
        var thrift = CallThrift(spacing: 1, now: 0)
        for _ in 0..<1000 { thrift.spend(documents: BatchPolicy.size, at: 0) }
        #expect(thrift.left(at: 0) == CallThrift.grant)
    }

    @Test("what was used comes back with time, and never beyond the grant")
    func recovery() {
        var thrift = CallThrift(spacing: 1, now: 0)
        for _ in 0..<4 { thrift.spend(documents: 0, at: 0) }
        #expect(thrift.left(at: 0) == CallThrift.grant - 4)
        #expect(thrift.left(at: 40) == CallThrift.grant - 2)
        #expect(thrift.left(at: 10_000) == CallThrift.grant)
    }
}
