import TestSupport
import Testing

@testable import Ingest

@Suite(.enabled(if: TestServers.areAvailable, "needs the private servers: make test"), .timeLimit(.minutes(5)))
struct DatabaseLossTests {
    private let order = #"{"id":727}"#

    private func options() throws -> IngestFixture.Options {
        var options = IngestFixture.Options()
        options.proxy = try StallingProxy(to: TestServers.endpoint(of: TestServers.databaseURL))
        options.commitTimeout = .seconds(2)
        return options
    }

    @Test func `Without its database ingest answers 503, and serves again once it is back`() async throws {
        let options = try options()
        try await IngestFixture.run(options) { (ingest: IngestFixture) async throws in
            #expect(try await ingest.deliver(order).status == 200)
            options.proxy?.refuse()
            let refused = try await ingest.deliver(order)
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] != nil)
            #expect(ingest.directory.store("shop-au") != .notLoaded)
            try options.proxy?.reopen()
            while try await ingest.deliver(order).status != 200 {}
        }
    }

    @Test func `A database that hangs costs a time-out, not a hang`() async throws {
        let options = try options()
        try await IngestFixture.run(options) { (ingest: IngestFixture) async throws in
            #expect(try await ingest.deliver(order).status == 200)
            options.proxy?.set(.stall)
            #expect(try await ingest.deliver(#"{"id":728}"#).status == 503)
            options.proxy?.set(.pass)
            options.proxy?.resetConnections()
            while try await ingest.deliver(#"{"id":729}"#).status != 200 {}
        }
    }
}
