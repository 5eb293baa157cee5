import Accounting
import JSON
import SimulatedXero
import Testing

@Suite struct TrafficTests {
    @Test func theMinuteLimitIsAFixedWindowWithRetryAfter() {
        let bench = Bench()
        bench.xero.configure { $0.minuteLimit = 3 }
        #expect(bench.call("GET", "/Organisation").header("X-MinLimit-Remaining") == "2")
        _ = bench.call("GET", "/Organisation")
        #expect(bench.call("GET", "/Organisation").header("X-MinLimit-Remaining") == "0")
        let refused = bench.call("GET", "/Organisation")
        #expect(refused.status == 429)
        #expect(refused.header("X-Rate-Limit-Problem") == "minute")
        let wait = Int(refused.header("Retry-After") ?? "") ?? 0
        #expect((1...60).contains(wait))
        bench.advance(.seconds(wait))
        #expect(bench.call("GET", "/Organisation").status == 200)
        let report = bench.xero.calls()["orgs"]?["demo"]
        #expect(report?["refused"] == ["minute": 1])
        #expect(report?["calls"] == 4)
    }

    @Test func theDayLimitNamesItselfAndItsEnd() {
        let bench = Bench()
        bench.xero.configure { $0.dayLimit = 1 }
        #expect(bench.call("GET", "/Organisation").header("X-DayLimit-Remaining") == "0")
        let refused = bench.call("GET", "/Organisation")
        #expect(refused.header("X-Rate-Limit-Problem") == "day")
        bench.advance(.seconds(Int(refused.header("Retry-After") ?? "") ?? 0))
        #expect(bench.call("GET", "/Organisation").status == 200)
    }

    @Test func shortMinutesHaveShortWaitsOfAtLeastASecond() {
        let bench = Bench()
        bench.xero.configure {
            $0.minuteLimit = 1
            $0.minuteMicroseconds = 500_000
        }
        _ = bench.call("GET", "/Organisation")
        #expect(bench.call("GET", "/Organisation").header("Retry-After") == "1")
        bench.advance(.milliseconds(500))
        #expect(bench.call("GET", "/Organisation").status == 200)
    }

    @Test func onlySoManyCallsAreInProgressAtOnce() throws {
        let bench = Bench()
        let request = SimulatedRequest(
            method: "GET", target: "/api.xro/2.0/Organisation",
            headers: ["authorization": "Bearer \(bench.xero.accessToken())", "accept": "application/json"])
        var open: [SimulatedCall] = []
        for _ in 0..<5 {
            guard case .admitted(let call) = bench.xero.begin(request) else { throw Unexpected() }
            open.append(call)
        }
        guard case .answered(let refused) = bench.xero.begin(request) else { throw Unexpected() }
        #expect(refused.status == 429)
        #expect(refused.header("X-Rate-Limit-Problem") == "concurrent")
        #expect(refused.header("Retry-After") == nil)
        bench.xero.finish(open[0])
        #expect(bench.xero.handle(request).status == 200)
        #expect(bench.xero.calls()["orgs"]?["demo"]?["in_flight_maximum"] == 5)
    }

    private struct Unexpected: Error {}

    @Test func limitsCountPerOrganisation() {
        let bench = Bench(more: [OrganisationDefinition(key: "other", country: "GB")])
        bench.xero.configure { $0.minuteLimit = 1 }
        #expect(bench.call("GET", "/Organisation").status == 200)
        #expect(bench.call("GET", "/Organisation").status == 429)
        let other = bench.call("GET", "/Organisation", org: "other")
        #expect(other.json["Organisations"]?[0]?["BaseCurrency"] == "GBP")
    }

    @Test func aKeyReplaysTheFirstAnswerForSixMinutes() {
        let bench = Bench()
        let body: JSONValue = ["Contacts": [["Name": "Ada"]]]
        let first = bench.call("PUT", "/Contacts", body, headers: ["Idempotency-Key": "k"])
        bench.advance(.seconds(359))
        let replay = bench.call("PUT", "/Contacts", body, headers: ["idempotency-key": "k"])
        #expect(replay.body == first.body)
        #expect(bench.list("/Contacts").count == 1)
        bench.advance(.seconds(2))
        #expect(bench.call("PUT", "/Contacts", body, headers: ["Idempotency-Key": "k"]).status == 400)
        #expect(bench.xero.calls()["orgs"]?["demo"]?["idempotent_replays"] == 1)
    }

