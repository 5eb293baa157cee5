import Testing

@testable import Ledger

@Suite("Circuit breakers")
struct CircuitBreakerTests {
    private func broken(_ rules: CircuitBreaker.Rules, _ failures: [(org: String, at: Double)]) -> CircuitBreaker {
        var breaker = CircuitBreaker(rules: rules)
        for failure in failures { breaker.fail(org: failure.org, at: failure.at, minute: 60) }
        return breaker
    }

    @Test("three failures in a row open an organisation's for a pause, then one call is tried")
    func opens() {
        var breaker = broken(.org, [("a", 0), ("a", 10)])
        #expect(!breaker.isOpen)
        breaker.fail(org: "a", at: 30, minute: 60)
        #expect(breaker.isOpen)
        #expect(breaker.delay(at: 30) == 15)
        #expect(breaker.delay(at: 45) == 0)
        #expect(breaker.isOpen, "until the call that is tried succeeds")
    }

    @Test("each failed try doubles the pause, up to a bound, and a success closes it")
    func doubles() {
        var breaker = broken(.org, [("a", 0), ("a", 1), ("a", 2)])
        var now = 2.0
        var pauses: [Double] = []
        for _ in 0..<6 {
            now += breaker.delay(at: now)
            breaker.fail(org: "a", at: now, minute: 60)
            pauses.append(breaker.delay(at: now))
        }
        #expect(pauses == [30, 60, 120, 240, 300, 300])
        breaker.succeed()
        #expect(breaker.isUntroubled)
        breaker.fail(org: "a", at: now + 1, minute: 60)
        #expect(!breaker.isOpen)
    }

    @Test("failures far apart do not add up, and those of calls on their way when it opened do not prolong it")
    func window() {
        var breaker = broken(.org, [("a", 0), ("a", 301), ("a", 602)])
        #expect(!breaker.isOpen)
        breaker = broken(.org, [("a", 0), ("a", 1), ("a", 2), ("a", 3), ("a", 4)])
        #expect(breaker.delay(at: 4) == 13)
    }

    @Test("one organisation alone never opens Xero's; several do, unless one succeeds in between")
    func xero() {
        #expect(!broken(.xero, (0..<20).map { ("a", Double($0)) }).isOpen)
        var breaker = broken(.xero, [("a", 0), ("b", 1), ("a", 2), ("b", 3)])
        var other = breaker
        breaker.fail(org: "c", at: 4, minute: 60)
        #expect(breaker.isOpen)
        other.succeed()
        other.fail(org: "c", at: 4, minute: 60)
        #expect(!other.isOpen)
    }

    @Test("an organisation that is offline opens its own at once, and not Xero's")
    func offline() {
        var breaker = CircuitBreaker(rules: .org)
        breaker.fail(org: "a", isOffline: true, at: 0, minute: 60)
        #expect(breaker.delay(at: 0) == 15)
        breaker = CircuitBreaker(rules: .xero)
        breaker.fail(org: "a", isOffline: true, at: 0, minute: 60)
        #expect(!breaker.isOpen)
    }

    @Test("pauses are Xero's, and one that is held never ends by itself")
    func scales() {
        var breaker = CircuitBreaker(rules: .org)
        breaker.fail(org: "a", isOffline: true, at: 0, minute: 6)
        #expect(breaker.delay(at: 0) == 1.5)
        breaker.isHeld = true
        #expect(breaker.delay(at: 1000) == .infinity)
        #expect(breaker.moved(by: 10).openUntil == 11.5)
    }
}
