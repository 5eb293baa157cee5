import Accounting
import ArgumentParser
import JSON
import Ledger
import Mapping
import Postgres

/// `counterfoil orders void STORE ORDER [--reason WHY] [--yes]`
struct VoidOrderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "void",
        abstract: "Take an order back: delete its payments in Xero, and void its invoices and credit notes.",
        discussion: """
            Lists what would be removed; nothing is done without --yes. The order stays voided, whatever its store says \
            of it later, until 'counterfoil orders restore'. Exits 3 if it cannot be voided.
            """)

    @Argument(help: "The store.")
    var store: String

    @Argument(help: "The order's number, or the storefront's id of it.")
    var order: String

    @Option(name: .long, help: "Why, for the record.")
    var reason: String?

    @Flag(name: .long, help: "Do it.")
    var yes = false

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (reason ?? "-").count <= 500 else { throw ValidationError("--reason takes at most 500 characters.") }
    }

    func run() async throws {
        let access = DatabaseAccess()
        let (store, order, yes) = (store, order, yes)
        let mark = OrderVoid.Mark(actor: access.actor, reason: reason.flatMap { $0.isEmpty ? nil : $0 })
        let answer = try await access.withDatabase { client in
            try await client.withTransaction { session in
                let standing = try await OrderLookup.find(store, order, in: session)
                let steps = try await OrderVoid.steps(of: standing, storeID: store, in: session)
                var outcome: OrderVoid.Outcome?
                if yes {
                    outcome = try await OrderVoid.void(standing, storeID: store, mark: mark, in: session)
                } else if let mark = standing.mark {
                    outcome = .nothingToDo("order \(standing.number) was \(mark.words)")
                } else if let objection = OrderVoid.objection(to: standing) {
                    outcome = .refused(objection)
                }
                return VoidAnswer(store: store, standing: standing, steps: steps, outcome: outcome)
            }
        }
        output.show(answer.json, text: answer.text)
        if answer.needsPerson { throw CommandOutcome.needsPerson }
    }
}

/// `counterfoil orders restore STORE ORDER [--yes]`
struct RestoreOrderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring an order back that was voided: it is planned again from what its store said last.",
        discussion: """
            What was not removed yet stays; what is gone from Xero is posted again under new numbers. Nothing is done \
            without --yes.
            """)

    @Argument(help: "The store.")
    var store: String

    @Argument(help: "The order's number, or the storefront's id of it.")
    var order: String

    @Flag(name: .long, help: "Do it.")
    var yes = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let access = DatabaseAccess()
        let (store, order, yes, actor) = (store, order, yes, access.actor)
        let (standing, outcome) = try await access.withDatabase { client in
            try await client.withTransaction { session in
                let standing = try await OrderLookup.find(store, order, in: session)
                let outcome =
                    yes || standing.mark == nil
                    ? try await OrderVoid.restore(standing, storeID: store, by: actor, in: session) : nil
                return (standing, outcome)
            }
        }
        output.show(Self.json(store, standing, outcome), text: Self.text(store, standing, outcome))
    }

    private static func json(
        _ store: String, _ standing: OrderVoid.Standing, _ outcome: OrderVoid.Outcome?
    ) -> JSONValue {
        [
            "store": .string(store), "order": .string(standing.orderID), "number": .string(standing.number),
            "was": standing.mark.map { .string($0.words) } ?? .null,
            "restored": .bool(outcome == .done(state: "observed", reason: nil)),
        ]
    }

    private static func text(
        _ store: String, _ standing: OrderVoid.Standing, _ outcome: OrderVoid.Outcome?
    ) -> [String] {
        switch outcome {
        case .nothingToDo(let reason), .refused(let reason): return [oneLine("Nothing to do: \(reason).", limit: 400)]
        case .done:
            return [
                "Order \(standing.number) of \(store) is planned again now: "
                    + "counterfoil orders show \(store) \(standing.number)"
            ]
        case nil:
            return [
                "Order \(standing.number) of \(store) was \(standing.mark?.words ?? "voided").",
                "With --yes it is planned again from what \(store) said last, and posted under new numbers.",
            ]
        }
    }
}

/// Finds orders for commands that change them.
enum OrderLookup {
    /// - Throws: `CommandFailure` if there is no such order.
    static func find(
        _ store: String, _ order: String, in session: some PostgresSession
    ) async throws -> OrderVoid.Standing {
        if let found = try await OrderVoid.find(storeID: store, order: order, in: session) { return found }
        try await StoreLookup.require(store, session)
        throw CommandFailure(
            "Store \(store) has no order \(order) here. 'counterfoil orders list \(store)' lists those it has.")
    }
}

/// What voiding an order does, or would do, for people and programs.
struct VoidAnswer: Sendable {
    let store: String
    let standing: OrderVoid.Standing
    let steps: [OrderVoid.Step]
    /// `nil` if it was only asked what would be done.
    let outcome: OrderVoid.Outcome?

    /// Whether it cannot be done without a person.
    var needsPerson: Bool {
        switch outcome {
        case .refused, .done(state: "held", _), .done(state: "dead", _): true
        default: false
        }
    }

    var json: JSONValue {
        var object: JSONObject = [
            "store": .string(store), "order": .string(standing.orderID), "number": .string(standing.number),
            "state": .string(standing.state),
            "documents": .array(
                steps.map { step in
                    [
                        "kind": .string(step.kind.rawValue), "title": .string(step.title),
                        "total": step.total.map { .string($0.fixed(2)) } ?? .null,
                        "currency": step.currency.map { .string($0) } ?? .null,
                        "date": step.date.map { .string($0.description) } ?? .null, "action": .string(step.action),
                    ]
                }),
        ]
        switch outcome {
        case nil: object["done"] = false
        case .nothingToDo(let reason), .refused(let reason):
            object["done"] = false
            object["reason"] = .string(reason)
        case .done(let state, let reason):
            object["done"] = true
            object["state"] = .string(state)
            object["reason"] = reason.map { .string($0) } ?? .null
        }
        return .object(object)
    }

    var text: [String] {
        switch outcome {
        case .nothingToDo(let reason): return ["Nothing to do: \(reason).", bringBack]
        case .refused(let reason): return ["It cannot be voided: \(reason)."]
        case nil:
            return heading + list + ["", "Nothing was done. With --yes it is. \(Self.after)"]
        case .done(let state, let reason):
            let end =
                switch state {
                case "voided": "Done: nothing of it was in Xero."
                case "planned": "On its way: counterfoil orders show \(store) \(standing.number)"
                default: "It waits for a person: \(reason ?? state)"
                }
            return heading + list + ["", end, bringBack]
        }
    }

    private static let after =
        "The order then stays voided, whatever its store says of it, until it is brought back."

    private var bringBack: String { "To bring it back: counterfoil orders restore \(store) \(standing.number)" }

    private var heading: [String] { ["Order \(standing.number) of \(store) (\(standing.state))", ""] }

    private var list: [String] {
        var table = TextTable(["document", "total", "", "date", "what happens"], right: ["total"])
        for step in steps {
            table.add([
                step.title, step.total?.fixed(2) ?? "", step.currency ?? "", step.date?.description ?? "", step.action,
            ])
        }
        return table.isEmpty ? ["  It has no documents; none will be made."] : table.lines.map { "  \($0)" }
    }
}
