import Accounting
import JSON
import Ledger
import Logging
import Mapping
import Messaging
import Metrics
import Observability
import Planning
import Postgres

/// Plans orders: one transaction each, from the newest snapshot to the documents and the messages that announce them.
struct OrderPlanning: Sendable {
    /// The service's name: who plans, and whose relay announces.
    static let origin = "transformer"

    /// How old an order's last change is when newer orders may overtake it.
    static let backfillAge = Duration.seconds(7 * 86_400)

    let database: PostgresClient
    let rules: StoreRules
    let tracer: Tracer
    let logger: Logger
    /// Told after a commit that may have something to announce.
    let announced: @Sendable () -> Void
    private let now: @Sendable () -> Instant
    private let planned = Counter(label: "orders_planned_total")
    private let failed = Counter(label: "orders_planning_failed_total")
    private let anomalies: AnomalyWatch

    init(
        database: PostgresClient, rules: StoreRules, tracer: Tracer = .off, logger: Logger,
        now: @escaping @Sendable () -> Instant = Instant.now, baselineAge: Duration = .seconds(300),
        announced: @escaping @Sendable () -> Void
    ) {
        self.now = now
        anomalies = AnomalyWatch(baselines: SaleBaselines(age: baselineAge, now: now))
        self.database = database
        self.rules = rules
        self.tracer = tracer
        self.logger = logger
        self.announced = announced
    }

    /// Plans an order if it has something to plan. Never throws: what fails is tried again when its row says so, and after
    /// some attempts a person is asked.
    func plan(_ order: OrderReference) async {
        do {
            guard let (attempt, traceparent) = try await SaleStore.countAttempt(order, in: database) else { return }
            // The version's trace, whichever message or look woke us.
            let parent = traceparent.flatMap { TraceParent($0) }
            await tracer.withSpan("plan order", kind: .consumer, parent: parent) { span in
                span.set("counterfoil.order", order.text)
                await plan(order, attempt: attempt, &span)
            }
        } catch {
            tryAgain(order, error)
        }
    }

    private func plan(_ order: OrderReference, attempt: Int, _ span: inout Span) async {
        do {
            guard attempt <= SaleStore.mostAttempts else {
                span.fail("given up after \(SaleStore.mostAttempts) attempts")
                return try await giveUp(order)
            }
            let standing = try await database.withTransaction(retryingSerialization: true) { transaction in
                try await plan(order, in: transaction)
            }
            guard let standing else { return }
            planned.increment()
            announced()
            tell(order, standing, &span)
        } catch let error as PlanError {
            await hold(order, "\(error)", &span)
        } catch let error as NoRules {
            await hold(order, "\(error)", &span)
        } catch {
            span.fail("not planned")
            tryAgain(order, error)
        }
    }

    private func tell(_ order: OrderReference, _ standing: OrderStanding, _ span: inout Span) {
        span.set("counterfoil.outcome", standing.state)
        var metadata: Logger.Metadata = ["order": "\(order.text)", "outcome": "\(standing.state)"]
        if let reason = standing.reason { metadata["reason"] = "\(reason)" }
        logger.info("order planned", metadata: metadata)
        for anomaly in standing.anomalies {
            Counter(label: "orders_flagged_total", dimensions: [("kind", anomaly.kind.rawValue)]).increment()
            logger.notice(
                "order flagged",
                metadata: [
                    "order": "\(order.text)", "kind": "\(anomaly.kind.rawValue)", "finding": "\(anomaly.message)",
                ])
        }
    }

    private func tryAgain(_ order: OrderReference, _ error: any Error) {
        failed.increment()
        logger.warning(
            "order not planned; it is tried again", metadata: ["order": "\(order.text)", "error": "\(error)"])
    }

    /// Plans what is due and was not announced, or whose announcement was lost.
    /// - Returns: how many orders there were.
    func planDue(limit: Int, concurrency: Int) async throws -> Int {
        let due = try await SaleStore.due(limit: limit, in: database)
        await withTaskGroup(of: Void.self) { group in
            var waiting = due.makeIterator()
            for _ in 0..<concurrency {
                if let order = waiting.next() { group.addTask { await plan(order) } }
            }
            while await group.next() != nil {
                if let order = waiting.next() { group.addTask { await plan(order) } }
            }
        }
        return due.count
    }

