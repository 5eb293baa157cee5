import JSON
import Testing

@Suite struct JSONParsingTests {
    @Test func `keeps numbers as they were written`() throws {
        for text in ["0", "-0", "63.241106000000002", "1e3", "1E+3", "-1.50", "123456789012345678901234567890.1"] {
            #expect(try JSONValue(parsing: text) == .number(#require(JSONNumber(text: text))))
            #expect(try JSONValue(parsing: text).text == text)
        }
    }

    @Test(arguments: ["01", "1.", ".5", "+1", "-", "1e", "1e+", "0x1", "NaN", "Infinity", "--1", "1 2"])
    func `refuses what is not a number`(text: String) {
        #expect(JSONNumber(text: text) == nil)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func `reads what PHP writes`() throws {
        let text =
            #"{"url":"https:\/\/shop.example\/?p=1","name":"Presentkort \u00e5\u00e4\u00f6 \ud83c\udf81","tab":"\t\"\\"}"#
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(value["url"]?.string == "https://shop.example/?p=1")
        #expect(value["name"]?.string == "Presentkort åäö 🎁")
        #expect(value["tab"]?.string == "\t\"\\")
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
        "\"",
        "\"\\", "\"\\u12\"", "\"\\u12g4\"", "\"\\x\"", "tru", "nul", "falsy", "[1]]", "{} {}", "\"\u{1}\"", "\"a\nb\"",
        "'a'",
        "[1 2]", "{\"a\" 1}", "<html>", "webhook_id=5",
    ])
    func `says where a broken text breaks`(text: String) throws {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(try #require(error).code == .syntax)
        #expect(try #require(error).offset <= text.utf8.count)
    }

    @Test func `refuses halves of surrogate pairs and invalid UTF-8`() throws {
        for text in [#""\ud83c""#, #""\udf81""#, #""\ud83cx""#, #""\ud83cA""#] {
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
            #expect(error?.code == .encoding)
        }
        let invalid: [[UInt8]] = [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]]
        for bytes in invalid {
            for prefix in [[], Array("\\n".utf8)] {
                let text = [UInt8(ascii: "\"")] + prefix + bytes + [UInt8(ascii: "\"")]
                let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
                #expect(error?.code == .encoding)
            }
        }
    }

    @Test func `bounds depth, length and number of values`() throws {
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(64)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(65)) }
        let deep = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(1_000_000)) }
        #expect(deep?.code == .depth)
        let long = #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2,3]", limits: JSONLimits(bytes: 6)) }
        #expect(long?.code == .size)
        let many = #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2,3]", limits: JSONLimits(values: 3)) }
        #expect(many?.code == .size)
    }

    @Test func `members that are not wanted are left out, and checked like the others`() throws {
        let text = #"{"a":{"b":[1,{"c":"\u00e5"},true,null,"é"]},"id":7,"z":[[],{},-1.5e3,""],"id":8}"#
        let kept = try JSONValue(parsing: Array(text.utf8), keeping: ["id", "none"])
        #expect(kept.text == #"{"id":8}"#)
        #expect(try JSONValue(parsing: Array("[1]".utf8), keeping: []).text == "[1]")
        let pieces = [
            "tru", "nul", "01", "1.", "\"", "\"\\x\"", "\"\u{1}\"", "[1 2]", "[1,]", "{a:1}", "{\"a\" 1}", "{\"a\":1,}",
            "\"\\ud83c\"", String(repeating: "[", count: 70), "[", "{", "1 2", "<",
        ]
        for piece in pieces {
            let bytes = Array("{\"x\":\(piece)}".utf8)
            let whole = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
            let skipped = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes, keeping: []) }
            #expect(whole == skipped, "\(piece)")
        }
        let invalid = Array("{\"x\":\"".utf8) + [0xC3] + Array("\"}".utf8)
        #expect(throws: JSONError.self) { try JSONValue(parsing: invalid, keeping: []) }
        #expect(throws: JSONError.self) {
            try JSONValue(parsing: Array(text.utf8), keeping: [], limits: JSONLimits(values: 5))
        }
    }

    @Test func `the last of equal keys wins`() throws {
        let value = try JSONValue(parsing: #"{"a":1,"b":2,"a":3}"#)
        #expect(value.text == #"{"a":3,"b":2}"#)
    }

    @Test func `an object of very many keys is read in time that grows with its length only`() throws {
        let count = 100_000
        let text = "{" + (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let value = try JSONValue(parsing: text)
        #expect(value.object?.count == count)
        #expect(value["k99999"]?.int == 99_999)
    }

    @Test func `reads bytes that are not contiguous in memory`() throws {
        let bytes = AnyCollection([Array("[1,".utf8), Array("2]".utf8)].joined())
        #expect(try JSONValue(parsing: bytes) == [1, 2])
    }
}
