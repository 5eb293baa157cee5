import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import Xero

@testable import XeroWriter

/// What goes wrong with the first call that carries a kind of document.
enum CallFault: String, Sendable, CaseIterable {
    case refused
    case hangBefore = "hang before"
    case hangAfter = "hang after commit"
    case errorBefore = "500 before"
    case errorAfter = "500 after all"
    case errorAfterHalf = "500 after half"
    case resetBefore = "reset before"
    case resetAfter = "reset after"
    case html503 = "HTML 503"
    case garbage = "garbage JSON"
    case revoked = "token revoked"
    case phantom = "reported fine, nothing made"
    case shuffled = "response shuffled"
    case errorCached = "error cached under the key"
    case committedLate = "committed after our time-out"
    case killedBefore = "kill -9 before the call"
    case killedAfter = "kill -9 after the call"
    case takenOver = "lease taken over during the call"

    /// The simulator's rules for it.
    var rules: [JSONObject] {
        switch self {
        case .refused: [["kind": "rejected", "message": "Account code '200' is not a valid code for this document."]]
        case .hangBefore: [["kind": "hang_before", "count": 1]]
        case .hangAfter: [["kind": "hang_after", "count": 1]]
        case .errorBefore: [["kind": "500_before", "count": 1]]
        case .errorAfter: [["kind": "500_after", "count": 1]]
        case .errorAfterHalf: [["kind": "500_after_half", "count": 1]]
        case .resetBefore: [["kind": "reset_before", "count": 1]]
        case .resetAfter: [["kind": "reset_after", "count": 1]]
        case .html503: [["kind": "html_503", "count": 1]]
        case .garbage: [["kind": "garbage", "count": 1]]
        case .revoked: [["kind": "401"]]
        case .phantom: [["kind": "phantom_without_id", "count": 1]]
        case .shuffled: [["kind": "shuffled", "count": 1]]
        case .errorCached: [["kind": "500_cached", "count": 1]]
        // The repetition under the same key fails as well, so that only the lookup after the settle time can tell.
        case .committedLate:
            [["kind": "commit_late", "delay_seconds": 75, "count": 1], ["kind": "500_before", "count": 1]]
        case .killedBefore, .killedAfter, .takenOver: []
        }
    }

    /// Where a writer's call is stopped on its way.
    var gate: CallGate.Place? {
        switch self {
        case .killedBefore: .before
        case .killedAfter, .takenOver: .after
        default: nil
        }
    }
}

/// What a cell of the matrix writes: a kind of document, new or changed.
enum CellSubject: String, Sendable, CaseIterable {
    case contact
    case item
    case invoice
    case payment
    case creditNote = "credit note"
    case allocation
    case refund
    case update = "invoice update"
    case void = "invoice void"
    case quote
    case quoteUpdate = "quote update"
    case quoteInvoiced = "quote invoiced"
    case quoteDeclined = "quote declined"
    case paymentDeletion = "payment deletion"
    case refundDeletion = "refund deletion"
    case noteVoid = "note void"
    case allocationRemoval = "alloc. removal"

    /// The endpoint that the fault is put on.
    var endpoint: String {
        switch self {
        case .contact: "PUT /Contacts"
        case .item: "PUT /Items"
        case .invoice: "PUT /Invoices"
        case .payment, .refund: "PUT /Payments"
        case .creditNote: "PUT /CreditNotes"
        case .allocation: "PUT /CreditNotes/{id}/Allocations"
        case .update, .void: "POST /Invoices"
        case .quote: "PUT /Quotes"
        case .quoteUpdate, .quoteInvoiced, .quoteDeclined: "POST /Quotes"
        case .paymentDeletion, .refundDeletion: "POST /Payments/{id}"
        case .noteVoid: "POST /CreditNotes"
        case .allocationRemoval: "DELETE /CreditNotes/{id}/Allocations/{id}"
        }
    }

    /// What the orders are before the fault is put on; nil if nothing is.
    var before: SampleOrder.Kind? {
        switch self {
        case .contact, .item, .invoice, .payment, .quote: nil
        case .creditNote, .refund: .paid
        case .allocation, .update, .void: .unpaid
        case .quoteUpdate, .quoteInvoiced, .quoteDeclined: .quoted
        case .paymentDeletion, .refundDeletion, .noteVoid, .allocationRemoval: after
        }
    }

    /// Whether an operator takes the orders back.
    var isTakenBack: Bool {
        switch self {
        case .paymentDeletion, .refundDeletion, .noteVoid, .allocationRemoval: true
        default: false
        }
    }

    /// What the orders are in the end.
    var after: SampleOrder.Kind {
        switch self {
        case .contact, .item, .invoice, .payment, .paymentDeletion: .paid
        case .creditNote, .refund, .refundDeletion, .noteVoid: .refunded
        case .allocation, .allocationRemoval: .reduced
        case .update: .unpaid
        case .void: .cancelled
        case .quoteDeclined: .declined
        case .quote, .quoteUpdate: .quoted
        case .quoteInvoiced: .paid
        }
    }
}

/// One cell of the fault matrix: three orders of an organisation of its own.
struct FaultCell: Sendable {
    let subject: CellSubject
    let fault: CallFault
    let harness: WriterHarness
    /// The simulator's rules; the fault's own if there are none.
    var rules: [JSONObject] = []
    var count = 3

