import Crypto
import FoundationEssentials

/// Seals what must not lie about readable (tokens, webhook secrets, API keys) with AES-256-GCM under COUNTERFOIL_KEY.
///
/// Sealed bytes are: version (1), key id (4 bytes, from the key's hash), nonce (12), ciphertext, tag (16). Version and key id
/// are authenticated too. The first key seals, every key opens, so a key is rotated by putting the new one in front.
public struct SecretBox: Sendable {
    private struct Key: Sendable {
        let id: [UInt8]
        let key: SymmetricKey
    }

    private static let version: UInt8 = 1
    private static let idBytes = 4
    private static let headerBytes = 1 + idBytes

    private let keys: [Key]

    /// Reads keys.
    ///
    /// - Parameter keys: 32 bytes each in base64, separated by commas; the first one seals.
    /// - Throws: if there is none, or one is not 32 bytes of base64. The error tells its place, never the key.
    public init(keys: String) throws(ConfigurationError) {
        var parsed: [Key] = []
        let texts = keys.split(separator: ",", omittingEmptySubsequences: false)
        for (index, text) in texts.enumerated() {
            let trimmed = text.filter { !$0.isWhitespace }
            guard let bytes = Data(base64Encoded: trimmed), bytes.count == 32 else {
                let which = texts.count == 1 ? "" : " (key \(index + 1) of \(texts.count))"
                throw ConfigurationError(
                    variable: "COUNTERFOIL_KEY", problem: "is not 32 bytes in base64\(which)",
                    fix:
                        "Make a key with: head -c 32 /dev/urandom | base64. When rotating, separate keys by commas, the new one first."
                )
            }
            let hash = SHA256.hash(data: Array("counterfoil key id".utf8) + Array(bytes))
            parsed.append(Key(id: Array(hash.prefix(Self.idBytes)), key: SymmetricKey(data: bytes)))
        }
        self.keys = parsed
    }

    /// Encrypts with the first key; each call gives different bytes.
    public func seal(_ plaintext: [UInt8]) -> [UInt8] {
        let key = keys[0]
        let header = [Self.version] + key.id
        do {
            let sealed = try AES.GCM.seal(plaintext, using: key.key, authenticating: header)
            return header + Array(sealed.nonce) + Array(sealed.ciphertext) + Array(sealed.tag)
        } catch {
            preconditionFailure("AES-GCM refused a 256-bit key and a nonce of its own: \(error)")
        }
    }

    /// Decrypts what ``seal(_:)`` made with one of the keys.
    ///
    /// - Throws: ``SecretBoxError`` if no key of ours made it, or it has been altered.
    public func open(_ sealed: [UInt8]) throws(SecretBoxError) -> [UInt8] {
        guard sealed.count >= Self.headerBytes + 12 + 16, sealed[0] == Self.version else { throw .malformed }
        let id = Array(sealed[1..<Self.headerBytes])
        let candidates = keys.filter { $0.id == id }
        guard !candidates.isEmpty else { throw .unknownKey(id: hexadecimal(id)) }
        let header = Array(sealed[..<Self.headerBytes])
        for key in candidates {
            if let box = try? AES.GCM.SealedBox(combined: sealed[Self.headerBytes...]),
                let plaintext = try? AES.GCM.open(box, using: key.key, authenticating: header)
            {
                return Array(plaintext)
            }
        }
        throw .altered
    }

    /// The id of the key that seals, as stored in front of what it sealed.
    public var sealingKeyID: String { hexadecimal(keys[0].id) }
}

/// Why a sealed secret cannot be opened.
public enum SecretBoxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It was not made by a `SecretBox`.
    case malformed
    /// It was sealed with a key that COUNTERFOIL_KEY does not hold.
    case unknownKey(id: String)
    /// The key is ours, but the bytes are not what it sealed.
    case altered

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .malformed:
            "The stored secret is not in the form it is sealed in. Apply the configuration again to store it anew."
        case .unknownKey(let id):
            "The stored secret was sealed with key \(id), which COUNTERFOIL_KEY does not hold. "
                + "Put the key it was sealed with after the present one, separated by a comma, or apply the configuration again."
        case .altered:
            "The stored secret does not match its seal. Apply the configuration again to store it anew."
        }
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}
