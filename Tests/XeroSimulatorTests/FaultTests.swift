import JSON
import SimulatedXero
import Testing

@Suite struct FaultTests {
    let bench = Bench()

    /// Puts three contacts with a fault, and returns the answer and how many were made.
    private func put(_ kind: String, key: String? = nil) -> (response: SimulatedResponse, made: Int) {
        bench.control(
            "PUT", "/faults", [["match": ["method": "PUT", "path": "/Contacts"], "kind": .string(kind), "count": 1]])
        let response = again(key)
        return (response, bench.list("/Contacts").count)
    }

    private func again(_ key: String?) -> SimulatedResponse {
        bench.call(
            "PUT", "/Contacts?summarizeErrors=false",
            ["Contacts": [["Name": "A"], ["Name": "B"], ["Name": "C"]]],
            headers: key.map { ["Idempotency-Key": $0] } ?? [:])
    }

    @Test(arguments: [
        ("refuse", 0, 0), ("hang_before", 0, 0), ("hang_after", 0, 3), ("commit_late", 0, 3), ("500_before", 500, 0),
        ("500_cached", 500, 0), ("500_after", 500, 3), ("500_after_half", 500, 2), ("reset_before", 0, 0),
        ("reset_after", 0, 3), ("html_503", 503, 0), ("garbage", 200, 3), ("phantom", 200, 0),
        ("phantom_without_id", 200, 0), ("rejected", 200, 0), ("shuffled", 200, 3),
        ("429_minute", 429, 0), ("429_day", 429, 0), ("429_concurrent", 429, 0), ("401", 401, 0), ("403", 403, 0),
    ])
    func eachFaultAnswersAndCommitsAsItSays(_ kind: String, _ status: Int, _ made: Int) {
        let result = put(kind)
        #expect(result.response.status == status)
        #expect(result.made == made)
        #expect(again(nil).status == 200)
        #expect(bench.list("/Contacts").count == 3)
    }

    @Test func everyFaultIsTested() {
        #expect(SimulatedFault.allCases.count == 21)
    }

    @Test func aCallWithoutAnAnswerIsRememberedUnderItsKeyIfItWasDone() {
        #expect(put("hang_after", key: "k").made == 3)
        let replay = again("k")
        #expect(replay.json["Contacts"]?.array?.map(\.isAccepted) == [true, true, true])
        #expect(bench.list("/Contacts").count == 3)
    }

    @Test func aCachedErrorStaysUnderItsKey() {
        #expect(put("500_cached", key: "k").made == 0)
        #expect(again("k").status == 500)
        #expect(again("k2").status == 200)
    }

    @Test func aPhantomReportsWhatItDidNotMakeAndNeverReusesItsIdentifiers() {
        let phantom = put("phantom").response.json["Contacts"]?[0]?["ContactID"]
        let real = again(nil).json["Contacts"]?[0]?["ContactID"]
        #expect(phantom != nil && phantom != real)
    }

    @Test func extra429sForConcurrencyHaveNoRetryAfter() {
        #expect(put("429_concurrent").response.header("Retry-After") == nil)
        #expect(put("429_minute").response.header("Retry-After") != nil)
    }

    @Test func chanceIsSeededAndCountsAndSkipsAreKept() {
        func pattern(_ seed: Int) -> [Int] {
            bench.control(
                "PUT", "/faults",
                [["kind": "500_before", "probability": number("0.5"), "seed": .number(JSONNumber(seed))]])
            return (0..<20).map { _ in bench.call("GET", "/Contacts").status }
        }
        #expect(pattern(1) == pattern(1))
        #expect(pattern(1) != pattern(2))
        bench.control("PUT", "/faults", ["rules": [["kind": "500_before", "count": 1, "skip": 1]]])
        #expect((0..<3).map { _ in bench.call("GET", "/Contacts").status } == [200, 500, 200])
        #expect(bench.control("GET", "/faults").json["rules"]?[0]?["fired"] == 1)
        #expect(bench.control("PUT", "/faults", [["kind": "nonsense"]]).status == 400)
    }

    @Test func tokenCallsFailOnlyWhenNamed() {
        func token() -> Int {
            bench.xero.handle(
                SimulatedRequest(
                    method: "POST", target: "/connect/token",
                    body: Array("grant_type=client_credentials&client_id=demo&client_secret=demo-secret".utf8))
            ).status
        }
        bench.control("PUT", "/faults", [["kind": "500_before"]])
        #expect(token() == 200)
        bench.control("PUT", "/faults", [["kind": "500_before", "match": ["path": "/connect/token"]]])
        #expect(token() == 500)
    }
}
