import Postgres
import Testing

@Suite("Statements and values")
struct PostgresQueryTests {
    private enum Kind: String, PostgresEncodable, PostgresDecodable, PostgresArrayElement { case invoice, payment }

    @Test("interpolated values become binds, never text")
    func interpolation() {
        let name = "O'Hara"
        let query: PostgresQuery = "SELECT \(1), \(name), \(nil as Int?) FROM \(unsafeSQL: "item") WHERE ok = \(true)"
        #expect(query.sql == "SELECT $1, $2, $3 FROM item WHERE ok = $4")
        #expect(query.binds == [.text("1"), .text("O'Hara"), .null, .text("t")])
    }

    @Test("bytes are bytea, arrays are literals with everything quoted")
    func arrays() {
        #expect(([1, 2] as [UInt8]).postgresValue == .bytes([1, 2]))
        #expect(["a", #"b"\"#].postgresValue == .text(#"{"a","b\"\\"}"#))
        #expect((["a", nil] as [String?]).postgresValue == .text(#"{"a",NULL}"#))
        #expect([[1], [255]].map { $0.map { UInt8($0) } }.postgresValue == .text(#"{"\\x01","\\xff"}"#))
        #expect([Kind.invoice, .payment].postgresValue == .text(#"{"invoice","payment"}"#))
    }

    @Test("array literals are read, nested and broken ones refused")
    func readingArrays() throws {
        #expect(try [String](postgresText: #"{a,"b,c","d\"e",""}"#) == ["a", "b,c", "d\"e", ""])
        #expect(try [String?](postgresText: #"{NULL,"NULL"}"#) == [nil, "NULL"])
        #expect(try [Int](postgresText: "{}") == [])
        #expect(try [Kind](postgresText: "{payment}") == [.payment])
        for broken in ["", "{", "1,2", "{1,}", "{,1}", "{{1},{2}}", #"{"a}"#, #"{a"b"}"#] {
            #expect(throws: (any Error).self) { try [String](postgresText: broken) }
        }
    }

    @Test("an address libpq cannot read is refused without being quoted")
    func badAddress() {
        let error = #expect(throws: PostgresError.self) {
            try PostgresConfiguration(url: "postgresql://user:sec%ret@host/db")
        }
        #expect(error?.code == .configuration)
        #expect(error.map { "\($0)".contains("ret") && "\($0)".contains("sec%") } == false)
    }

    @Test("the name shown in logs has no credentials")
    func displayName() throws {
        let configuration = try PostgresConfiguration(url: "postgresql://user:secret@db.example:6543/shop")
        #expect(configuration.displayName == "db.example:6543/shop")
    }

    @Test("descriptions leave values out, debug descriptions do not")
    func descriptions() {
        let error = PostgresError(
            .server, "invalid input syntax for type integer: \"secret\"", sqlState: SQLState("22P02"))
        #expect(!"\(error)".contains("secret"))
        #expect(error.debugDescription.contains("secret"))
        #expect(SQLState.uniqueViolation.isInClass("23"))
    }
}
