public import Logging
import NIOConcurrencyHelpers
public import Postgres
public import ServiceLifecycle

/// Keeps what is configured at hand for a service: read again when `apply` has run, and from time to time in case word of it
/// was lost.
public final class ConfigurationWatch: Service {
    private let database: PostgresClient
    private let sealing: ConfigurationSealing
    private let interval: Duration
    private let logger: Logger
    private let cached = NIOLockedValueBox<ConfigurationSnapshot?>(nil)

    /// A watch.
    /// - Parameters:
    ///   - database: where the configuration is.
    ///   - sealing: opens the secrets.
    ///   - interval: how often it is looked at even if nothing was heard. Defaults to 5 s.
    ///   - logger: where entries that cannot be used are reported.
    public init(
        database: PostgresClient, sealing: ConfigurationSealing, every interval: Duration = .seconds(5), logger: Logger
    ) {
        self.database = database
        self.sealing = sealing
        self.interval = interval
        self.logger = logger
    }

    /// What is configured, as last read; read now if it never was.
    /// - Returns: the configuration.
    /// - Throws: `PostgresError` if it was never read and cannot be.
    public func current() async throws -> ConfigurationSnapshot {
        if let snapshot = cached.withLockedValue({ $0 }) { return snapshot }
        return try await reload()
    }

    /// Reads what is configured now.
    /// - Returns: the configuration.
    /// - Throws: `PostgresError` if it cannot be read.
    @discardableResult
    public func reload() async throws -> ConfigurationSnapshot {
        let snapshot = try await ConfigurationLoader.load(from: database, sealing: sealing)
        let isNew = cached.withLockedValue { cached in
            if let known = cached, known.version > snapshot.version { return false }
            let isNew = cached?.version != snapshot.version
            cached = snapshot
            return isNew
        }
        if isNew {
            logger.info(
                "configuration read",
                metadata: ["configuration.version": "\(snapshot.version)", "stores": "\(snapshot.stores.count)"])
            for (entry, reason) in snapshot.unreadable {
                logger.error("configured entry left out", metadata: ["entry": "\(entry)", "reason": "\(reason)"])
            }
        }
        return snapshot
    }

    /// Watches until the service is stopped.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.listen() }
                group.addTask { await self.poll() }
            }
        }
    }

    private func listen() async {
        for await _ in database.listen("configuration") {
            await tryReload()
        }
    }

    private func poll() async {
        while !Task.isCancelled {
            await tryReload()
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    private func tryReload() async {
        do {
            try await reload()
        } catch {
            logger.info("configuration could not be read; trying again", metadata: ["error": "\(error)"])
        }
    }
}
