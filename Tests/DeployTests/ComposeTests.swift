import Foundation
import Testing
import Yams

@Suite("docker-compose.yml")
struct ComposeTests {
    private func services() throws -> [String: [String: Any]] {
        let document = try #require(try Yams.load(yaml: Project.text("docker-compose.yml")) as? [String: Any])
        return try #require(document["services"] as? [String: [String: Any]])
    }

    @Test("every service is there, restarts, stops later than it needs to, and may do no more than it must")
    func hardened() throws {
        let services = try services()
        for name in Project.services {
            let service = try #require(services[name], "\(name) is missing")
            #expect(service["command"] as? [String] == [name])
            #expect(service["restart"] as? String == "unless-stopped")
            #expect(service["stop_grace_period"] as? String == "45s")
            #expect(service["read_only"] as? Bool == true)
            #expect(service["cap_drop"] as? [String] == ["ALL"])
            #expect(service["security_opt"] as? [String] == ["no-new-privileges:true"])
            #expect(service["mem_limit"] != nil && service["pids_limit"] != nil)
            #expect(service["profiles"] == nil)
            let conditions = service["depends_on"] as? [String: [String: String]] ?? [:]
            #expect(conditions["migrate"]?["condition"] == "service_completed_successfully")
            #expect(conditions["postgres"]?["condition"] == "service_healthy")
        }
    }

    @Test("secrets come as files, never as values")
    func secrets() throws {
        for (name, service) in try services() {
            let environment = service["environment"] as? [String: Any] ?? [:]
            for variable in ["DATABASE_URL", "AMQP_URL", "COUNTERFOIL_KEY", "POSTGRES_PASSWORD"] {
                #expect(environment[variable] == nil, "\(name) has \(variable) as a value")
            }
        }
    }

    @Test("the play waits for every service and both simulators to be healthy")
    func play() throws {
        let services = try services()
        let play = try #require(services["play"])
        #expect(play["profiles"] as? [String] == ["demo"])
        let conditions = play["depends_on"] as? [String: [String: String]] ?? [:]
        #expect(Set(conditions.keys) == Set(Project.services + ["xero-simulator", "storefront-simulator"]))
        #expect(conditions.values.allSatisfy { $0["condition"] == "service_healthy" })
    }

    @Test("the image's layer of other packages has every package and product that the targets use")
    func packages() throws {
        let manifest = try Project.text("Package.swift").split(separator: "\n").map(String.init)
        let result = try Project.shell("deploy/docker/dependencies-only <Package.swift")
        #expect(result.status == 0, "\(result.output)")
        let lines = Set(result.output.split(separator: "\n").map(String.init))
        let needed = manifest.filter { $0.contains(".package(url:") || $0.contains(".product(name:") }
        #expect(needed.count > 20)
        for line in needed { #expect(lines.contains(line), "missing: \(line)") }
    }

    @Test("made secrets stay as they are, and fit each other")
    func secretsMake() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func made() throws -> [String: String] {
            let result = try Project.shell("COUNTERFOIL_SECRETS=\(folder.path) deploy/docker/secrets-make 2>&1")
            #expect(result.status == 0, "\(result.output)")
            var texts: [String: String] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                texts[name] = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            }
            return texts
        }
        let first = try made()
        #expect(
            Set(first.keys) == ["postgres_password", "rabbitmq.conf", "database_url", "amqp_url", "counterfoil_key"])
        let password = try #require(first["postgres_password"])
        #expect(password.count == 48 && first["database_url"]?.contains(":\(password)@postgres:") == true)
        let key = try #require(first["counterfoil_key"]).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(Data(base64Encoded: key)?.count == 32)
        #expect(try made() == first)
    }

    @Test(
        "docker compose accepts the file, with and without the demo",
        .enabled(
            if: Project.succeeds("docker-compose version || docker compose version"), "docker compose is not installed"),
        arguments: ["", "--env-file deploy/docker/demo.env"])
    func accepted(_ options: String) throws {
        let result = try Project.shell(
            """
            compose() { if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi; }
            compose \(options) config -q
            """)
        #expect(result.status == 0, "\(result.output)")
    }
}
