import Ledger
import Logging
import NIOConcurrencyHelpers
import Observability
import Postgres
import Xero

/// Writes the documents of one organisation, as long as it holds the organisation's lease.
///
/// One loop decides what to do next; calls run beside it and tell it how they ended. Nothing but the rows is needed to go on
/// after a stop at any point.
final class OrgWriter: Sendable {
    /// Something that runs beside the loop and holds a slot.
    enum Job: Sendable {
        /// Sends a call whose intent is recorded.
        case send(CallRecord, intentAt: Double)
        /// Sends the same bytes again under the same key.
        case again(PendingCall)
        /// Looks the documents of a settled call up.
        case lookUpCall(PendingCall)
        /// Looks documents up before anything is sent.
        case lookUp(CallRecord, [StoredDocument])
        /// Reads something that the organisation says about itself.
        case readReference(ReferencePart, callID: String)
        /// Reads contacts.
        case readContacts(ContactReading, callID: String)
        /// Finds out whether Xero grants the access again that it refused.
        case checkAccess
    }

    let orgID: String
    let database: PostgresClient
    let settings: WriterSettings
    let time: WriterTime
    let gate: XeroGate
    let caller: XeroCaller
    let results: ResultStore
    let tracer: Tracer
    let logger: Logger
    let signal = WriterSignal()
    let state: NIOLockedValueBox<OrgState>
    private let onOutcome: Callback
    private let began: ContinuousClock.Instant

    final class Callback: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// A writer.
    /// - Parameters:
    ///   - org: the organisation.
    ///   - database: the rows.
    ///   - transport: the way to Xero.
    ///   - tokens: the access tokens; nil for those of a custom connection.
    ///   - settings: time-outs and bounds.
    ///   - time: the clocks.
    ///   - gate: what all organisations share; nil for one of its own.
    ///   - tracer: goes on in the traces of the documents.
    ///   - logger: for its lines.
    ///   - onOutcome: called after results were committed: there is something in the outbox.
    init(
        org: WriterOrg, database: PostgresClient, transport: XeroTransport, tokens: XeroTokenSource? = nil,
        settings: WriterSettings, time: WriterTime, gate: XeroGate? = nil, tracer: Tracer = .off, logger: Logger,
        onOutcome: @escaping @Sendable () -> Void
    ) {
        orgID = org.id
        self.database = database
        self.settings = settings
        self.tracer = tracer
        self.time = time
        self.gate = gate ?? XeroGate(database: database, time: time, settings: settings)
        caller = XeroCaller(
            transport: transport,
            tokens: tokens
                ?? XeroTokenSource(credentials: org.credentials, transport: transport, now: time.now),
            tenantID: org.tenantID)
        results = ResultStore(database: database, time: time, settleSeconds: settings.settleSeconds)
        var logger = logger
        logger[metadataKey: WriterLogKey.org] = "\(org.id)"
        self.logger = logger
        self.onOutcome = Callback(onOutcome)
        began = time.now()
        state = NIOLockedValueBox(
            OrgState(
                org: org, pacer: OrgPacer(minute: time.minuteSeconds, now: 0),
                thrift: CallThrift(spacing: time.minuteSeconds / OrgPacer.rate, now: 0),
                day: OrgDay(day: time.daySeconds, limit: org.dailyCalls),
                breaker: CircuitBreaker(rules: .org)))
    }

    /// The present moment, in seconds since the writer was made.
    var now: Double { time.now().seconds(since: began) }

    /// There may be something to do.
    func wake() { signal.wake() }

    /// What the writer knows of the organisation.
    var org: WriterOrg { state.withLockedValue { $0.org } }

    /// Takes a changed configuration of the organisation.
    func update(_ org: WriterOrg) {
        state.withLockedValue { state in
            state.org = org
            state.day.limit = org.dailyCalls
        }
        wake()
    }

    /// Begins no further call; the loop ends when those on their way have come back.
    func retire() {
        state.withLockedValue { $0.isRetired = true }
        wake()
    }

    /// Tells that results were committed.
    func announce() { onOutcome.body() }

    /// Writes until retired or cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !isFinished {
                let pause: Double
                do {
                    let (jobs, wait) = try await step()
                    for job in jobs { group.addTask { await self.perform(job) } }
                    pause = wait
                } catch {
                    logger.warning(
                        "the writer could not go on and tries again", metadata: [WriterLogKey.error: "\(error)"])
                    pause = settings.pollSeconds
                }
                guard !isFinished else { break }
                let isIdle = state.withLockedValue { $0.inFlight.isEmpty }
                await signal.wait(seconds: pause, isIdle: isIdle, time: time)
            }
        }
        await giveLeaseBack()
    }

    private var isFinished: Bool { Task.isCancelled || state.withLockedValue { $0.isRetired } }

    /// Decides what to do now.
    /// - Returns: what is to run beside the loop, and the seconds until the next look.
    func step() async throws -> (jobs: [Job], pause: Double) {
        guard try await holdLease() else { return ([], settings.leaseSeconds / 3) }
        let renewal = max(0.01, state.withLockedValue { $0.leaseUntil } - now - settings.leaseSeconds / 2)
        guard state.withLockedValue({ $0.org.isActive }) else {
            return (accessJobs(), min(renewal, settings.pollSeconds))
        }
        try await followLock()
        var jobs: [Job] = []
        var pause = min(renewal, settings.pollSeconds)
        pause = min(pause, try await follow(&jobs))
        if let job = try await referenceJob() { jobs.append(job) }
        if let job = try await contactJob() { jobs.append(job) }
        pause = min(pause, try await compose(&jobs))
        // With something on its way, its end wakes the loop.
        return (jobs, max(0.001, pause))
    }

    /// Whether a call may be sent now; counts it if so.
    /// - Returns: nil if it may, else the seconds until it may; infinity if something has to come back first.
    func takeTurn(callID: String, isLookup: Bool = false) async throws -> Double? {
        let admission = try await gate.admit(orgID)
        if case .wait(let seconds) = admission { return seconds }
        let appID = state.withLockedValue { $0.org.appID }
        if let pause = try await gate.takeCall(appID: appID) { return pause }
        let pause = enter(callID: callID, isLookup: isLookup, slots: admission == .probe ? 1 : settings.inFlight)
        if pause != nil { gate.giveBack(appID: appID) }
        return pause
    }

    private func enter(callID: String, isLookup: Bool, slots: Int) -> Double? {
        let now = now
        return state.withLockedValue { state in
            guard state.leaseUntil > now else { return settings.pollSeconds }
            guard let delay = state.delay(at: now, slots: slots) else { return .infinity }
            if delay > 0 { return delay }
            if isLookup && !state.day.allowsLookup(at: now) { return time.minuteSeconds }
            state.pacer.spend(at: now)
            state.day.spend(at: now)
            state.inFlight[callID] = .some(nil)
            return nil
        }
    }

    /// A call has come back, or was not sent after all.
    func leave(callID: String) {
        state.withLockedValue { _ = $0.inFlight.removeValue(forKey: callID) }
        wake()
    }
}

/// Keys of log lines.
enum WriterLogKey {
    static let org = "counterfoil.org"
    static let call = "counterfoil.call"
    static let error = "error"
    static let reason = "reason"
    static let status = "http.response.status_code"
    static let documents = "counterfoil.documents"
    static let document = "counterfoil.document"
    static let version = "counterfoil.version"
    static let outcome = "counterfoil.outcome"
    static let state = "counterfoil.state"
    static let xeroID = "counterfoil.xero_id"
    static let request = "counterfoil.request"
    static let milliseconds = "counterfoil.milliseconds"
}
