import Accounting
import Logging
import Postgres

/// Whether the database can be reached, and keeps what it is told.
struct DatabaseCheck: Sendable {
    /// The oldest version of PostgreSQL that is known to do.
    static let oldestVersion = 13
    /// A difference of clocks from which on something is wrong with one of them, in seconds.
    static let largestSkew = 5.0

    let client: PostgresClient

    /// Why no connection can be made; nil if one could.
    static func connect(_ configuration: PostgresConfiguration) async -> DoctorFinding? {
        do {
            try await PostgresClient.probe(configuration, logger: Logger(label: "counterfoil"))
            return nil
        } catch {
            let words = error.message.split(whereSeparator: \.isNewline).joined(separator: " ")
            return .problem("database", "connection", sentence: words, otherwise: remedy(words, configuration))
        }
    }

    /// What usually mends what libpq or the server says.
    private static func remedy(_ words: String, _ configuration: PostgresConfiguration) -> String {
        if words.contains("password authentication failed") || words.contains("no password supplied") {
            return "correct user and password in DATABASE_URL, or set it: ALTER ROLE … PASSWORD '…'"
        }
        if words.contains("role \"") { return "make the role: createuser --pwprompt NAME, or correct DATABASE_URL" }
        if words.contains("database \"") {
            return "make it: createdb --encoding UTF8 --template template0 NAME, or correct DATABASE_URL"
        }
        if words.contains("translate host name") { return "correct the host in DATABASE_URL" }
        if words.contains("pg_hba.conf") { return "let this host in: a line in the server's pg_hba.conf, then reload" }
        if words.contains("too many clients") || words.contains("connection slots") {
            return "raise max_connections in postgresql.conf, or run fewer replicas"
        }
        if words.contains("read-only") { return "name the primary in DATABASE_URL, not a standby" }
        return "start PostgreSQL, or correct host and port in DATABASE_URL (\(configuration.displayName))"
    }

    func findings() async -> [DoctorFinding] {
        do {
            let before = Instant.now()
            let rows = try await client.query(
                """
                SELECT current_setting('server_version') AS version,
                    current_setting('server_version_num')::integer / 10000 AS major,
                    current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
                    current_setting('full_page_writes') AS full_page_writes,
                    current_setting('synchronous_commit') AS synchronous_commit,
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock,
                    coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), '') AS tls,
                    current_setting('max_connections')::integer - (SELECT count(*) FROM pg_stat_activity
                        WHERE backend_type = 'client backend')::integer AS free
                """)
            let after = Instant.now()
            guard let row = rows.first else { return [] }
            let middle = (before.microseconds + after.microseconds) / 2
            let skew = Double(middle - (try row.decode("clock", as: Int64.self))) / 1_000_000
            return try judge(row, skew: skew)
        } catch {
            return [.problem("database", "settings", "its settings cannot be read: \(error)", "look at its log")]
        }
    }

    private func judge(_ row: PostgresRow, skew: Double) throws -> [DoctorFinding] {
        func text(_ column: String) throws -> String { try row.decode(column, as: String.self) }
        var findings: [DoctorFinding] = []
        let major = try row.decode("major", as: Int.self)
        if major < Self.oldestVersion {
            findings.append(
                .problem(
                    "database", "version", "PostgreSQL \(try text("version")) is too old",
                    "upgrade it to \(Self.oldestVersion) or newer"))
        }
        if try text("encoding") != "UTF8" {
            findings.append(
                .problem(
                    "database", "encoding", "its encoding is \(try text("encoding")), which cannot hold every text",
                    "make another one and move there: createdb --encoding UTF8 --template template0 NAME"))
        }
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] where try text(setting) == "off" {
            findings.append(
                .problem(
                    "database", setting, "\(setting) is off: a crash of the server loses webhooks that were answered",
                    "set \(setting) = on in postgresql.conf (or ALTER DATABASE … RESET \(setting)) and reload"))
        }
        if skew.magnitude > Self.largestSkew {
            findings.append(
                .problem(
                    "database", "clock",
                    "this machine's clock is \(skewText(skew)) \(skew > 0 ? "ahead of" : "behind") the database's",
                    "set both by NTP: timedatectl set-ntp true"))
        }
        let free = try row.decode("free", as: Int.self)
        if free < 20 {
            findings.append(
                .warning(
                    "database", "connections", "only \(free) of its connections are free",
                    "raise max_connections in postgresql.conf: each service takes up to 11"))
        }
        let tls = try text("tls")
        if let finding = encryption(tls) { findings.append(finding) }
        let place = client.configuration.displayName
        let security = tls.isEmpty ? "no TLS" : client.configuration.verifiesServer ? "\(tls) verified" : tls
        let version = try text("version").prefix { $0 != " " }
        findings.append(
            .ok(
                "database", "connection",
                "PostgreSQL \(version) at \(place), \(security), "
                    + "\(try text("encoding")), clocks within \(skewText(skew)), \(free) connections free"))
        return findings
    }

    /// Over a network the server must be who it says it is.
    private func encryption(_ tls: String) -> DoctorFinding? {
        let configuration = client.configuration
        if configuration.isLocal || (configuration.verifiesServer && !tls.isEmpty) { return nil }
        return .warning(
            "database", "tls",
            tls.isEmpty
                ? "the connection to \(configuration.displayName) is not encrypted"
                : "the connection is encrypted, but the server's certificate is not verified",
            "add sslmode=verify-full&sslrootcert=/path/ca.pem to DATABASE_URL")
    }
}
