import JSON
import Testing

@Suite struct JSONValueTests {
    @Test func `literals make values and accessors give them back`() {
        let value: JSONValue = ["text": "a", "number": 5, "yes": true, "nothing": nil, "list": [1, "b"]]
        #expect(value["text"]?.string == "a")
        #expect(value["number"]?.int == 5)
        #expect(value["yes"]?.bool == true)
        #expect(value["nothing"]?.isNull == true)
        #expect(value["list"]?[1]?.string == "b")
        #expect(value["list"]?[2] == nil)
        #expect(value["list"]?[-1] == nil)
        #expect(value["missing"] == nil)
        #expect(value["text"]?["deeper"] == nil)
        #expect(value.object?.keys == ["text", "number", "yes", "nothing", "list"])
    }

    @Test func `equality does not look at the order of members`() {
        let left: JSONValue = ["a": 1, "b": ["x": 1, "y": 2]]
        let right: JSONValue = ["b": ["y": 2, "x": 1], "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left.canonical() == right.canonical())
        #expect(left.text != right.text)
    }

    @Test func `members can be set and removed`() {
        var object = JSONObject()
        for index in 0..<40 { object["k\(index)"] = .number(JSONNumber(index)) }
        object["k5"] = nil
        object["k6"] = "six"
        object["never there"] = nil
        #expect(object.count == 39)
        #expect(object["k5"] == nil)
        #expect(object["k6"]?.string == "six")
        #expect(object["k39"]?.int == 39)
        for index in 0..<39 { object["k\(index)"] = nil }
        #expect(object.keys == ["k39"])
    }

    @Test func `encodes compactly, indented, and escaped`() {
        let value: JSONValue = ["a": [1, nil], "b": [:], "c": [], "d": "\u{0}\u{1F}\"\\\n\r\t\u{8}\u{C}é/"]
        #expect(value.text == #"{"a":[1,null],"b":{},"c":[],"d":"\u0000\u001f\"\\\n\r\t\b\fé/"}"#)
        let pretty = """
            {
              "a": [
                1,
                null
              ],
              "b": {},
              "c": [],
              "d": "x"
            }
            """
        let plain: JSONValue = ["a": [1, nil], "b": [:], "c": [], "d": "x"]
        #expect(String(decoding: plain.encoded(pretty: true), as: UTF8.self) == pretty)
    }

    @Test func `what is encoded is read back the same`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let value = randomValue(depth: 4, using: &generator)
            #expect(try JSONValue(parsing: value.encoded()) == value)
            #expect(try JSONValue(parsing: value.encoded(pretty: true)) == value)
            #expect(try JSONValue(parsing: value.canonical()) == value)
        }
    }

    private func randomValue(depth: Int, using generator: inout some RandomNumberGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .number(JSONNumber(Int.random(in: -1000...1000, using: &generator)))
        case 3: return .string(randomString(using: &generator))
        case 4:
            let count = Int.random(in: 0..<5, using: &generator)
            return .array((0..<count).map { _ in randomValue(depth: depth - 1, using: &generator) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                object[randomString(using: &generator)] = randomValue(depth: depth - 1, using: &generator)
            }
            return .object(object)
        }
    }

    private func randomString(using generator: inout some RandomNumberGenerator) -> String {
        let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{0}", "é", "漢", "🎁", "/", "\u{7F}"]
        var string = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            string.append(scalars[Int.random(in: 0..<scalars.count, using: &generator)])
        }
        return String(string)
    }
}
