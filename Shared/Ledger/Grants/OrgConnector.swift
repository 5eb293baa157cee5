public import Postgres
public import Xero

/// Connects orgs to the organisations that consents reach, and takes them apart again.
public struct OrgConnector: Sendable {
    /// Why an org is not connected.
    public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// In a person's words.
        public var description: String
        /// The organisations among which a person has to choose; empty if that is not it.
        public var choices: [XeroConnection] = []
    }

    /// What a consent reaches.
    public struct Reach: Sendable, Hashable {
        /// The consent.
        public var grantID: String
        /// The organisations, as Xero lists them now.
        public var connections: [XeroConnection]
    }

    private let access: GrantAccess
    private let database: PostgresClient
    private let actor: String

    /// A connector.
    /// - Parameters:
    ///   - access: consents and their tokens.
    ///   - database: where orgs are.
    ///   - actor: who asks, for the record.
    public init(access: GrantAccess, database: PostgresClient, actor: String) {
        self.access = access
        self.database = database
        self.actor = actor
    }

    // MARK: What can be reached

    /// Makes a consent of its code. It is kept before anything else is done with it.
    /// - Parameters:
    ///   - code: the code that came with the redirect.
    ///   - consent: what the person was asked.
    ///   - app: the app that asked.
    ///   - grantID: the consent's id, new.
    /// - Returns: what it reaches.
    /// - Throws: `XeroTokenError`; `PostgresError`.
    public func accept(
        _ code: String, of consent: XeroConsent, app: AppRecord, grantID: String
    ) async throws -> Reach {
        let identity = access.identity(app.credentials)
        let tokens = try await identity.exchange(code: code, of: consent)
        guard tokens.refreshToken != nil else {
            throw Refusal(
                description: "Xero gave no refresh token: the app's scopes have to have offline_access among them")
        }
        try await access.store.add(id: grantID, appID: app.id, tokens: tokens, by: actor)
        return try await reach(grantID, app: app)
    }

    /// An earlier consent that reaches an organisation.
    /// - Parameters:
    ///   - tenantID: the organisation's tenant.
    ///   - app: the app.
    /// - Returns: what it reaches; nil if there is none.
    /// - Throws: `PostgresError`; `XeroTokenError` if Xero does not answer.
    public func earlier(reaching tenantID: String, app: AppRecord) async throws -> Reach? {
        let tenantID = tenantID.lowercased()
        for id in try await access.store.ids(ofApp: app.id) {
            do {
                let listed = try await access.store.read(id)?.connections ?? []
                guard listed.contains(where: { $0.tenantID == tenantID }) else { continue }
                let reach = try await reach(id, app: app)
                if reach.connections.contains(where: { $0.tenantID == tenantID }) { return reach }
            } catch let error as XeroTokenError where error.code != .unavailable {
                // It no longer counts, or cannot be opened: another has to be asked for.
                continue
            }
        }
        return nil
    }

    private func reach(_ grantID: String, app: AppRecord) async throws -> Reach {
        let token = try await access.tokens(grantID: grantID, credentials: app.credentials).tokens().accessToken
        let connections = try await access.identity(app.credentials).connections(token)
        try await access.store.note(connections, of: grantID)
        return Reach(grantID: grantID, connections: connections)
    }

    // MARK: Connecting

    /// Chooses the organisation that an org is connected to.
    /// - Parameters:
    ///   - org: the org.
    ///   - tenantID: the tenant that is wanted; nil for the only one that no other org has.
    ///   - reach: what the consent reaches.
    ///   - snapshot: what is configured.
    /// - Returns: the organisation.
    public static func choose(
        for org: OrgRecord, tenantID: String?, among reach: Reach, _ snapshot: ConfigurationSnapshot
    ) throws(Refusal) -> XeroConnection {
        let names = reach.connections.map(\.name).joined(separator: ", ")
        guard !reach.connections.isEmpty else {
            throw Refusal(description: "no organisation was chosen in Xero: run it again and choose one")
        }
        let taken = snapshot.orgs.values.filter { $0.id != org.id && $0.tenantID != nil }
        if let tenantID = tenantID?.lowercased() {
            guard let wanted = reach.connections.first(where: { $0.tenantID == tenantID }) else {
                throw Refusal(
                    description: "the consent does not reach the tenant \(tenantID) of org \(org.id), but \(names): "
                        + "run it again and choose that organisation in Xero")
            }
            if let other = taken.first(where: { $0.tenantID?.lowercased() == tenantID }) {
                throw Refusal(
                    description: "org \(other.id) writes to \(wanted.name) already, and two must not: "
                        + "stores of both belong to one org")
            }
            return wanted
        }
        let free = reach.connections.filter { connection in
            !taken.contains { $0.tenantID?.lowercased() == connection.tenantID }
        }
        if free.count == 1 { return free[0] }
        throw free.isEmpty
            ? Refusal(description: "other orgs write to all that the consent reaches (\(names)) already")
            : Refusal(
                description: "the consent reaches \(free.count) organisations: say which is org \(org.id)",
                choices: free.sorted { $0.name < $1.name })
    }

    /// Connects an org, and with it the other orgs of the app that wait for what the consent reaches.
    /// - Parameters:
    ///   - org: the org.
    ///   - connection: the organisation.
    ///   - reach: what the consent reaches.
    ///   - snapshot: what is configured.
    /// - Returns: the other orgs that were connected.
    /// - Throws: ``Refusal``; `PostgresError`.
    public func connect(
        _ org: OrgRecord, to connection: XeroConnection, by reach: Reach, _ snapshot: ConfigurationSnapshot
    ) async throws -> [String] {
        try await database.withTransaction { session in
            if let before = try await OrgConnections.tenantWithDocuments(of: org.id, in: session),
                before != connection.tenantID
            {
                throw Refusal(
                    description: "documents of org \(org.id) are in another organisation (tenant \(before)): "
                        + "\(connection.name) is another org, to be added to the file's orgs:")
            }
            try await OrgConnections.connect(org.id, to: connection, by: reach.grantID, actor: actor, in: session)
            var others = try await OrgConnections.waiting(ofApp: org.appID, in: session)
            for other in snapshot.orgs.values where other.appID == org.appID && other.grantID == nil {
                if other.state != .disconnected { others[other.id] = other.tenantID }
            }
            others[org.id] = nil
            var connected: [String] = []
            for (id, tenantID) in others.sorted(by: { $0.key < $1.key }) {
                guard let also = reach.connections.first(where: { $0.tenantID == tenantID.lowercased() }) else {
                    continue
                }
                try await OrgConnections.connect(id, to: also, by: reach.grantID, actor: actor, in: session)
                connected.append(id)
            }
            try await OrgConnections.forgetUnused(ofApp: org.appID, except: reach.grantID, in: session)
            return connected
        }
    }

    /// Goes on writing to an org that a custom connection reaches.
    /// - Parameters:
    ///   - org: the org.
    ///   - app: its app.
    /// - Returns: the organisation.
    /// - Throws: ``Refusal`` if it reaches none; `XeroTokenError`; `PostgresError`.
    public func connect(_ org: OrgRecord, byCustomConnection app: AppRecord) async throws -> XeroConnection {
        let token = try await access.source(grantID: nil, credentials: app.credentials).token()
        guard let connection = try await access.identity(app.credentials).connections(token).first else {
            throw Refusal(
                description: "the custom connection of app \(app.id) reaches no organisation: whoever may has to "
                    + "authorise it in Xero (developer.xero.com sends them the link)")
        }
        try await database.withTransaction { session in
            _ = try await OrgConnections.resume(
                org.id, cause: "connected to \(connection.name)", by: actor, in: session)
        }
        return connection
    }

    // MARK: Taking apart

    /// Stops writing to an org and takes it away from what its consent reaches. Stopped half-way, it can be done again.
    /// - Parameters:
    ///   - org: the org.
    ///   - app: its app.
    /// - Returns: the organisation it was connected to; nil for a custom connection, and if it was not connected.
    /// - Throws: `XeroTokenError` if Xero does not answer: nothing is written any more, but Xero still counts the connection.
    public func disconnect(_ org: OrgRecord, app: AppRecord) async throws -> OrgConnections.Link? {
        try await database.withTransaction { session in
            try await OrgConnections.disconnect(
                org.id, reason: "disconnected on request: run counterfoil xero connect \(org.id) to go on",
                by: actor, in: session)
        }
        guard app.kind != .customConnection, let link = try await OrgConnections.link(of: org.id, in: database) else {
            return nil
        }
        do {
            let token = try await access.tokens(grantID: link.grantID, credentials: app.credentials).tokens()
            try await access.identity(app.credentials).disconnect(link.connectionID, token.accessToken)
        } catch let error as XeroTokenError where error.code == .ended {
            // The consent is gone, and every connection with it.
        }
        try await database.withTransaction { session in
            try await OrgConnections.forget(org.id, in: session)
        }
        return link
    }
}
