import Ledger
import Logging
import Postgres
import ServiceLifecycle
import Xero

/// Keeps consents alive that nothing uses: Xero forgets a refresh token after sixty days.
struct GrantKeeper: Service, CustomStringConvertible {
    /// Xero's days after which an unused consent is refreshed, so that a month is left for further tries.
    static let idleDays = 30.0
    /// Xero's minutes between looks.
    static let lookMinutes = 60.0

    let watch: ConfigurationWatch
    let grants: GrantAccess
    let time: WriterTime
    let logger: Logger

    /// The service's name in lifecycle logs.
    var description: String { "keeper of unused consents" }

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

    /// Refreshes what has not been used for long.
    func look() async {
        do {
            let snapshot = try await watch.current()
            for id in try await grants.store.idle(longerThan: Self.idleDays * time.daySeconds) {
                await refresh(id, snapshot)
            }
        } catch {
            logger.info("consents could not be looked at; trying again", metadata: [WriterLogKey.error: "\(error)"])
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
}
