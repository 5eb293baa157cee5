import FoundationEssentials
import ServiceKit
import Testing

@Suite struct SecretBoxTests {
    private func key(_ byte: UInt8) -> String { Data(repeating: byte, count: 32).base64EncodedString() }

    @Test func `What is sealed opens again and never looks the same twice`() throws {
        let box = try SecretBox(keys: key(1))
        let secret = Array("cs_1234".utf8)
        let first = box.seal(secret)
        #expect(first != box.seal(secret))
        #expect(try box.open(first) == secret)
        #expect(try box.open(box.seal([])) == [])
    }

    @Test func `A rotated key still opens what it sealed`() throws {
        let sealed = try SecretBox(keys: key(1)).seal([7])
        let rotated = try SecretBox(keys: "\(key(2)), \(key(1))")
        #expect(try rotated.open(sealed) == [7])
        #expect(try SecretBox(keys: key(2)).open(rotated.seal([8])) == [8])
    }

    @Test func `An unknown key is named by its id`() throws {
        let box = try SecretBox(keys: key(1))
        let other = try SecretBox(keys: key(2))
        #expect(throws: SecretBoxError.unknownKey(id: box.sealingKeyID)) { try other.open(box.seal([1])) }
    }

    @Test func `Every altered byte is noticed`() throws {
        let box = try SecretBox(keys: key(1))
        let sealed = box.seal([1, 2, 3])
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(throws: SecretBoxError.self) { try box.open(altered) }
        }
        for count in 0..<sealed.count {
            #expect(throws: SecretBoxError.self) { try box.open(Array(sealed.prefix(count))) }
        }
    }

    @Test(arguments: ["", "abc", "AAAA", ",", "not base64!"])
    func `A wrong key is refused without being shown`(text: String) {
        let error = #expect(throws: ConfigurationError.self) { try SecretBox(keys: text) }
        #expect(error?.variable == "COUNTERFOIL_KEY")
        #expect(error?.description.contains("head -c 32 /dev/urandom | base64") == true)
        if text.count > 1 { #expect(error?.description.contains(text) == false) }
    }

    @Test func `Of several keys the wrong one is told by its place`() {
        let error = #expect(throws: ConfigurationError.self) { try SecretBox(keys: "\(key(1)),short") }
        #expect(error?.problem == "is not 32 bytes in base64 (key 2 of 2)")
    }
}
