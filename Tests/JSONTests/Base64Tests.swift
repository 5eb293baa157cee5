import JSON
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the examples of the standard are written and read`(plain: String, coded: String) {
        #expect(Base64.encode(plain.utf8) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
    }

    @Test func `addresses have other signs and no padding`() {
        #expect(Base64.encode([0xFB, 0xEF, 0xFF, 0xFE]) == "++///g==")
        #expect(Base64.encodeForURL([0xFB, 0xEF, 0xFF, 0xFE]) == "--___g")
        #expect(Base64.decode("--___g") == [0xFB, 0xEF, 0xFF, 0xFE])
        #expect(Base64.decode("a*b") == nil)
    }
}
