import Accounting
import Ledger
import Xero

/// Whether Xero's hosts answer, its clock agrees with ours, and every app gets a token. Costs none of an org's calls.
struct XeroCheck: Sendable {
    let hosts: XeroTransport.Configuration
    let transport: XeroTransport
    /// nil if it could not be read.
    let configuration: ConfigurationSnapshot?

    func findings() async -> [DoctorFinding] {
        async let api = self.api()
        async let identity = self.identity()
        return (await api) + (await identity)
    }

    /// Asks without a token: the refusal says that Xero is there, and what time it has.
    private func api() async -> [DoctorFinding] {
        let request = XeroRequest(
            method: .get, path: "/api.xro/2.0/Organisation", headers: ["Accept": "application/json"])
        let before = Instant.now()
        let response: XeroResponse
        do { response = try await transport.api(request) } catch {
            return [
                .problem(
                    "xero", "api", "\(hosts.apiURL): \(error)",
                    "check the network's way out (DNS, firewall, proxy), and XERO_API_URL")
            ]
        }
        guard response.status == 401 || response.status == 403 else {
            return [
                .problem(
                    "xero", "api", "\(hosts.apiURL) answers \(response.status) to a request without a token, not 401",
                    response.status >= 500
                        ? "Xero has trouble (status.developer.xero.com): documents wait meanwhile"
                        : "correct XERO_API_URL, or leave it out")
            ]
        }
        let skew = response.header("Date").flatMap(HTTPDate.instant).map { Self.skew(of: $0, before, Instant.now()) }
        if let skew, skew.magnitude > DatabaseCheck.largestSkew {
            return [
                .problem(
                    "xero", "clock",
                    "this machine's clock is \(skewText(skew)) \(skew > 0 ? "ahead of" : "behind") Xero's",
                    "set it by NTP: timedatectl set-ntp true")
            ]
        }
        return [.ok("xero", "api", "\(hosts.apiURL) answers\(skew == nil ? "" : ", clocks agree")")]
    }

    /// How far our clock is ahead, in seconds; the header knows whole seconds only.
    static func skew(of theirs: Instant, _ before: Instant, _ after: Instant) -> Double {
        let (earliest, latest) = (theirs.microseconds, theirs.microseconds + 1_000_000)
        if before.microseconds > latest { return Double(before.microseconds - latest) / 1_000_000 }
        if after.microseconds < earliest { return Double(after.microseconds - earliest) / 1_000_000 }
        return 0
    }

    private func identity() async -> [DoctorFinding] {
        let apps = configuration.map { $0.apps.values.sorted { $0.id < $1.id } } ?? []
        let own = apps.filter { $0.kind == .customConnection }
        guard !own.isEmpty else { return [await reach()] }
        var findings: [DoctorFinding] = []
        var good: [String] = []
        for app in own {
            if let finding = await token(app) { findings.append(finding) } else { good.append(app.id) }
        }
        if !good.isEmpty {
            findings.append(
                .ok("xero", "token", "\(hosts.identityURL) gives \(good.joined(separator: ", ")) its token"))
        }
        return findings
    }

    private func reach() async -> DoctorFinding {
        let request = XeroRequest(method: .get, path: "/.well-known/openid-configuration")
        do {
            _ = try await transport.identity(request)
            return .ok("xero", "identity", "\(hosts.identityURL) answers")
        } catch {
            return unreachable("\(error)")
        }
    }

    private func token(_ app: AppRecord) async -> DoctorFinding? {
        let credentials = XeroCredentials(clientID: app.clientID, clientSecret: app.clientSecret ?? "")
        do {
            _ = try await XeroTokenSource(credentials: credentials, transport: transport).token()
            return nil
        } catch let error as XeroTokenError where error.code == .rejected {
            let orgs = configuration?.orgs.values.filter { $0.appID == app.id }.map(\.id).sorted() ?? []
            let reach = orgs.isEmpty ? "" : " (org \(orgs.joined(separator: ", ")))"
            return .problem(
                "xero", "token", "app \(app.id)\(reach): \(error.message)",
                "copy both from developer.xero.com into the file's apps: and run counterfoil apply -f FILE")
        } catch {
            return unreachable("\(error)")
        }
    }

    private func unreachable(_ words: String) -> DoctorFinding {
        .problem(
            "xero", "identity", "\(hosts.identityURL): \(words)",
            "check the network's way out (DNS, firewall, proxy), and XERO_IDENTITY_URL")
    }
}

/// A date as HTTP writes it, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`. Source: RFC 9110 section 5.6.7.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func instant(_ text: String) -> Instant? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(where: { $0 == words[2] }),
            let day = Int(words[1]), let year = Int(words[3])
        else { return nil }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return Instant(rfc3339: "\(year)-\(two(month + 1))-\(two(day))T\(words[4])Z")
    }
}
