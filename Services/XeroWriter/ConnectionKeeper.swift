import Ledger
import Logging
import NIOConcurrencyHelpers
import Postgres
import ServiceLifecycle
import Xero

/// Keeps consents alive that nothing uses, and notices when an org that was lost can be reached again.
struct ConnectionKeeper: Service, CustomStringConvertible {
    /// Xero's days after which an unused consent is refreshed; it would be lost after sixty.
    static let idleDays = 30.0
    /// Xero's minutes between looks.
    static let lookMinutes = 5.0

    let watch: ConfigurationWatch
    let database: PostgresClient
    let grants: GrantAccess
    let time: WriterTime
    let logger: Logger
    /// Orgs that were seen to be out of reach: only those go on by themselves. One that Xero lists all along and refuses all
    /// the same lacks something else, and waits for a person.
    private let unreachable = NIOLockedValueBox<Set<String>>([])

    init(
        watch: ConfigurationWatch, database: PostgresClient, grants: GrantAccess, time: WriterTime, logger: Logger
    ) {
        self.watch = watch
        self.database = database
        self.grants = grants
        self.time = time
        self.logger = logger
    }

    /// The service's name in lifecycle logs.
    var description: String { "keeper of Xero connections" }

    /// Looks from time to time until told to stop.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await look()
                // Not more often than once a second, however short Xero's minute is.
                let pause = max(1, Self.lookMinutes * time.minuteSeconds)
                do { try await time.wait(.seconds(pause), true) } catch { return }
            }
        }
    }

    /// Looks once.
    func look() async {
        do {
            let snapshot = try await watch.reload()
            for id in try await grants.store.idle(longerThan: Self.idleDays * time.daySeconds) {
                await refresh(id, snapshot)
            }
            for id in try await OrgConnections.disconnected(in: database) {
                await tryAgain(id, snapshot)
            }
        } catch {
            logger.info("connections could not be looked at; trying again", metadata: [WriterLogKey.error: "\(error)"])
        }
    }

    private func refresh(_ grantID: String, _ snapshot: ConfigurationSnapshot) async {
        do {
            guard let grant = try await grants.store.read(grantID), let app = snapshot.apps[grant.appID] else { return }
            _ = try await grants.tokens(grantID: grantID, credentials: app.credentials).tokens(
                olderThan: Self.idleDays * time.daySeconds)
            logger.info("an unused consent was refreshed", metadata: ["xero.grant": "\(grantID)"])
        } catch {
            logger.warning(
                "an unused consent could not be refreshed",
                metadata: ["xero.grant": "\(grantID)", WriterLogKey.error: "\(error)"])
        }
    }

    /// A person may have connected the app again in Xero, or Xero was wrong.
    private func tryAgain(_ orgID: String, _ snapshot: ConfigurationSnapshot) async {
        guard let org = snapshot.orgs[orgID], let app = snapshot.apps[org.appID] else { return }
        let isCustom = app.kind == .customConnection
        guard isCustom || org.grantID != nil else { return }
        do {
            let token = try await grants.source(grantID: isCustom ? nil : org.grantID, credentials: app.credentials)
                .token()
            let connections = try await grants.identity(app.credentials).connections(token)
            guard let connection = connections.first(where: { isCustom || $0.tenantID == org.tenantID?.lowercased() })
            else {
                unreachable.withLockedValue { _ = $0.insert(orgID) }
                return
            }
            guard unreachable.withLockedValue({ $0.remove(orgID) }) != nil else { return }
            let cause = "Xero lists \(connection.name) as connected again"
            guard try await OrgConnections.resume(orgID, cause: cause, by: ResultStore.service, in: database) else {
                return
            }
            logger.notice(
                "writing to the organisation goes on",
                metadata: [WriterLogKey.org: "\(orgID)", WriterLogKey.reason: "\(cause)"])
        } catch {
            if (error as? XeroTokenError)?.code == .rejected { unreachable.withLockedValue { _ = $0.insert(orgID) } }
            logger.debug(
                "the organisation cannot be reached yet",
                metadata: [WriterLogKey.org: "\(orgID)", WriterLogKey.error: "\(error)"])
        }
    }
}