    /// - Returns: where the order stands; nil if there was nothing to plan, or somebody else plans it now.
    private func plan(_ order: OrderReference, in session: some PostgresSession) async throws -> OrderStanding? {
        guard let sale = try await SaleStore.lock(order, in: session) else { return nil }
        let rules = try await rules.rules(of: order.storeID)
        let standing =
            if let mark = sale.mark {
                try await takeBack(order, sale: sale, mark: mark, rules: rules, in: session)
            } else if let summary = SummaryID(order.orderID) {
                try await planSummary(summary, of: order, sale: sale, rules: rules, in: session)
            } else if let part = PayoutPart(order.orderID) {
                try await planPayout(part, of: order, sale: sale, rules: rules, in: session)
            } else {
                try await planOrder(order, sale: sale, rules: rules, in: session)
            }
        try await SaleStore.store(
            standing, of: order, revision: sale.revision, mappingVersion: rules.mappingVersion, in: session)
        return standing
    }

    /// Whatever the store says of an order that an operator had voided, nothing of it is posted.
    private func takeBack(
        _ order: OrderReference, sale: SaleToPlan, mark: OrderVoid.Mark, rules: PlanningRules,
        in session: some PostgresSession
    ) async throws -> OrderStanding {
        let (state, reason) = try await OrderVoid.withdraw(
            storeID: order.storeID, orgID: sale.orgID, orderID: order.orderID, revision: sale.revision, mark: mark,
            isDryRun: rules.isDryRun, by: Self.origin, in: session)
        return OrderStanding(state: state, reason: reason)
    }

    private func planOrder(
        _ order: OrderReference, sale: SaleToPlan, rules: PlanningRules, in session: some PostgresSession
    ) async throws -> OrderStanding {
        let snapshot = try await OrderHistory.snapshot(
            storeID: order.storeID, orderID: order.orderID, revision: sale.revision, in: session)
        var past = try await OrderHistory.past(
            storeID: order.storeID, orderID: order.orderID, revision: sale.revision, createdAt: sale.createdAt,
            since: rules.since, in: session)
        past.rates = try await OrderHistory.rates(of: snapshot, past: past, rules: rules, in: session)
        let decision = OrderDecision.decide(snapshot, past: past, rules: rules)
        if decision.readAgain { try await askAgain(order, in: session) }
        let found = try await anomalies.look(at: decision, of: order, sale: sale, rules: rules, in: session)
        let entered = try await SummaryPlanning(order: order, rules: rules, now: now()).enter(
            found.outcome, past: past, revision: sale.revision, in: session)
        var standing: OrderStanding
        if let entered {
            standing = entered
        } else {
            standing = try await write(found.outcome, of: order, sale: sale, rules: rules, in: session)
        }
        standing.anomalies = found.new
        return standing
    }

    /// A day that was closed is planned from what was entered for it.
    private func planSummary(
        _ summary: SummaryID, of order: OrderReference, sale: SaleToPlan, rules: PlanningRules,
        in session: some PostgresSession
    ) async throws -> OrderStanding {
        let entries = try await SummaryStore.entries(of: summary.text, storeID: order.storeID, in: session)
        let draft = SummaryDraft(summary, mapping: rules.mapping, org: rules.org, store: rules.store)
        let table = try await OrderHistory.rates(of: summary, rules: rules, in: session)
        return try await write(draft.plan(entries, table: table), of: order, sale: sale, rules: rules, in: session)
    }

    /// A payout that was booked is planned from what was entered for it, and its fees.
    private func planPayout(
        _ part: PayoutPart, of order: OrderReference, sale: SaleToPlan, rules: PlanningRules,
        in session: some PostgresSession
    ) async throws -> OrderStanding {
        guard let kept = try await PayoutStore.load(part.payoutID, storeID: order.storeID, in: session) else {
            throw UnreadablePayout(payoutID: part.payoutID)
        }
        let (lines, date) = try await PayoutStore.lines(in: part, storeID: order.storeID, in: session)
        let entries = try await SummaryStore.entries(of: part.text, storeID: order.storeID, in: session)
        let day = date ?? PayoutPart.date(of: part, paidOn: kept.payout.paidOn)
        let draft = PayoutDraft(
            part, of: kept.payout, date: day, mapping: rules.mapping, org: rules.org, store: rules.store)
        let table = try await OrderHistory.rates(of: kept.payout, on: day, rules: rules, in: session)
        let outcome = draft.plan(entries, lines: lines, table: table)
        return try await write(outcome, of: order, sale: sale, rules: rules, in: session)
    }

