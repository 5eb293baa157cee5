import CTLS

/// What a TLS handshake found wrong with a server's certificate.
public struct CertificateFinding: Sendable, Hashable {
    /// What is wrong, as something a program can act on.
    public enum Kind: Sendable, Hashable {
        /// The certificate is signed by nobody who is trusted.
        case unknownAuthority
        /// The certificate is for other hosts.
        case otherName
        /// The certificate is no longer valid.
        case expired
        /// The certificate is not valid yet.
        case notYetValid
        /// Something else, in OpenSSL's words.
        case other
    }

    /// What is wrong.
    public let kind: Kind
    /// OpenSSL's words for it.
    public let reason: String
    /// Whom the certificate that was refused is for.
    public let subject: String
    /// Who signed it.
    public let issuer: String
    /// From when it is valid.
    public let notBefore: String
    /// Until when it is valid.
    public let notAfter: String
    /// The hosts that the server's own certificate is for, separated by commas.
    public let names: String

    /// Takes what C wrote down; nil if nothing is wrong.
    init?(_ finding: counterfoil_tls_finding) {
        guard finding.code != 0 else { return nil }
        kind = Self.kind(of: finding.code)
        reason = Self.text(finding.reason)
        subject = Self.text(finding.subject)
        issuer = Self.text(finding.issuer)
        notBefore = Self.text(finding.not_before)
        notAfter = Self.text(finding.not_after)
        names = Self.text(finding.names)
    }

    /// What is wrong and what to do about it, as sentences.
    /// - Parameters:
    ///   - host: the host that was asked for.
    ///   - authorityFile: where the trusted authorities were read from.
    ///   - setting: the setting that names such a file, e.g. `cacertfile in AMQP_URL`.
    public func explanation(host: String, authorityFile: String, setting: String) -> String {
        switch kind {
        case .unknownAuthority:
            "the server's certificate is signed by an authority that \(authorityFile) does not hold "
                + "(\(issuer)); name the file with that authority's certificate by \(setting)"
        case .otherName:
            "the server's certificate is for \(names.isEmpty ? subject : names), not for \(host); use a name it is for, "
                + "or give the server a certificate for \(host)"
        case .expired:
            "the certificate of \(subject) expired on \(notAfter); renew it on the server"
        case .notYetValid:
            "the certificate of \(subject) is valid only from \(notBefore); check both machines' clocks"
        case .other:
            "the certificate of \(subject) is refused: \(reason); renew it on the server, or name its authority by "
                + setting
        }
    }

    /// Source: OpenSSL, X509_STORE_CTX_get_error(3), "Error codes".
    private static func kind(of code: Int32) -> Kind {
        switch code {
        case 2, 18, 19, 20, 21, 27: .unknownAuthority
        case 62, 64: .otherName
        case 10: .expired
        case 9: .notYetValid
        default: .other
        }
    }

    private static func text<Tuple>(_ characters: Tuple) -> String {
        withUnsafeBytes(of: characters) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// Makes a TLS context verify the peer, and keeps what the handshake found wrong.
///
/// - Important: It must live as long as the context's connections. Used by the thread that owns them.
public final class CertificateRecorder {
    private let storage: UnsafeMutablePointer<counterfoil_tls_finding>

    /// Sets a context up; nil when the host's name cannot be verified at all.
    /// - Parameters:
    ///   - context: an `SSL_CTX` that knows the trusted authorities already.
    ///   - host: the name or address that the certificate must be for.
    public init?(context: UnsafeMutableRawPointer, host: String) {
        storage = .allocate(capacity: 1)
        storage.initialize(to: counterfoil_tls_finding())
        guard counterfoil_tls_expect(context, host, storage) == 1 else {
            storage.deallocate()
            return nil
        }
        counterfoil_tls_clear_error()
    }

    deinit { storage.deallocate() }

    /// What the handshake found wrong with the certificate, if anything.
    public var finding: CertificateFinding? { CertificateFinding(storage.pointee) }

    /// OpenSSL's words for why the handshake failed, if it was not the certificate.
    public static var lastComplaint: String? { counterfoil_tls_error().map { String(cString: $0) } }
}

/// Asks a server that libpq refused what is wrong with its certificate, since libpq itself does not say.
public enum PostgresCertificateProbe {
    /// Does a TLS handshake with the server and leaves. Blocks for some seconds at most.
    /// - Returns: what is wrong; nil if nothing is, or the server cannot be reached.
    public static func finding(host: String, port: String, authorityFile: String) -> CertificateFinding? {
        var finding = counterfoil_tls_finding()
        guard counterfoil_tls_probe_postgres(host, port, authorityFile, 3, &finding) == 1 else { return nil }
        return CertificateFinding(finding)
    }
}
