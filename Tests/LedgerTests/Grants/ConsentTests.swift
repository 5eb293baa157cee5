import Accounting
import Ledger
import SimulatedXero
import TestSupport
import Testing
import Xero

@Suite("Asking a person for consent", .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct ConsentTests {
    @Test(
        "An app with a secret, and one with a proof key, get tokens for what the person chose",
        arguments: ["web", "desk"])
    func allowed(app: String) async throws {
        try await GrantBench.run { bench in
            let consent = bench.consent(app)
            #expect((consent.verifier == nil) == (app == "web"))
            #expect(consent.address.contains("code_challenge_method=S256") == (app == "desk"))
            #expect(consent.verifier.map { consent.address.contains($0) } != true)
            let identity = bench.access().identity(GrantBench.apps[app]!)
            let code = try consent.code(from: bench.decide(consent, orgs: ["zeta"]))
            let tokens = try await identity.exchange(code: code, of: consent)
            #expect(tokens.refreshToken != nil)
            #expect(tokens.lifetime == .seconds(1800))
            let connections = try await identity.connections(tokens.accessToken)
            #expect(connections.map(\.tenantID) == [bench.tenant("zeta")])
            #expect(try await bench.reads("zeta", tokens.accessToken) == 200)
            #expect(try await bench.reads("acme", tokens.accessToken) == 403)
        }
    }

    @Test("A code counts once, for five minutes, and only with the proof it was asked with")
    func codes() async throws {
        try await GrantBench.run { bench in
            let identity = bench.access().identity(GrantBench.apps["desk"]!)
            func failure(_ code: String, _ consent: XeroConsent) async -> String {
                do { return "\(try await identity.exchange(code: code, of: consent))" } catch { return error.message }
            }
            let used = bench.consent("desk")
            let code = try used.code(from: bench.decide(used))
            _ = try await identity.exchange(code: code, of: used)
            let expired = bench.consent("desk")
            let late = try expired.code(from: bench.decide(expired))
            bench.advance(minutes: 5.1)
            let stolen = bench.consent("desk")
            let foreign = try stolen.code(from: bench.decide(stolen))
            for words in [
                await failure(code, used), await failure(late, expired), await failure(foreign, bench.consent("desk")),
            ] {
                #expect(
                    words
                        == "Xero refuses access (invalid_grant): the code is good once, and for five minutes: run connect again"
                )
            }
            var wrong = GrantBench.apps["web"]!
            wrong.clientSecret = "another"
            await #expect(
                throws: XeroTokenError(
                    .rejected, "Xero refuses access (invalid_client): check the app's client id, client secret and type"
                )
            ) { try await bench.access().identity(wrong).exchange(code: code, of: used) }
        }
    }

    @Test("Only the answer to the question that was asked counts")
    func redirects() async throws {
        try await GrantBench.run { bench in
            let consent = bench.consent()
            func refusal(_ address: String) -> String? {
                do { _ = try consent.code(from: address) } catch { return error.description }
                return nil
            }
            let good = bench.decide(consent)
            #expect(refusal(good) == nil)
            #expect(refusal("  \(good.prefix(40))\n\(good.dropFirst(40)) ") == nil)
            #expect(refusal(bench.decide(consent, allow: false)) == "access was declined in Xero")
            #expect(
                refusal(bench.decide(bench.consent()))
                    == "this address answers another question: its state is not the one asked with")
            #expect(
                refusal("http://localhost:8095/?code=abc")
                    == "this is not the address that Xero sent you back to: it has no state")
            #expect(refusal("?state=\(consent.state)") == "this address carries no code")
            #expect(
                refusal("?state=\(consent.state)&error=invalid_scope&error_description=not%20yours")
                    == "Xero says invalid_scope: not yours")
        }
    }
}
