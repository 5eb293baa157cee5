import Observability
import Testing

@Suite struct TraceParentTests {
    private let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func `A header is read and written back`() throws {
        let parent = try #require(TraceParent(example))
        #expect(parent.description == example)
        #expect(parent.isSampled)
        #expect(parent.parentID == 0xb7ad_6b71_6920_3331)
    }

    @Test func `A later version is read by the fields of this one`() throws {
        let parent = try #require(TraceParent("01" + example.dropFirst(2) + "-more"))
        #expect(parent.description == example)
    }

    @Test(
        arguments: [
            "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "é0-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
        ])
    func `A malformed header is refused`(header: String) {
        #expect(TraceParent(header) == nil)
    }

    @Test func `A child stays in its trace under a parent of its own`() {
        let root = Tracer.off.next(after: nil)
        let child = Tracer.off.next(after: root)
        #expect(child.traceID == root.traceID)
        #expect(child.parentID != root.parentID)
        #expect(TraceParent(child.description) == child)
    }
}
