import CPostgres

/// Where the database is, how many connections are used, and how long anything may take.
public struct PostgresConfiguration: Sendable {
    /// The address, credentials included. Never logged.
    public let url: String
    /// Host, port and database, for logs.
    public let displayName: String
    /// Whether the server is this very machine.
    public let isLocal: Bool
    /// Whether the server has to prove by its certificate that it is the host of the address: `sslmode=verify-full`.
    public let verifiesServer: Bool
    let optionsInURL: String?

    /// Connections shared by statements outside transactions. Default 2.
    public var connections = 2
    /// Transactions open at once, at most: each has a connection for itself. Default 8.
    public var transactions = 8
    /// How long the server works on one statement before it cancels it; zero means for ever. Default 30 seconds.
    public var statementTimeout: Duration = .seconds(30)
    /// How long one statement waits for a lock; zero means for ever. Default 10 seconds.
    public var lockTimeout: Duration = .seconds(10)
    /// How long a transaction may sit idle before the server ends it; zero means for ever. Default 60 seconds.
    public var idleInTransactionTimeout: Duration = .seconds(60)
    /// How long making a connection may take, from the first packet to the session being ready. Default 5 seconds.
    public var connectTimeout: Duration = .seconds(5)
    /// Beyond `statementTimeout` without any answer the connection is given up as dead. Default 5 seconds.
    public var answerGrace: Duration = .seconds(5)
    /// What `pg_stat_activity` shows. Default `counterfoil`.
    public var applicationName = "counterfoil"
    /// How long a caller waits for a connection. Default 10 seconds.
    public var leaseTimeout: Duration = .seconds(10)
    /// Callers that may wait for a connection; the next one is refused at once. Default 10,000.
    public var maximumWaiters = 10_000
    /// Statements prepared on one connection at most; the least recently used makes room. Default 256.
    public var preparedStatements = 256

    /// A configuration with the defaults.
    /// - Parameter url: `postgresql://user:password@host:port/database?sslmode=...`, or libpq's `key=value` form.
    /// - Throws: `configuration` when libpq cannot read the address.
    public init(url: String) throws(PostgresError) {
        let parameters = try Self.parse(url)
        self.url = url
        let host = parameters["host"] ?? parameters["hostaddr"] ?? "localhost"
        displayName = "\(host):\(parameters["port"] ?? "5432")/\(parameters["dbname"] ?? "")"
        isLocal = ["localhost", "::1"].contains(host) || host.hasPrefix("127.") || host.hasPrefix("/")
        verifiesServer = parameters["sslmode"] == "verify-full"
        optionsInURL = parameters["options"]
    }

    private static func parse(_ url: String) throws(PostgresError) -> [String: String] {
        var complaint: UnsafeMutablePointer<CChar>?
        guard let parsed = PQconninfoParse(url, &complaint) else {
            // libpq quotes the address, password included, so its words are not passed on.
            PQfreemem(complaint)
            throw PostgresError(
                .configuration,
                "the database's address cannot be read; it looks like postgresql://user:password@host:5432/database "
                    + "(special characters in the password are written as %XX)")
        }
        defer { PQconninfoFree(parsed) }
        var values: [String: String] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }

    /// What libpq is given at connect, over the address.
    var connectParameters: [(keyword: String, value: String)] {
        var options = optionsInURL.map { [$0] } ?? []
        options.append("-c statement_timeout=\(statementTimeout.wholeMilliseconds)")
        options.append("-c lock_timeout=\(lockTimeout.wholeMilliseconds)")
        options.append(
            "-c idle_in_transaction_session_timeout=\(idleInTransactionTimeout.wholeMilliseconds)")
        return [
            ("dbname", url),
            ("application_name", applicationName),
            ("client_encoding", "UTF8"),
            ("options", options.joined(separator: " ")),
            ("keepalives_idle", "30"),
            ("keepalives_interval", "10"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(max(answerTimeout ?? .seconds(60), .seconds(10)).wholeMilliseconds)"),
            ("target_session_attrs", "read-write"),
        ]
    }

    /// The longest silence of the server while something is in flight.
    var answerTimeout: Duration? {
        statementTimeout > .zero ? statementTimeout + answerGrace : nil
    }
}

extension Duration {
    /// Milliseconds, rounded up so that a short wait does not become "for ever".
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