    /// Writes the plan. An order that is ignored or held wants no documents: what was not sent yet is withdrawn, and what is
    /// in Xero already stays untouched.
    private func write(
        _ outcome: PlanOutcome, of order: OrderReference, sale: SaleToPlan, rules: PlanningRules,
        in session: some PostgresSession
    ) async throws -> OrderStanding {
        let plan: OrderPlan
        switch outcome {
        case .planned(let wanted): plan = wanted
        case .ignored, .held: plan = OrderPlan(documents: [])
        }
        let change = try await PlanWriter.write(
            plan: plan, storeID: order.storeID, orgID: rules.org.orgID, orderID: order.orderID, revision: sale.revision,
            mappingVersion: rules.mappingVersion, correction: correction(sale, rules), isBackfill: isOld(sale),
            isDryRun: rules.isDryRun, actor: Self.origin,
            traceparent: TraceParent.current?.description, in: session)
        switch outcome {
        case .planned: return OrderStanding(change.orderState)
        case .held(let reason, let findings): return .held(reason, findings: findings)
        case .ignored(let reason):
            if case .held(let objection) = change.orderState, !change.isWritten {
                return .held("\(reason), but \(objection)")
            }
            return .ignored(reason)
        }
    }

    /// The consent to change what is settled, if it is for the mapping that holds.
    private func correction(_ sale: SaleToPlan, _ rules: PlanningRules) -> Correction? {
        guard let agreed = sale.agreed, agreed.mappingVersion == rules.mappingVersion else {
            return nil
        }
        return Correction(day: rules.org.date(agreed.at), lockDate: rules.lockDate)
    }

    private func isOld(_ sale: SaleToPlan) -> Bool {
        let age = now().microseconds - sale.modifiedAt.microseconds
        return age > Self.backfillAge.components.seconds * 1_000_000
    }

    /// Has the order read again soon, with the refunds it names.
    private func askAgain(_ order: OrderReference, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            INSERT INTO hint (store_id, entity, entity_id, reason, due_at)
            VALUES (\(order.storeID), 'order', \(order.orderID), 'reread', now() + interval '10 seconds')
            ON CONFLICT (store_id, entity, entity_id) DO UPDATE SET generation = hint.generation + 1,
                due_at = least(hint.due_at, excluded.due_at)
            """)
    }

    /// Holds an order outside of the transaction that failed.
    private func hold(_ order: OrderReference, _ reason: String, _ span: inout Span) async {
        tell(order, .held(reason), &span)
        do {
            try await database.withTransaction { transaction in
                guard let sale = try await SaleStore.lock(order, in: transaction) else { return }
                try await SaleStore.store(
                    .held(reason), of: order, revision: sale.revision, mappingVersion: 0, in: transaction)
            }
        } catch {
            logger.warning(
                "order not held; it is tried again",
                metadata: [
                    "order": "\(order.text)", "error": "\(error)",
                ])
        }
    }

    /// After too many attempts: held, with a dead letter.
    private func giveUp(_ order: OrderReference) async throws {
        try await database.withTransaction { transaction in
            guard let sale = try await SaleStore.lock(order, in: transaction) else { return }
            let reason = "planning this order failed \(SaleStore.mostAttempts) times"
            try await SaleStore.store(
                .held(reason), of: order, revision: sale.revision, mappingVersion: 0, in: transaction)
            let rows = try await transaction.query(
                """
                INSERT INTO dead_letter (service, org_id, store_id, order_id, class, message, suggestion, group_key)
                VALUES (\(Self.origin), \(sale.orgID), \(order.storeID), \(order.orderID), 'planning.failed', \(reason),
                    'Look at the log of the transformer for this order, then retry the letter.', 'planning.failed')
                RETURNING id
                """)
            guard let id = try rows.first?.decode("id", as: Int64.self) else { return }
            let message = OutboxMessage(
                exchange: PipelineTopology.deadLetters, routingKey: "\(sale.orgID).order",
                envelope: Envelope(
                    id: Self.ids.next().description, type: MessageType.deadLetter, source: Self.origin,
                    subject: order.text, time: Instant.now(), traceparent: TraceParent.current?.description),
                body: ["dead_letter": .number(JSONNumber(id))])
            try await Outbox.add([message], origin: Self.origin, to: transaction)
        }
        announced()
    }

    private static let ids = UUIDv7Generator()
}
