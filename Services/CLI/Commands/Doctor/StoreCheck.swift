import Accounting
import AsyncHTTPClient
import Ledger
import Logging
import Storefronts

/// Whether every store answers and takes its key.
enum StoreCheck {
    static func findings(_ stores: [StoreRecord]) async -> [DoctorFinding] {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WooCommerceClient.httpConfiguration)
        let findings = await withTaskGroup(of: (Int, [DoctorFinding]).self) { group in
            for (index, store) in stores.enumerated() {
                group.addTask { (index, await look(at: store, client)) }
            }
            var found: [Int: [DoctorFinding]] = [:]
            for await (index, findings) in group { found[index] = findings }
            return stores.indices.flatMap { found[$0] ?? [] }
        }
        try? await client.shutdown()
        return findings
    }

    private static func look(at store: StoreRecord, _ client: HTTPClient) async -> [DoctorFinding] {
        guard store.platform == "woocommerce" else {
            return [.skipped("store", "reachable", "\(store.id): nothing is known to ask a \(store.platform) store")]
        }
        let reader = WooCommerceClient.live(
            WooCommerceClient.Configuration(
                url: store.url, consumerKey: store.consumerKey, consumerSecret: store.consumerSecret,
                timeout: .seconds(15)),
            httpClient: client, logger: Logger(label: "counterfoil"))
        do {
            _ = try await reader.orders(modifiedAfter: Instant.now(), perPage: 1)
        } catch {
            return [
                .problem(
                    "store", "reachable", sentence: "\(store.id) (\(store.url)): \(error.message)",
                    otherwise: "open the address in a browser; correct url: or credentials: in the file and run "
                        + "counterfoil apply -f FILE")
            ]
        }
        var findings: [DoctorFinding] = [.ok("store", "reachable", "\(store.id) at \(store.url) takes its key")]
        if store.url.hasPrefix("http://"), !LocalHost.isLocal(url: store.url) {
            findings.append(
                .warning(
                    "store", "tls", "\(store.id): its key and its customers' data travel unencrypted",
                    "write https:// in url: and run counterfoil apply -f FILE"))
        }
        return findings
    }
}

/// Hosts that are this very machine: nobody listens in between.
enum LocalHost {
    static func isLocal(url: String) -> Bool {
        let rest = url.split(separator: "://", maxSplits: 1).last ?? ""
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let host =
            authority.hasPrefix("[") ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
        return ["localhost", "::1"].contains(String(host)) || host.hasPrefix("127.")
    }
}
