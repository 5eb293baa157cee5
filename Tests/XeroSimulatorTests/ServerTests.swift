import AsyncHTTPClient
import JSON
import Logging
import NIOCore
import NIOHTTP1
import SimulatedXero
import Testing

@testable import XeroSimulator

@Suite(.timeLimit(.minutes(5))) struct ServerTests {
    /// Runs a server on a free port while `body` runs.
    private func withServer(
        _ configuration: SimulatorServer.Configuration = SimulatorServer.Configuration(),
        _ body: @Sendable (Caller) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = try SimulatorServer(configuration, logger: Logger(label: "test")) { port.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            guard let bound = await iterator.next() else { return }
            try await body(Caller(base: "http://127.0.0.1:\(bound)"))
            group.cancelAll()
        }
    }

    /// Calls a server over HTTP.
    private struct Caller: Sendable {
        let base: String

        func send(
            _ method: String, _ path: String, _ body: JSONValue? = nil, token: String? = nil,
            timeout: TimeAmount = .seconds(10)
        ) async throws -> (status: Int, json: JSONValue, headers: [String: String]) {
            var request = HTTPClientRequest(url: base + path)
            request.method = .RAW(value: method)
            request.headers.add(name: "Accept", value: "application/json")
            if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
            if let body { request.body = .bytes(ByteBuffer(bytes: body.encoded())) }
            let response = try await HTTPClient.shared.execute(request, timeout: timeout)
            let bytes = Array(buffer: try await response.body.collect(upTo: 1 << 24))
            var headers: [String: String] = [:]
            for header in response.headers { headers[header.name.lowercased()] = header.value }
            return (Int(response.status.code), (try? JSONValue(parsing: bytes)) ?? .null, headers)
        }

        func token() async throws -> String {
            var request = HTTPClientRequest(url: base + "/connect/token")
            request.method = .POST
            let form = "grant_type=client_credentials&client_id=demo&client_secret=demo-secret"
            request.body = .bytes(ByteBuffer(string: form))
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            let bytes = Array(buffer: try await response.body.collect(upTo: 1 << 16))
            return try JSONValue(parsing: bytes)["access_token"]?.string ?? ""
        }
    }

    @Test func callsAndTheControlInterfaceWorkOverHTTP() async throws {
        try await withServer { caller in
            #expect(try await caller.send("GET", "/livez").status == 200)
            let token = try await caller.token()
            for number in 1...3 {
                let body: JSONValue = ["Contacts": [["Name": .string("Ada \(number)")]]]
                let made = try await caller.send(
                    "PUT", "/api.xro/2.0/Contacts?summarizeErrors=false", body, token: token)
                #expect(made.status == 200)
                #expect(made.json["Contacts"]?[0]?.isAccepted == true)
                #expect(made.headers["x-minlimit-remaining"] == "\(60 - number)")
            }
            let ledger = try await caller.send("GET", "/_control/ledger").json
            #expect(ledger["orgs"]?[0]?["contacts"]?.array?.count == 3)
        }
    }

    @Test func aBrokenConnectionIsAnErrorAndTheNextCallWorks() async throws {
        try await withServer { caller in
            let token = try await caller.token()
            for kind in ["refuse", "reset_after"] {
                _ = try await caller.send("PUT", "/_control/faults", [["kind": .string(kind), "count": 1]])
                await #expect(throws: (any Error).self) {
                    try await caller.send("GET", "/api.xro/2.0/Organisation", token: token)
                }
                #expect(try await caller.send("GET", "/api.xro/2.0/Organisation", token: token).status == 200)
            }
        }
    }

    @Test func aCallerThatGivesUpFreesItsSlotAndALateCommitStillHappens() async throws {
        try await withServer { caller in
            let token = try await caller.token()
            let faults: JSONValue = [["kind": "commit_late", "count": 1, "delay_seconds": number("0.3")]]
            _ = try await caller.send("PUT", "/_control/faults", faults)
            await #expect(throws: (any Error).self) {
                try await caller.send(
                    "PUT", "/api.xro/2.0/Contacts", ["Name": "Late"], token: token, timeout: .milliseconds(100))
            }
            var made = 0
            var open = 1
            while made == 0 || open > 0 {
                let ledger = try await caller.send("GET", "/_control/ledger").json
                made = ledger["orgs"]?[0]?["contacts"]?.array?.count ?? 0
                let calls = try await caller.send("GET", "/_control/calls").json
                open = calls["orgs"]?["demo"]?["in_flight"]?.int ?? 0
            }
            #expect(made == 1)
        }
    }

    @Test func theBooksSurviveARestart() async throws {
        var configuration = SimulatorServer.Configuration()
        let path = "/tmp/xero-simulator-test-\(UInt64.random(in: 0 ... .max))"
        configuration.statePath = path
        try await withServer(configuration) { caller in
            let token = try await caller.token()
            _ = try await caller.send("PUT", "/api.xro/2.0/Contacts", ["Name": "Kept"], token: token)
        }
        try await withServer(configuration) { caller in
            let contacts = try await caller.send("GET", "/_control/ledger").json["orgs"]?[0]?["contacts"]
            #expect(contacts?.array?.map { $0["Name"] } == ["Kept"])
            _ = try await caller.send("POST", "/_control/reset")
        }
        try await withServer(configuration) { caller in
            let contacts = try await caller.send("GET", "/_control/ledger").json["orgs"]?[0]?["contacts"]
            #expect(contacts?.array?.isEmpty == true)
        }
    }
}
