import ServiceKit
import Testing

@testable import CLI

@Suite("The health probe")
struct HealthTests {
    @Test(
        "asks the service in the same container, wherever that listens",
        arguments: [
            ("0.0.0.0:9104", "http://127.0.0.1:9104/readyz"), ("[::]:9104", "http://[::1]:9104/readyz"),
            ("9104", "http://127.0.0.1:9104/readyz"), ("10.0.0.7:80", "http://10.0.0.7:80/readyz"),
        ])
    func address(_ bind: String, _ url: String) throws {
        #expect(try HealthCommand.readinessURL(Environment(["HEALTH_BIND": bind])) == url)
    }

    @Test("is refused a wrong HEALTH_BIND by name")
    func wrongBind() {
        #expect(throws: ConfigurationError.self) {
            try HealthCommand.readinessURL(Environment(["HEALTH_BIND": "here"]))
        }
    }

    @Test("fails where nothing answers")
    func nothingThere() async {
        #expect(await Main.status(["health", "http://127.0.0.1:1/readyz", "--timeout", "1"]) == 1)
    }
}
