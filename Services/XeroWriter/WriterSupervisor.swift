import Ledger
import Logging
import NIOConcurrencyHelpers
import Postgres
import ServiceLifecycle
import Xero

/// Runs a writer for every organisation that is configured; each by itself, so that one's trouble does not delay another.
final class WriterSupervisor: Service, CustomStringConvertible {
    private struct Entry {
        var org: WriterOrg
        var writer: OrgWriter
    }

    private let watch: ConfigurationWatch
    private let makeWriter: Factory
    private let logger: Logger
    private let entries = NIOLockedValueBox<[String: Entry]>([:])
    private let isStopping = NIOLockedValueBox(false)
    private let signal = WriterSignal()
    private let time: WriterTime

    /// Real seconds between looks at what is configured, and at which organisations are paused.
    private static let lookSeconds = 2.0

    final class Factory: Sendable {
        let make: @Sendable (WriterOrg) -> OrgWriter

        init(_ make: @escaping @Sendable (WriterOrg) -> OrgWriter) { self.make = make }
    }

    /// A supervisor.
    /// - Parameters:
    ///   - watch: what is configured.
    ///   - time: the clocks.
    ///   - logger: for its lines.
    ///   - makeWriter: makes the writer of an organisation.
    init(
        watch: ConfigurationWatch, time: WriterTime, logger: Logger,
        makeWriter: @escaping @Sendable (WriterOrg) -> OrgWriter
    ) {
        self.watch = watch
        self.time = time
        self.logger = logger
        self.makeWriter = Factory(makeWriter)
    }

    /// The service's name in lifecycle logs.
    var description: String { "xero writers" }

    /// There may be something to do for an organisation.
    func wake(_ orgID: String) {
        entries.withLockedValue { $0[orgID]?.writer }?.wake()
    }

    /// What is left of the limits of the organisations that are written from here.
    var readings: [OrgReading] {
        entries.withLockedValue { $0.values.map(\.writer) }.compactMap(\.reading)
    }

    /// Writes until told to stop; calls that are on their way then are awaited.
    func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled && !isStopping.withLockedValue({ $0 }) {
                    for writer in await look() { group.addTask { await writer.run() } }
                    await signal.wait(seconds: Self.lookSeconds, isIdle: true, time: time)
                }
                retireAll()
            }
        } onGracefulShutdown: {
            self.isStopping.withLockedValue { $0 = true }
            self.retireAll()
            self.signal.wake()
        }
    }

    private func retireAll() {
        for entry in entries.withLockedValue({ Array($0.values) }) { entry.writer.retire() }
    }

    /// Compares what is configured with what runs.
    /// - Returns: the writers to begin.
    private func look() async -> [OrgWriter] {
        let snapshot: ConfigurationSnapshot
        do {
            snapshot = try await watch.reload()
        } catch {
            return []
        }
        let wanted = Self.orgs(in: snapshot)
        return entries.withLockedValue { entries in
            var begun: [OrgWriter] = []
            for (id, entry) in entries where wanted[id]?.access != entry.org.access {
                // Gone, or reached in another way: a new writer takes over when this one has given the lease back.
                entry.writer.retire()
                entries[id] = nil
            }
            for (id, org) in wanted {
                if let entry = entries[id] {
                    // The writer itself may have found out that it has to stop, and a person resumed it since.
                    guard entry.org != org || entry.writer.org != org else { continue }
                    entry.writer.update(org)
                    entries[id]?.org = org
                } else {
                    let writer = makeWriter.make(org)
                    entries[id] = Entry(org: org, writer: writer)
                    begun.append(writer)
                }
            }
            return begun
        }
    }

    /// The organisations that can be written to: those of custom connections whose secret can be opened, and those that a
    /// consent reaches.
    static func orgs(in snapshot: ConfigurationSnapshot) -> [String: WriterOrg] {
        var orgs: [String: WriterOrg] = [:]
        for (id, org) in snapshot.orgs {
            guard let app = snapshot.apps[org.appID] else { continue }
            let isReached = app.kind == .customConnection ? app.clientSecret != nil : org.grantID != nil
            guard isReached else { continue }
            orgs[id] = WriterOrg(
                id: id, tenantID: app.kind == .customConnection ? nil : org.tenantID, dailyCalls: org.dailyCalls,
                isActive: org.state == .active, appID: org.appID, credentials: app.credentials,
                grantID: app.kind == .customConnection ? nil : org.grantID, lockDate: org.facts.lockDate,
                lockedPeriods: org.lockedPeriods, writeEveryMinutes: org.writeEveryMinutes, contacts: org.contacts)
        }
        return orgs
    }
}

extension WriterOrg {
    /// What decides how it is reached.
    struct Access: Hashable {
        var tenantID: String?
        var credentials: XeroCredentials
        var grantID: String?
    }

    /// What decides how it is reached.
    var access: Access { Access(tenantID: tenantID, credentials: credentials, grantID: grantID) }
}
