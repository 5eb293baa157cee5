import Accounting
import Ledger
import Logging
import Postgres
import RabbitMQ
import TestSupport
import Testing
import Xero

@testable import CLI

@Suite(
    "What doctor says of broken set-ups",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct DoctorTests {
    /// Expects one problem (or warning) with these words in it, and a remedy with those.
    private func expect(
        _ findings: [DoctorFinding], _ area: String, _ check: String, _ message: String, _ remedy: String,
        level: DoctorFinding.Level = .problem, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let found = findings.filter { $0.area == area && $0.check == check && $0.level == level }
        #expect(
            found.count == 1 && found[0].message.contains(message) && found[0].remedy?.contains(remedy) == true,
            "\(DoctorText(findings: findings).lines.joined(separator: "\n"))", sourceLocation: sourceLocation)
        #expect(!DoctorText(findings: findings).lines.joined().contains("counterfoil:counterfoil"))
    }

    private func problems(_ findings: [DoctorFinding]) -> [DoctorFinding] { findings.filter { $0.level == .problem } }

    @Test("of one in which all is in order it says so")
    func healthy() async throws {
        try await DoctorFixture.with { base in
            try await DoctorFixture.withShop { url in
                var fixture = base
                fixture.storeURL = url
                try await fixture.apply()
                let findings = await fixture.examine()
                #expect(findings.allSatisfy { $0.level == .ok }, "\(findings)")
                #expect(DoctorText(findings: findings).lines.first == "All is in order.")
                #expect(findings.contains { $0.message == "shop at \(url) takes its key" })
                #expect(findings.contains { $0.message == "opens all 2 secrets" })
                #expect(findings.contains { $0.message == "all \(SchemaMigrations.all.count) migrations applied" })
            }
        }
    }

    @Test("settings that are missing, or cannot be read")
    func settings() async throws {
        try await DoctorFixture.with { fixture in
            let missing = await fixture.examine(["DATABASE_URL": nil, "AMQP_URL": nil, "COUNTERFOIL_KEY": nil])
            expect(missing, "environment", "DATABASE_URL", "DATABASE_URL is not set", "Set it to PostgreSQL's address")
            expect(missing, "environment", "AMQP_URL", "AMQP_URL is not set", "Set it to RabbitMQ's address")
            expect(missing, "key", "key", "COUNTERFOIL_KEY is not set", "head -c 32 /dev/urandom | base64")
            let wrong = await fixture.examine([
                "DATABASE_URL": nil, "DATABASE_URL_FILE": "/nowhere/url", "AMQP_URL": "http://user:hidden@host",
                "COUNTERFOIL_KEY": "c2hvcnQ=", "HTTP_BIND": "here", "XERO_API_URL": "api.xero.com", "EVENT_DAYS": "0",
                "XERO_MINUTE_SECONDS": "soon", "LOG_FORMAT": "xml",
            ])
            expect(
                wrong, "environment", "DATABASE_URL", "names /nowhere/url, which cannot be opened", "Correct the path")
            expect(wrong, "environment", "AMQP_URL", "neither amqp nor amqps", "AMQP_URL")
            expect(wrong, "environment", "HTTP_BIND", "HTTP_BIND is \"here\"", "HOST:PORT")
            expect(wrong, "environment", "XERO_API_URL", "is \"api.xero.com\"", "https://")
            expect(wrong, "environment", "EVENT_DAYS", "EVENT_DAYS is \"0\"", "from 1 to 36500")
            expect(wrong, "environment", "XERO_MINUTE_SECONDS", "is \"soon\"", "seconds")
            expect(wrong, "environment", "LOG_FORMAT", "is \"xml\"", "json, text")
            expect(wrong, "key", "key", "is not 32 bytes in base64", "/dev/urandom")
            #expect(!wrong.contains { $0.message.contains("hidden") })
        }
    }

    @Test("a database that cannot be reached")
    func unreachableDatabase() async throws {
        try await DoctorFixture.with { fixture in
            let url = fixture.client.configuration.url
            let refused = await fixture.examine(["DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"])
            expect(refused, "database", "connection", "Connection refused", "start PostgreSQL")
            #expect(refused.contains { $0.area == "configuration" && $0.level == .skipped })
            let password = url.replacing("counterfoil:counterfoil@", with: "counterfoil:wrong@")
            expect(
                await fixture.examine(["DATABASE_URL": password]), "database", "connection",
                "password authentication failed", "correct user and password in DATABASE_URL")
            let name = url.split(separator: "/").last ?? ""
            expect(
                await fixture.examine(["DATABASE_URL": url.replacing(name, with: "nowhere")]), "database", "connection",
                "database \"nowhere\" does not exist", "createdb --encoding UTF8")
            expect(
                await fixture.examine(["DATABASE_URL": "postgresql://a:b@no-such-host.invalid/c"]), "database",
                "connection", "could not translate host name", "correct the host")
        }
    }

    @Test("a database that forgets, cannot hold every text, or does not have the schema")
    func badDatabase() async throws {
        try await DoctorFixture.with(migrations: []) { fixture in
            let name = try #require(try await fixture.client.query("SELECT current_database()").first?[0])
            expect(
                await fixture.examine(), "database", "migrations", "migrations are not applied", "counterfoil migrate")
            try await fixture.client.execute("ALTER DATABASE \(unsafeSQL: name) SET synchronous_commit TO off")
            expect(
                await fixture.examine(), "database", "synchronous_commit", "loses webhooks", "RESET synchronous_commit")
            let other = "\(name)_ascii"
            try await fixture.client.execute(
                "CREATE DATABASE \(unsafeSQL: other) ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
            let url = fixture.client.configuration.url.replacing(name, with: other)
            let findings = await fixture.examine(["DATABASE_URL": url])
            try await fixture.client.execute("DROP DATABASE \(unsafeSQL: other) WITH (FORCE)")
            expect(findings, "database", "encoding", "SQL_ASCII", "createdb --encoding UTF8")
        }
    }

    @Test("migrations that were changed, or come from a newer version; a role without rights")
    func schema() async throws {
        try await DoctorFixture.with { fixture in
            let role = "doctor_\(UInt32.random(in: 0...UInt32.max))"
            try await fixture.client.execute("CREATE ROLE \(unsafeSQL: role) LOGIN PASSWORD 'p'")
            let url = fixture.client.configuration.url.replacing("counterfoil:counterfoil@", with: "\(role):p@")
            let nothing = await fixture.examine(["DATABASE_URL": url])
            try await fixture.client.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(unsafeSQL: role)")
            let reading = await fixture.examine(["DATABASE_URL": url])
            try await fixture.client.execute("DROP OWNED BY \(unsafeSQL: role)")
            try await fixture.client.execute("DROP ROLE \(unsafeSQL: role)")
            expect(nothing, "database", "permission.read", "may not read the schema", "GRANT USAGE, CREATE ON SCHEMA")
            expect(reading, "database", "permission.write", "may not change", "GRANT SELECT, INSERT, UPDATE, DELETE")

            try await fixture.client.execute("INSERT INTO schema_migration (name, checksum) VALUES ('9999-later', 'x')")
            expect(await fixture.examine(), "database", "migrations", "migrated by a newer version", "run that version")
            try await fixture.client.execute("DELETE FROM schema_migration WHERE name = '9999-later'")
            try await fixture.client.execute(
                "UPDATE schema_migration SET checksum = 'x' WHERE name = '0002-events'")
            expect(await fixture.examine(), "database", "migrations", "0002-events was changed", "restore its text")
        }
    }

    @Test("a broker that refuses us, or holds something else than is declared")
    func broker() async throws {
        try await DoctorFixture.with { base in
            var fixture = base
            let name = TestServers.uniqueName("doctor")
            var queue = Queue(name: name, arguments: ["x-expires": 60_000, "x-max-length": 5])
            try await declare(Topology(queues: [queue]), waiting: name)
            let url = TestServers.amqpURL
            let refused = await fixture.examine(["AMQP_URL": "amqp://127.0.0.1:1"])
            expect(refused, "broker", "connection", "no connection to 127.0.0.1:1", "start RabbitMQ")
            expect(
                await fixture.examine(["AMQP_URL": url.replacing("counterfoil:counterfoil@", with: "counterfoil:no@")]),
                "broker", "connection", "Login was refused", "rabbitmqctl change_password counterfoil")
            expect(
                await fixture.examine(["AMQP_URL": url.replacing("/%2F", with: "/nowhere")]),
                "broker", "connection", "vhost nowhere not found", "rabbitmqctl add_vhost 'nowhere'")
            fixture.topology.queues = [queue]
            expect(
                await fixture.examine(), "broker", "consumers", "nobody reads queue \(name), where 1 messages wait",
                "start", level: .warning)
            queue.arguments["x-max-length"] = 6
            fixture.topology.queues = [queue, Queue(name: name + ".missing")]
            fixture.topology.exchanges.append(Exchange(name: "amq.fanout", kind: .direct))
            let findings = await fixture.examine()
            expect(findings, "broker", "missing", "queue \(name).missing is missing", "restart any service")
            let differing = findings.filter { $0.check == "differs" }
            #expect(differing.map(\.message).contains { $0.contains("inequivalent arg 'x-max-length' for queue") })
            #expect(
                differing.map(\.message).contains { $0.contains("inequivalent arg 'type' for exchange 'amq.fanout'") })
            #expect(differing.allSatisfy { $0.remedy?.contains("declare it again when they start") == true })
        }
    }

    /// Declares by publishing, as the services do.
    private func declare(_ topology: Topology, waiting queue: String) async throws {
        let publisher = RabbitMQPublisher(
            configuration: try RabbitMQConfiguration(url: TestServers.amqpURL), topology: topology,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let running = Task { try? await publisher.run() }
        defer { running.cancel() }
        try await publisher.publish(OutgoingMessage(exchange: "", routingKey: queue, body: [1]))
    }

    @Test("a key that opens nothing, a configuration that does nothing")
    func configuration() async throws {
        try await DoctorFixture.with { fixture in
            expect(await fixture.examine(), "configuration", "applied", "nothing has been applied", "counterfoil apply")
            try await fixture.apply(since: "2099-01-01")
            let findings = await fixture.examine()
            expect(findings, "configuration", "since", "every order is ignored", "correct since:", level: .warning)
            expect(findings, "store", "reachable", "shop (http://127.0.0.1:1)", "correct url:")
            expect(
                await fixture.examine(["COUNTERFOIL_KEY": DoctorFixture.otherKey]), "key", "opens",
                "does not open the secrets of app books, store shop", "separated by a comma")
            let rotating = "\(DoctorFixture.otherKey),\(DoctorFixture.key)"
            expect(
                await fixture.examine(["COUNTERFOIL_KEY": rotating]), "key", "rotation", "2 of 2 secrets",
                "counterfoil apply", level: .warning)
            try await fixture.client.execute("UPDATE org SET state = 'paused', state_reason = 'Xero refuses the app'")
            expect(
                await fixture.examine(), "configuration", "org", "org acme is paused: Xero refuses the app", "resumes")
        }
    }

    @Test("a mapping that does not fit what was read of the organisation since")
    func mapping() async throws {
        try await DoctorFixture.with { fixture in
            try await fixture.apply()
            try await fixture.client.execute(
                """
                INSERT INTO org_reference (org_id, name, body) VALUES ('acme', 'Accounts',
                    '{"Accounts": [{"Code": "090", "Type": "BANK"}, {"Code": "200", "Type": "REVENUE", "Status": "ARCHIVED"}]}')
                """)
            expect(
                await fixture.examine(), "configuration", "mapping",
                "the mapping of store shop is wrong: mapping.accounts.sales: account 200 is archived in Xero",
                "correct mapping:")
        }
    }

    @Test("a Xero that cannot be reached, refuses the app, or has another time; a store that refuses its key")
    func outside() async throws {
        try await DoctorFixture.with { base in
            try await DoctorFixture.withShop { url in
                var fixture = base
                fixture.storeURL = url
                try await fixture.apply()
                let refusing = await fixture.examine(xero: { _ in DoctorFixture.xero(secret: "another") })
                expect(refusing, "xero", "token", "app books (org acme)", "developer.xero.com")
                for (ahead, words) in [(Int64(90), "behind Xero's"), (-90, "ahead of Xero's")] {
                    let skewed = await fixture.examine(xero: { _ in DoctorFixture.xero(aheadBy: ahead) })
                    expect(skewed, "xero", "clock", words, "timedatectl")
                }
                let silent = await fixture.examine(xero: { _ in
                    XeroTransport(
                        api: { _ in throw XeroTransportError(.notSent, "could not reach Xero") },
                        identity: { _ in throw XeroTransportError(.notSent, "could not reach Xero") })
                })
                expect(silent, "xero", "api", "http://xero.test", "XERO_API_URL")
                expect(silent, "xero", "identity", "http://identity.test", "XERO_IDENTITY_URL")
                fixture.storeURL = url.replacing("/shop", with: "/elsewhere")
                try await fixture.apply()
                let findings = await fixture.examine()
                #expect(problems(findings).map(\.area) == ["store"])
            }
        }
    }

    @Test("the page has what is wrong first, each with its remedy, and folds what is long")
    func page() {
        let findings: [DoctorFinding] = [
            .ok("database", "connection", "PostgreSQL 15"),
            .skipped("configuration", "applied", "the schema comes first"),
            .warning("broker", "tls", "not encrypted", "write amqps://"),
            .problem("database", "migrations", String(repeating: "word ", count: 40), "counterfoil migrate"),
        ]
        let lines = DoctorText(findings: findings).lines
        #expect(lines[0] == "1 problem, 1 warning, 1 not looked at.")
        #expect(lines[2].hasPrefix("PROBLEM  database       word word"))
        #expect(lines.contains("                     -> counterfoil migrate"))
        #expect(lines.contains("ok       database       PostgreSQL 15"))
        #expect(lines.contains("skipped  configuration  the schema comes first"))
        #expect(lines.allSatisfy { $0.count <= 116 })
        #expect(HTTPDate.instant("Sun, 06 Nov 1994 08:49:37 GMT")?.rfc3339.hasPrefix("1994-11-06T08:49:37") == true)
    }
}