    @Test func aKeyIsForOneRequestOnly() {
        let bench = Bench()
        _ = bench.call("PUT", "/Contacts", ["Contacts": [["Name": "Ada"]]], headers: ["Idempotency-Key": "k"])
        let other = bench.call("PUT", "/Contacts", ["Contacts": [["Name": "Bob"]]], headers: ["Idempotency-Key": "k"])
        #expect(other.status == 400)
        #expect(other.json["Message"] == "Idempotency Key: k is used with a different request.")
        let long = String(repeating: "k", count: 129)
        #expect(bench.call("PUT", "/Contacts", ["Name": "C"], headers: ["Idempotency-Key": long]).status == 400)
    }

    @Test func errorsAreRememberedToo() {
        let bench = Bench()
        let bad: JSONValue = ["Contacts": [["Name": " Ada"]]]
        let first = bench.call("PUT", "/Contacts", bad, headers: ["Idempotency-Key": "k"])
        #expect(first.status == 400)
        #expect(bench.call("PUT", "/Contacts", bad, headers: ["Idempotency-Key": "k"]).body == first.body)
    }

    @Test func tokensAreIssuedExpireAndAreChecked() {
        let bench = Bench()
        func token(_ credentials: String) -> SimulatedResponse {
            bench.xero.handle(
                SimulatedRequest(
                    method: "POST", target: "/connect/token", headers: ["Authorization": "Basic \(credentials)"],
                    body: Array("grant_type=client_credentials&scope=accounting.invoices".utf8)))
        }
        #expect(token("ZGVtbzp3cm9uZw==").status == 401)
        let issued = token("ZGVtbzpkZW1vLXNlY3JldA==")
        #expect(issued.json["expires_in"] == 1800)
        func call(_ headers: [String: String]) -> SimulatedResponse {
            bench.xero.handle(
                SimulatedRequest(method: "GET", target: "/api.xro/2.0/Organisation", headers: headers))
        }
        let bearer = "Bearer \(issued.json["access_token"]?.string ?? "")"
        #expect(call(["Authorization": bearer]).status == 200)
        #expect(call(["Authorization": bearer, "xero-tenant-id": bench.xero.tenantID() ?? ""]).status == 200)
        #expect(call(["Authorization": bearer, "xero-tenant-id": "another"]).status == 403)
        #expect(call([:]).status == 401)
        bench.advance(.seconds(1801))
        #expect(call(["Authorization": bearer]).status == 401)
    }

    @Test func refreshTokensRotateWithAGrace() {
        let bench = Bench()
        let grant = bench.control("POST", "/grants", ["client_id": "app", "client_secret": "s", "orgs": ["demo"]])
        let first = grant.json["refresh_token"]?.string ?? ""
        func refresh(_ token: String) -> SimulatedResponse {
            let form = "grant_type=refresh_token&client_id=app&client_secret=s&refresh_token=\(token)"
            return bench.xero.handle(
                SimulatedRequest(method: "POST", target: "/connect/token", body: Array(form.utf8)))
        }
        let second = refresh(first).json["refresh_token"]?.string ?? ""
        #expect(second != first && !second.isEmpty)
        #expect(refresh(first).json["refresh_token"]?.string == second)
        bench.advance(.seconds(1801))
        #expect(refresh(first).json == ["error": "invalid_grant"])
        let answer = refresh(second)
        #expect(answer.status == 200)
        let bearer = ["Authorization": "Bearer \(answer.json["access_token"]?.string ?? "")"]
        let connections = bench.xero.handle(
            SimulatedRequest(method: "GET", target: "/connections", headers: bearer))
        #expect(connections.json[0]?["tenantId"]?.string == bench.xero.tenantID())
        let without = SimulatedRequest(method: "GET", target: "/api.xro/2.0/Organisation", headers: bearer)
        #expect(bench.xero.handle(without).status == 403)
    }
}