    /// Works the cell.
    /// - Parameter look: looks, before what was refused is retried, and says what is wrong.
    /// - Returns: what is wrong in the end; nothing if the books hold exactly one correct document each.
    func run(_ look: @escaping @Sendable () async throws -> [String] = { [] }) async throws -> [String] {
        var orders = (1...count).map { number in
            var order = SampleOrder(number: number, customer: number, kind: subject.after)
            if subject == .quoteDeclined { order.quoteStatus = "SENT" }
            if subject == .item { (order.item, order.insistsOnItem) = ("SKU-\(number - 1)", true) }
            return order
        }
        var revision = 1
        if let before = subject.before {
            try await harness.plan(
                orders.map { order in
                    var order = order
                    order.kind = before
                    return order
                })
            try await harness.write()
            revision = 2
        }
        if subject == .update || subject == .quoteUpdate {
            for index in orders.indices { (orders[index].net, orders[index].tax) = (ExactDecimal(50), ExactDecimal(5)) }
        }
        harness.faults((rules.isEmpty ? fault.rules : rules).map(rule))
        if subject.isTakenBack {
            try await harness.takeBack(orders)
        } else {
            try await harness.plan(orders, revision: revision)
        }
        let seen = try await work(look)
        return try await seen + problems(orders)
    }

    private func rule(_ rule: JSONObject) -> JSONValue {
        var rule = rule
        rule["match"] = ["endpoint": .string(subject.endpoint), "org": .string(harness.org)]
        return .object(rule)
    }

    private func work(_ look: @Sendable () async throws -> [String]) async throws -> [String] {
        switch fault {
        case .refused: return try await beRefused(look)
        case .revoked: try await beRevoked()
        case .killedBefore, .killedAfter: try await beKilled(isOpenedAfterwards: false)
        case .takenOver: try await beKilled(isOpenedAfterwards: true)
        default: try await harness.write()
        }
        return []
    }

    /// A person mends what Xero refused, and presses retry.
    private func beRefused(_ look: @Sendable () async throws -> [String]) async throws -> [String] {
        let harness = harness
        try await harness.write(until: {
            try await harness.count("state IN ('ready', 'sending', 'uncertain') OR is_archived") == 0
        })
        let seen = try await look()
        harness.faults([])
        let letters = try await harness.database.query(
            "SELECT id FROM dead_letter WHERE org_id = \(harness.org) AND state = 'open'")
        if letters.isEmpty { throw CellFailure("nothing was refused") }
        for letter in letters {
            let id: Int64 = try letter.decode("id")
            _ = try await harness.database.withTransaction { session in
                try await DeadLetterRetry.retry(id: id, by: "test", in: session)
            }
        }
        try await harness.write()
        return seen
    }

    /// Xero takes the access back, and a person gives it again.
    private func beRevoked() async throws {
        let harness = harness
        let isPaused: @Sendable () async throws -> Bool = {
            try await harness.value("SELECT state FROM org WHERE id = '\(harness.org)'") == "paused"
        }
        try await harness.write(until: isPaused)
        guard try await isPaused() else { throw CellFailure("the organisation was not paused") }
        harness.faults([])
        try await harness.write(harness.writer(isActive: false))
    }

    /// A writer's call never comes back, and another writer goes on when the lease has run out.
    private func beKilled(isOpenedAfterwards: Bool) async throws {
        let harness = harness
        let gate = CallGate(fault.gate ?? .before, isKill: !isOpenedAfterwards) { request in
            let path = request.path.prefix { $0 != "?" }.split(separator: "/").dropFirst(2)
            let words = path.enumerated().map { $0.offset % 2 == 1 ? "{id}" : String($0.element) }
            return "\(request.method.rawValue) /\(words.joined(separator: "/"))" == subject.endpoint
        }
        let first = harness.writer("writer-1", gate: gate)
        harness.end(first)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await first.run()
                gate.giveUp()
            }
            guard await gate.reached() else { throw CellFailure("the call was never made") }
            try await harness.write(harness.writer("writer-2"))
            // What the first one still does, it does after everything is done.
            harness.end(first)
            if isOpenedAfterwards {
                gate.open()
            } else {
                group.cancelAll()
                gate.open()
            }
            try await group.waitForAll()
        }
    }

    private func problems(_ orders: [SampleOrder]) async throws -> [String] {
        var problems = subject.isTakenBack ? harness.remains(orders) : harness.discrepancies(orders)
        let unsettled = try await harness.count("state NOT IN ('posted', 'voided', 'superseded')")
        if unsettled > 0 {
            let reasons = try await harness.database.query(
                """
                SELECT string_agg(DISTINCT kind || ' ' || state || ' ' || coalesce(state_reason, ''), '; ') AS words
                FROM document WHERE org_id = \(harness.org) AND state NOT IN ('posted', 'voided', 'superseded')
                """)
            problems.append("\(unsettled) not settled: \(reasons.first?["words"] ?? "")")
        }
        let open = try await harness.value(
            "SELECT count(*) FROM call WHERE org_id = '\(harness.org)' AND (finished_at IS NULL OR outcome = 'uncertain')"
        )
        if open != "0" { problems.append("\(open ?? "?") calls without a result") }
        let letters = try await harness.value(
            "SELECT count(*) FROM dead_letter WHERE org_id = '\(harness.org)' AND state IN ('open', 'retrying', 'held')"
        )
        if letters != "0" { problems.append("\(letters ?? "?") open dead letters") }
        return problems
    }
}

/// A cell that did not do what it is for.
struct CellFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
