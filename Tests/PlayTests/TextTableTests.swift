import Testing

@testable import Play

@Suite("Tables for a terminal")
struct TextTableTests {
    @Test("columns are as wide as their widest cell, numbers stand right, nothing trails")
    func aligns() {
        var table = TextTable([.left("outcome"), .right("orders"), .left("note")])
        table.add(["posted", "181"])
        table.add(["held", "3", "Łucja"])
        let expected = """
              outcome  orders  note
              -------  ------  -----
              posted      181
              held          3  Łucja
            """
        #expect(table.rendered() == expected)
    }

    @Test("missing cells are empty and surplus cells are dropped")
    func fits() {
        var table = TextTable([.left("a"), .left("b")])
        table.add([])
        table.add(["1", "2", "3"])
        #expect(table.rows == [["", ""], ["1", "2"]])
    }

    @Test("a list is wrapped between its items")
    func wraps() {
        #expect(Report.wrapped(["paid 30", "free 2", "late 1"], width: 16) == ["paid 30, free 2,", "late 1"])
        #expect(Report.wrapped([], width: 16) == [""])
    }
}
