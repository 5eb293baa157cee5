import JSON
import Postgres
public import Xero

/// A person's consent as it is stored, its tokens opened.
public struct GrantRecord: Sendable, Hashable {
    /// What lets calls be made, and what gets the next.
    public struct Tokens: Sendable, Hashable {
        /// Lets calls be made.
        public var access: String
        /// Gets the next tokens.
        public var refresh: String
        /// The refresh token before; counts for half of Xero's hour after the newest was handed out.
        public var previous: String?

        /// Tokens.
        /// - Parameters:
        ///   - access: lets calls be made.
        ///   - refresh: gets the next tokens.
        ///   - previous: the refresh token before.
        public init(access: String, refresh: String, previous: String? = nil) {
            self.access = access
            self.refresh = refresh
            self.previous = previous
        }
    }

    /// Its id here.
    public var id: String
    /// The app that asked for it.
    public var appID: String
    /// Its tokens.
    public var tokens: Tokens
    /// Seconds until the access token expires; negative when it has.
    public var expiresSeconds: Double
    /// Whether the refresh token before still counts.
    public var isPreviousGood: Bool
    /// Seconds since the tokens were handed out.
    public var ageSeconds: Double
    /// Grows with every refresh.
    public var generation: Int64
    /// Why it no longer counts; nil while it does.
    public var revokedReason: String?
    /// Whether somebody refreshes it now.
    public var isRefreshing: Bool
    /// The organisations it reaches, as Xero listed them last.
    public var connections: [XeroConnection]

    init(_ row: PostgresRow, _ sealing: ConfigurationSealing) throws {
        id = try row.decode("id")
        appID = try row.decode("app_id")
        guard let bytes = try row.decode("tokens", as: [UInt8]?.self),
            let sealed = ConfigurationLoader.open(bytes, sealing),
            let access = sealed["access"]?.string, let refresh = sealed["refresh"]?.string
        else {
            throw XeroTokenError(
                .rejected,
                "the stored tokens cannot be opened with this COUNTERFOIL_KEY: use the key they were sealed with, or "
                    + "connect the org again")
        }
        tokens = Tokens(access: access, refresh: refresh, previous: sealed["previous"]?.string)
        expiresSeconds = try row.decode("expires")
        isPreviousGood = try row.decode("previous_good")
        ageSeconds = try row.decode("age")
        generation = try row.decode("generation")
        let state: String = try row.decode("state")
        revokedReason = state == "active" ? nil : row["state_reason"] ?? "the consent no longer counts"
        isRefreshing = try row.decode("refreshing")
        let listed = try JSONValue(parsing: row.decode("connections", as: String.self))
        connections = (listed.array ?? []).compactMap { value in
            guard let id = value["id"]?.string, let tenant = value["tenant"]?.string else { return nil }
            return XeroConnection(id: id, tenantID: tenant, name: value["name"]?.string ?? tenant)
        }
    }
}

extension GrantRecord.Tokens {
    func sealed(_ sealing: ConfigurationSealing) throws -> [UInt8] {
        var object: JSONObject = ["access": .string(access), "refresh": .string(refresh)]
        if let previous { object["previous"] = .string(previous) }
        return try sealing.seal(JSONValue.object(object).encoded())
    }
}

extension XeroConnection {
    static func text(of connections: [XeroConnection]) -> String {
        JSONValue.array(
            connections.map { ["id": .string($0.id), "tenant": .string($0.tenantID), "name": .string($0.name)] }
        ).text
    }
}
