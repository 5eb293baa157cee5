import Accounting
import JSON
import Ledger
import NIOConcurrencyHelpers
import Postgres
import SimulatedXero
import TestSupport
import Testing
import Xero

@Suite("Keeping a consent", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct GrantTests {
    @Test("An access token is used until its last tenth, then the refresh token changes")
    func rotation() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            let first = try await bench.tokens().tokens()
            bench.advance(minutes: 26)
            #expect(try await bench.tokens().tokens().accessToken == first.accessToken)
            #expect(bench.identity["refreshes"]?.int == 0)
            bench.advance(minutes: 2)
            let second = try await bench.tokens().tokens()
            #expect(second.accessToken != first.accessToken)
            #expect(try await bench.reads("acme", second.accessToken) == 200)
            // Nothing but the stored token counts now, for longer than any grace.
            for _ in 1...3 {
                bench.advance(minutes: 90)
                let next = try await bench.tokens().tokens()
                #expect(try await bench.reads("zeta", next.accessToken) == 200)
            }
            #expect(bench.identity["refreshes"]?.int == 4)
            #expect(bench.identity["refusals"]?.int == 0)
            #expect(try await bench.value("SELECT generation FROM xero_grant") == "5")
        }
    }

    @Test("A token that Xero refused is refreshed once, whoever asks")
    func refused() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            let first = try await bench.tokens().tokens().accessToken
            let second = try await bench.tokens().tokens(refused: first).accessToken
            #expect(second != first)
            #expect(try await bench.tokens("grant", "two").tokens(refused: first).accessToken == second)
            #expect(bench.identity["refreshes"]?.int == 1)
        }
    }

    @Test("Two replicas that refresh at once ask Xero once")
    func singleFlight() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            bench.advance(minutes: 29)
            let got = try await withThrowingTaskGroup(of: String.self, returning: Set<String>.self) { group in
                for replica in ["one", "two"] {
                    let source = bench.access(replica).source(grantID: "grant", credentials: GrantBench.apps["web"]!)
                    for _ in 0..<20 { group.addTask { try await source.token() } }
                }
                return try await group.reduce(into: []) { $0.insert($1) }
            }
            #expect(got.count == 1)
            #expect(bench.identity["refreshes"]?.int == 1)
        }
    }

    @Test(
        "Killed between Xero's answer and its being kept: the token before still counts, and a late answer changes nothing"
    )
    func killed() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            bench.advance(minutes: 29)
            let isAnswered = TestExpectation()
            let isLate = TestExpectation()
            // Its answer does not come back until the other replica is done.
            let killed = bench.tokens("grant", "killed") { request, send in
                let response = try send()
                isAnswered.fulfil()
                await isLate.wait()
                return response
            }
            async let late = killed.tokens()
            await isAnswered.wait()
            let other = try await bench.tokens("grant", "other").tokens()
            #expect(bench.identity["refreshes"]?.int == 2)
            #expect(try await bench.reads("acme", other.accessToken) == 200)
            isLate.fulfil()
            #expect(try await late.accessToken == other.accessToken)
            #expect(try await bench.value("SELECT generation FROM xero_grant") == "2")
            // What is kept is what Xero counts as the newest.
            bench.advance(minutes: 90)
            let next = try await bench.tokens().tokens()
            #expect(try await bench.reads("acme", next.accessToken) == 200)
            #expect(bench.identity["refusals"]?.int == 0)
        }
    }

    @Test("A refresh without an answer is made again with the same token, at once by whoever comes next")
    func noAnswer() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            bench.advance(minutes: 29)
            let broken = bench.tokens("grant", "broken") { _, send in
                _ = try send()
                throw XeroTransportError(.noAnswer, "the connection was lost")
            }
            await #expect(throws: XeroTokenError.self) { try await broken.tokens() }
            let offset = bench.offset.withLockedValue { $0 }
            let next = try await bench.tokens().tokens()
            #expect(bench.offset.withLockedValue { $0 } == offset)
            #expect(try await bench.reads("acme", next.accessToken) == 200)
        }
    }

    @Test("A database from before the last refresh: the token before counts for half an hour")
    func restored() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            let before = try #require(try await bench.value("SELECT encode(tokens, 'hex') FROM xero_grant"))
            bench.advance(minutes: 29)
            _ = try await bench.tokens().tokens()
            try await bench.database.execute("UPDATE xero_grant SET tokens = decode(\(before), 'hex')")
            bench.advance(minutes: 29)
            let next = try await bench.tokens().tokens()
            #expect(try await bench.reads("acme", next.accessToken) == 200)
            #expect(try await bench.value("SELECT state FROM xero_grant") == "active")
        }
    }

    @Test(
        "Withdrawn, or unused for sixty days: every org it reaches pauses once, with the reason, until it is connected again",
        arguments: [true, false])
    func ended(isWithdrawn: Bool) async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            if isWithdrawn { bench.control("POST", "orgs/acme/revoke") }
            bench.advance(days: isWithdrawn ? 0.03 : 61)
            for replica in ["one", "two", "one"] {
                await #expect(throws: XeroTokenError.self) { try await bench.tokens("grant", replica).tokens() }
            }
            #expect(bench.identity["refreshes"]?.int == 1)
            let reason =
                "Xero refuses access (invalid_grant): the consent was withdrawn in Xero, or not used for 60 days: "
                + "run counterfoil xero connect for the org"
            for org in ["acme", "zeta"] {
                #expect(try await bench.value("SELECT state FROM org WHERE id = '\(org)'") == "paused")
                #expect(try await bench.value("SELECT state_reason FROM org WHERE id = '\(org)'") == reason)
                #expect(
                    try await bench.value(
                        "SELECT count(*) FROM audit WHERE subject = '\(org)' AND change = 'active -> paused'") == "1")
            }
            try await bench.connect("another", orgs: ["acme"])
            #expect(try await bench.value("SELECT state FROM org WHERE id = 'acme'") == "active")
            #expect(try await bench.value("SELECT state FROM org WHERE id = 'zeta'") == "paused")
            let token = try await bench.tokens("another").tokens().accessToken
            #expect(try await bench.reads("acme", token) == 200)
        }
    }

    @Test("A wrong client secret ends no consent: once it is right again, the tokens come")
    func wrongSecret() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            bench.advance(minutes: 29)
            var wrong = GrantBench.apps["web"]!
            wrong.clientSecret = "old"
            let tokens = bench.access().tokens(grantID: "grant", credentials: wrong)
            await #expect(throws: XeroTokenError.self) { try await tokens.tokens() }
            #expect(try await bench.value("SELECT state FROM xero_grant") == "active")
            _ = try await bench.tokens().tokens()
        }
    }

    @Test("One consent with two orgs: taking one away leaves the other, and the last takes the consent along")
    func twoOrgs() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            #expect(try await bench.store().read("grant")?.connections.count == 2)
            let token = try await bench.tokens().tokens().accessToken
            #expect(try await bench.reads("acme", token) == 200)
            #expect(try await bench.reads("zeta", token) == 200)
            let link = try #require(try await OrgConnections.link(of: "acme", in: bench.database))
            try await bench.access().identity(GrantBench.apps["web"]!).disconnect(link.connectionID, token)
            try await bench.database.withTransaction { session in
                try await OrgConnections.disconnect("acme", reason: "wanted", by: "test", in: session)
                try await OrgConnections.forget("acme", in: session)
            }
            #expect(try await bench.reads("acme", token) == 403)
            #expect(try await bench.reads("zeta", token) == 200)
            #expect(try await bench.value("SELECT count(*) FROM xero_grant") == "1")
            try await bench.database.withTransaction { session in
                try await OrgConnections.forget("zeta", in: session)
            }
            #expect(try await bench.value("SELECT count(*) FROM xero_grant") == "0")
        }
    }

    @Test("A consent that nothing uses is found after thirty days, not before")
    func idle() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            let limit = 30.0 * 86_400
            bench.advance(days: 29)
            #expect(try await bench.store().idle(longerThan: limit) == [])
            bench.advance(days: 2)
            #expect(try await bench.store().idle(longerThan: limit) == ["grant"])
            _ = try await bench.tokens().tokens(olderThan: limit)
            #expect(try await bench.store().idle(longerThan: limit) == [])
        }
    }

    @Test("Tokens are sealed, and another key says so")
    func sealed() async throws {
        try await GrantBench.run { bench in
            try await bench.connect()
            let tokens = try await bench.tokens().tokens()
            let refresh = try #require(try await bench.store().read("grant")?.tokens.refresh)
            let row = try await bench.value("SELECT xero_grant::text || encode(tokens, 'escape') FROM xero_grant") ?? ""
            #expect(!row.contains(tokens.accessToken))
            #expect(!row.contains(refresh))
            await #expect(throws: XeroTokenError.self) { try await bench.store(key: 0x11).read("grant") }
        }
    }
}
