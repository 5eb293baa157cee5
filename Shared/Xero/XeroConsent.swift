import Crypto
import JSON

/// A person's consent while it is asked for: the address they open, and what has to come back.
public struct XeroConsent: Sendable, Hashable {
    /// Why a redirect is not the answer to a consent.
    public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// In a person's words.
        public var description: String
        /// Whether it is the answer all the same, so that none other will come.
        public var isFinal: Bool

        init(_ description: String, isFinal: Bool = false) {
            self.description = description
            self.isFinal = isFinal
        }
    }

    /// Where Xero sends the person back.
    public let redirect: String
    /// What only the answer to this question carries.
    public let state: String
    /// The proof of an app without a secret; its hash went along with the question.
    public let verifier: String?
    /// The address that the person opens.
    public let address: String

    /// Asks for consent.
    /// - Parameters:
    ///   - credentials: the app; without a secret a proof key is made.
    ///   - redirect: one of the app's redirect addresses, as written at developer.xero.com.
    ///   - loginURL: where people sign in, e.g. `https://login.xero.com`.
    ///   - random: makes so many random bytes.
    public init(
        credentials: XeroCredentials, redirect: String, loginURL: String, random: (Int) -> [UInt8] = Self.random
    ) {
        self.redirect = redirect
        let state = Base64.encodeForURL(random(24))
        self.state = state
        verifier = credentials.clientSecret == nil ? Base64.encodeForURL(random(48)) : nil
        var query = [
            ("response_type", "code"), ("client_id", credentials.clientID), ("redirect_uri", redirect),
            ("scope", credentials.scopes), ("state", state),
        ]
        if let verifier {
            let challenge = Base64.encodeForURL(Array(SHA256.hash(data: Array(verifier.utf8))))
            query += [("code_challenge", challenge), ("code_challenge_method", "S256")]
        }
        let base = loginURL.hasSuffix("/") ? String(loginURL.dropLast()) : loginURL
        address =
            "\(base)/identity/connect/authorize?"
            + query.map { "\($0.0)=\(XeroRequest.encoded($0.1))" }.joined(separator: "&")
    }

    /// Random bytes of the system.
    /// - Parameter count: how many.
    /// - Returns: the bytes.
    public static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Reads the code out of the address that Xero sent the person back to.
    /// - Parameter address: the whole address, or its path with the query, or the query alone.
    /// - Returns: the code.
    /// - Throws: ``Refusal`` if the address answers another question, or says no.
    public func code(from address: String) throws(Refusal) -> String {
        let trimmed = address.split(whereSeparator: \.isWhitespace).joined()
        let query = trimmed.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        let fields = Self.fields(query.prefix { $0 != "#" })
        guard let given = fields["state"] else {
            throw Refusal("this is not the address that Xero sent you back to: it has no state")
        }
        guard Self.areEqual(given, state) else {
            throw Refusal("this address answers another question: its state is not the one asked with")
        }
        if let error = fields["error"] {
            let words = fields["error_description"].map { ": \($0)" } ?? ""
            throw Refusal(
                error == "access_denied" ? "access was declined in Xero" : "Xero says \(error)\(words)", isFinal: true)
        }
        guard let code = fields["code"], !code.isEmpty else {
            throw Refusal("this address carries no code")
        }
        return code
    }

    /// Compares without telling by the time it takes how much agrees.
    private static func areEqual(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func fields(_ query: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[decoded(halves[0])] = halves.count > 1 ? decoded(halves[1]) : ""
        }
        return fields
    }

    private static func decoded(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
