import Testing

@testable import ServiceKit

@Suite struct EnvironmentTests {
    private enum Colour: String, CaseIterable { case red, green }

    private func environment(_ values: [String: String], files: [String: String] = [:]) -> ServiceKit.Environment {
        ServiceKit.Environment(values) { path in
            files[path].map { .success($0) }
                ?? .failure(SettingFile.Failure(description: "cannot be opened: No such file"))
        }
    }

    @Test func `A value is taken without the white space around it`() throws {
        #expect(try environment(["A": "  x y\n"]).string("A") == "x y")
    }

    @Test func `A value may come from a file`() throws {
        let environment = environment(["A_FILE": "/run/secrets/a"], files: ["/run/secrets/a": "secret\n"])
        #expect(try environment.string("A") == "secret")
    }

    @Test func `A missing variable is named with what to set it to`() {
        let error = #expect(throws: ConfigurationError.self) { try environment([:]).string("DATABASE_URL") }
        #expect(
            error?.description
                == "DATABASE_URL is not set. Set it to PostgreSQL's address, for example "
                + "postgres://user:password@localhost:5432/counterfoil, or DATABASE_URL_FILE to the path of a file that holds it."
        )
    }

    @Test func `An empty variable counts as not set`() throws {
        #expect(try environment(["A": " "]).optional("A") == nil)
        #expect(throws: ConfigurationError.self) { try environment(["A": ""]).string("A") }
    }

    @Test func `A file that cannot be read is named with the reason`() {
        let error = #expect(throws: ConfigurationError.self) { try environment(["A_FILE": "/nowhere"]).optional("A") }
        #expect(error?.variable == "A_FILE")
        #expect(error?.problem == "names /nowhere, which cannot be opened: No such file")
    }

    @Test func `An empty file is an error`() {
        let environment = environment(["A_FILE": "/f"], files: ["/f": "\n"])
        #expect(throws: ConfigurationError.self) { try environment.optional("A") }
    }

    @Test func `A value and a file at once are ambiguous`() {
        let environment = environment(["A": "1", "A_FILE": "/f"], files: ["/f": "2"])
        let error = #expect(throws: ConfigurationError.self) { try environment.optional("A") }
        #expect(error?.fix == "Unset one of them.")
    }

    @Test func `Whole numbers are checked against their range`() throws {
        #expect(try environment(["N": "42"]).int("N", default: 1) == 42)
        #expect(try environment([:]).int("N", default: 7) == 7)
        for text in ["x", "-1", "11", "1.5", "99999999999999999999"] {
            let error = #expect(throws: ConfigurationError.self) {
                try environment(["N": text]).int("N", default: 1, in: 1...10)
            }
            #expect(
                error?.description == "N is \"\(text)\". Set it to a whole number from 1 to 10, or leave it out for 1.")
        }
    }

    @Test func `Durations are seconds with an optional fraction`() throws {
        #expect(try environment(["D": "0.5"]).duration("D", default: .seconds(1)) == .milliseconds(500))
        #expect(try environment([:]).duration("D", default: .seconds(1)) == .seconds(1))
        for text in ["0", "-1", "abc", "nan", "inf", "1e99"] {
            #expect(throws: ConfigurationError.self, "\(text)") {
                try environment(["D": text]).duration("D", default: .seconds(1))
            }
        }
    }

    @Test func `Choices and flags list their words`() throws {
        #expect(try environment(["C": "GREEN"]).choice("C", default: Colour.red) == .green)
        let error = #expect(throws: ConfigurationError.self) {
            try environment(["C": "blue"]).choice("C", default: Colour.red)
        }
        #expect(error?.fix == "Set it to one of: red, green.")
        #expect(try environment(["F": "yes"]).flag("F"))
        #expect(try !environment(["F": "0"]).flag("F", default: true))
        #expect(throws: ConfigurationError.self) { try environment(["F": "maybe"]).flag("F") }
    }

    @Test(
        arguments: [
            ("0.0.0.0:8080", "0.0.0.0", 8_080), ("localhost:0", "localhost", 0), ("[::1]:9101", "::1", 9_101),
            (":8080", "0.0.0.0", 8_080), ("8080", "0.0.0.0", 8_080),
        ])
    func `Addresses to listen on are host and port`(text: String, host: String, port: Int) {
        #expect(BindTarget(text) == BindTarget(host: host, port: port))
    }

    @Test(arguments: ["", "host", "host:", "host:99999", "::1:80", "a b:1", "[]:1", "host:-1", "[::1]9"])
    func `What is no address is refused`(text: String) {
        #expect(BindTarget(text) == nil)
    }

    @Test func `Xero's time scales with its minute`() throws {
        let time = try XeroTime(environment(["XERO_MINUTE_SECONDS": "2", "XERO_DAY_SECONDS": "120"]))
        #expect(time.minutes(4) == .seconds(8))
        #expect(time.seconds(60) == .seconds(2))
        #expect(time.days(1) == .seconds(120))
        #expect(throws: ConfigurationError.self) { try XeroTime(environment(["XERO_DAY_SECONDS": "5"])) }
    }

    @Test func `Setting files are read from disk with a bound`() {
        guard case .failure(let directory) = SettingFile.read("/") else {
            Issue.record("a directory is no setting")
            return
        }
        #expect(directory.description.hasPrefix("cannot be read"))
        guard case .failure(let device) = SettingFile.read("/dev/zero") else {
            Issue.record("an endless device is no setting")
            return
        }
        #expect(device.description.contains("too large"))
        guard case .failure = SettingFile.read("/does/not/exist") else {
            Issue.record("a missing file is no setting")
            return
        }
    }
}
