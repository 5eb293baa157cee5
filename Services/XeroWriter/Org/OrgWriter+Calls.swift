import Ledger
import Logging
import Mapping
import NIOConcurrencyHelpers
import Observability
import Postgres
import Xero

extension OrgWriter {
    /// Runs a job to its end.
    func perform(_ job: Job) async {
        switch job {
        case .send(let record, let intentAt):
            await TraceParent.$current.withValue(record.trace) { await send(record, intentAt: intentAt) }
        case .again(let pending):
            await TraceParent.$current.withValue(pending.record.trace) { await sendAgain(pending) }
        case .lookUpCall(let pending):
            await TraceParent.$current.withValue(pending.record.trace) { await lookUp(pending) }
        case .lookUp(let record, let documents): await lookUp(documents, record: record)
        case .readReference(let name, let callID): await readReference(name, callID: callID)
        case .readContacts(let reading, let callID): await readContacts(reading, callID: callID)
        case .checkAccess: await checkAccess()
        }
    }

    // MARK: Sending

    private func send(_ record: CallRecord, intentAt: Double) async {
        let pending = PendingCall(
            record: record, sentAt: intentAt, sentAtEpoch: 0, phase: .open(until: intentAt + settings.deadlineSeconds))
        guard now - intentAt <= settings.startSeconds, state.withLockedValue({ $0.leaseUntil }) > now else {
            // Too late to be back before the deadline, or no longer ours: nothing was sent.
            return await conclude(pending, .notSent("the call was not begun in time"), isFirst: true)
        }
        await conclude(pending, await transmit(record, isFirst: true), isFirst: true)
    }

    private func sendAgain(_ pending: PendingCall) async {
        do {
            guard
                try await CallStore.beginAgain(
                    id: pending.record.id, holder: settings.holder, deadlineSeconds: settings.deadlineSeconds,
                    time: time.ledger, in: database)
            else {
                // Its former sender has stored a result after all.
                forget(pending.record.id)
                return leave(callID: pending.record.id)
            }
        } catch {
            retry(pending, after: settings.pollSeconds)
            return leave(callID: pending.record.id)
        }
        await conclude(pending, await transmit(pending.record, isFirst: false), isFirst: false)
    }

    private func transmit(_ record: CallRecord, isFirst: Bool) async -> Sent {
        let token: String
        do {
            token = try await caller.tokens.token()
        } catch {
            return .notSent("no token could be had")
        }
        return await trace(record, isAgain: !isFirst) {
            let sent = await caller.send(record.request, key: record.idempotencyKey, token: token)
            await note(sent, token: token, record: record)
            return sent
        }
    }

    /// Takes what an answer says about limits, health and tokens.
    func note(_ sent: Sent, token: String, record: CallRecord) async {
        let now = now
        var pauseReason: String?
        state.withLockedValue { state in
            switch sent {
            case .answered(let response):
                let limits = XeroRateLimits(response)
                state.note(limits, status: response.status, minute: time.minuteSeconds, at: now)
                if response.status == 401 || response.status == 403 {
                    if let refused = state.refusedToken, refused != token {
                        pauseReason = Self.refusal(response)
                    } else {
                        state.refusedToken = token
                    }
                } else if response.status < 500 {
                    state.refusedToken = nil
                }
            case .notSent, .noAnswer: break
            }
        }
        if case .answered(let response) = sent, response.status == 401 || response.status == 403 {
            caller.tokens.invalidate(token)
        }
        do {
            if let pauseReason { try await pauseOrg(reason: pauseReason) }
            try await judge(sent)
            try await saveBudget()
            var isRefused = false
            if case .answered(let response) = sent { isRefused = response.status == 429 }
            try await CallStore.count(record, isRefused: isRefused, in: database)
        } catch {
            logger.warning("limits could not be stored", metadata: [WriterLogKey.error: "\(error)"])
        }
    }

    // MARK: What came of it

    private func conclude(_ pending: PendingCall, _ sent: Sent, isFirst: Bool) async {
        switch sent {
        case .answered(let response):
            let collection = pending.record.kind.map(BatchComposer.collection) ?? .contacts
            await conclude(pending, XeroAnswer(response, collection: collection), response, isFirst: isFirst)
        case .notSent(let message):
            if isFirst {
                await keep(pending) {
                    try await self.results.storeNotCarriedOut(
                        pending.record, CallResult(.refused, error: message), costsAttempt: false)
                }
            } else {
                retry(pending, after: time.xeroSeconds(5))
            }
        case .noAnswer(let message):
            logger.warning(
                "a call has no answer",
                metadata: [WriterLogKey.call: "\(pending.record.id)", WriterLogKey.error: "\(message)"])
            retry(pending, after: time.xeroSeconds(5 * Double(1 << min(pending.tries, 4))))
        }
        leave(callID: pending.record.id)
    }

