import CPostgres
import Certificates

/// Says what to do about a connection that libpq could not make, where its own words do not.
enum ConnectAdvice {
    /// libpq's words, with what is behind them and what to do.
    /// - Parameters:
    ///   - text: what libpq said.
    ///   - connection: the connection that failed.
    static func explain(_ text: String, _ connection: OpaquePointer) -> String {
        if text.contains("certificate verify failed"), let words = certificate(connection) { return words }
        guard let hint = hint(text) else { return text }
        // libpq's own advice, on further lines, would have the certificate go unverified.
        return "\(text.prefix { !$0.isNewline }); \(hint)"
    }

    /// libpq says only that verification failed, so the server is asked once more.
    private static func certificate(_ connection: OpaquePointer) -> String? {
        let options = options(of: connection)
        guard let host = PQhost(connection).map({ String(cString: $0) }), !host.isEmpty,
            let port = PQport(connection).map({ String(cString: $0) }), let file = options["sslrootcert"],
            let finding = PostgresCertificateProbe.finding(host: host, port: port, authorityFile: file)
        else { return nil }
        return "no connection to \(host):\(port): "
            + finding.explanation(
                host: host, authorityFile: file,
                setting: "sslrootcert in DATABASE_URL (?sslmode=verify-full&sslrootcert=/path/ca.pem)")
    }

    /// Source: libpq 15, fe-connect.c and fe-secure-openssl.c; the server's own words in English.
    static func hint(_ text: String) -> String? {
        if text.contains("server does not support SSL") {
            return
                "turn TLS on at the server (ssl = on), or write sslmode=disable in DATABASE_URL where the network is "
                + "trusted"
        }
        if text.contains("no encryption") || text.contains("SSL off") {
            return
                "the server takes this user only over TLS: write sslmode=verify-full and sslrootcert=/path/ca.pem in "
                + "DATABASE_URL"
        }
        if text.contains("does not match host name") {
            return "use a host name in DATABASE_URL that the certificate is for, or give the server a certificate for "
                + "this one"
        }
        if text.contains("root certificate file") {
            return "name the authority's certificate by sslrootcert=/path/ca.pem in DATABASE_URL"
        }
        if text.contains("unsupported startup parameter") {
            return "a pooler stands in between: connect to PostgreSQL itself"
        }
        return nil
    }

    private static func options(of connection: OpaquePointer) -> [String: String] {
        guard let list = PQconninfo(connection) else { return [:] }
        defer { PQconninfoFree(list) }
        var values: [String: String] = [:]
        var option = list
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }
}