    private func conclude(
        _ pending: PendingCall, _ answer: XeroAnswer, _ response: XeroResponse, isFirst: Bool
    ) async {
        let record = pending.record
        let body = String(decoding: response.body, as: UTF8.self)
        switch answer {
        case .elements(let elements, _):
            await keep(pending) {
                try await self.results.store(record, elements: elements, status: response.status, body: body)
            }
        case .throttled, .unauthorised:
            // Of a repetition this says nothing about the first time.
            guard isFirst else { return retry(pending, after: time.xeroSeconds(5)) }
            let outcome: CallOutcome = response.status == 429 ? .throttled : .refused
            await keep(pending) {
                try await self.results.storeNotCarriedOut(
                    record,
                    CallResult(outcome, status: response.status, response: body, error: "status \(response.status)"),
                    costsAttempt: false)
            }
        case .refused(let status, let message, let elements):
            guard isFirst else { return await settle(pending, status: status, body: body, message) }
            await refuse(pending, status: status, body: body, message: message, elements: elements)
        case .unclear(let status, let message):
            logger.warning(
                "an answer tells nothing",
                metadata: [WriterLogKey.call: "\(record.id)", WriterLogKey.status: "\(status)"])
            await settle(pending, status: status, body: body, message)
        }
    }

    /// A refusal of the whole call accuses no element: the batch is halved until the element is found.
    private func refuse(
        _ pending: PendingCall, status: Int, body: String, message: String, elements: [XeroElement]
    ) async {
        let record = pending.record
        let result = CallResult(.refused, status: status, response: body, error: message)
        let ids = record.elements.map(\.documentID)
        guard ids.count > 1, let kind = record.kind else {
            let words = elements.flatMap(\.errors)
            let messages = Self.missing(record, status: status).map { [$0] } ?? (words.isEmpty ? [message] : words)
            return await keep(pending) {
                try await self.results.storeRefusal(record, result, messages: messages)
            }
        }
        await keep(pending) {
            try await self.results.storeNotCarriedOut(record, result, costsAttempt: false)
        }
        let operation = DocumentOperation(record.purpose)
        let middle = ids.count / 2
        state.withLockedValue { state in
            state.halves.append((BatchShape(kind, operation), Array(ids[..<middle])))
            state.halves.append((BatchShape(kind, operation), Array(ids[middle...])))
        }
    }

    /// What a 404 says, which Xero answers without words.
    private static func missing(_ record: CallRecord, status: Int) -> String? {
        switch (status, record.kind, record.purpose) {
        case (404, .allocation, .void): "Allocation could not be found (404)"
        // An allocation is written below its credit note: that is what was not found.
        case (404, .allocation, _): "Credit note could not be found (404)"
        case (404, .payment, .void), (404, .refund, .void): "Payment could not be found (404)"
        default: nil
        }
    }

    /// Nothing can be concluded: the call's documents are looked up after the settle time.
    func settle(_ pending: PendingCall, status: Int?, body: String?, _ message: String) async {
        await keep(pending) {
            try await self.results.storeUncertain(pending.record, status: status, body: body, error: message)
        }
    }

    /// Stores a result, again and again until it is stored: what Xero has done must not be forgotten.
    private func keep(_ pending: PendingCall, _ store: @escaping @Sendable () async throws -> ResultSummary) async {
        while true {
            do {
                let summary = try await store()
                concluded(pending, summary)
                return
            } catch {
                logger.error(
                    "a call's result could not be stored and is kept",
                    metadata: [WriterLogKey.call: "\(pending.record.id)", WriterLogKey.error: "\(error)"])
                // On a stop the call stays open; the next writer sends it again under its key, or looks it up.
                do { try await time.wait(.seconds(1), true) } catch { return }
            }
        }
    }

    private func concluded(_ pending: PendingCall, _ summary: ResultSummary) {
        let now = now
        let settle = time.xeroSeconds(settings.settleSeconds)
        state.withLockedValue { state in
            if summary.isStored && !summary.unknown.isEmpty {
                var settling = pending
                settling.phase = .settling(until: now + settle)
                state.pending[pending.record.id] = settling
            } else {
                state.pending[pending.record.id] = nil
            }
        }
        guard summary.isStored else { return }
        announce()
        tell(summary, pending)
    }

    /// The same bytes go again under the same key after so many seconds.
    private func retry(_ pending: PendingCall, after seconds: Double) {
        let now = now
        state.withLockedValue { state in
            var again = pending
            again.tries += 1
            again.phase = .again(at: now + seconds)
            state.pending[pending.record.id] = again
        }
    }

    func forget(_ callID: String) {
        state.withLockedValue { _ = $0.pending.removeValue(forKey: callID) }
    }
}

extension DocumentOperation {
    /// What a call with this purpose does.
    init(_ purpose: CallPurpose) {
        switch purpose {
        case .update: self = .update
        case .void: self = .void
        default: self = .create
        }
    }
}

extension OrgState {
    /// Takes what a response's headers and status say.
    mutating func note(_ limits: XeroRateLimits, status: Int, minute: Double, at now: Double) {
        pacer.correct(remaining: limits.minuteRemaining, at: now)
        day.correct(remaining: limits.dayRemaining, at: now)
        reported.minuteRemaining = limits.minuteRemaining ?? reported.minuteRemaining
        reported.dayRemaining = limits.dayRemaining ?? reported.dayRemaining
        if status == 429 {
            let problem = limits.problem ?? .unknown
            // Without a word about when, it is about calls in progress: under a second, not all at the same moment.
            let seconds =
                limits.retryAfterSeconds.map(Double.init) ?? Double.random(in: 0.2...0.9) * minute / 60
            pacer.block(seconds: seconds, at: now)
            blockedReason = "Xero's limit (\(problem.rawValue)) was reached"
        }
    }
}
