public import Accounting
public import JSON
public import Mapping

/// What an order would become, for people to look at: the documents with what decided each of their fields.
public struct OrderPreview: Sendable {
    /// A document with the figures that Xero will show.
    public struct Document: Sendable {
        /// The document as it was planned.
        public let planned: PlannedDocument
        /// Its lines; none for contacts and payments.
        public let lines: [Line]
    }

    /// A line of an invoice or credit note.
    public struct Line: Sendable {
        /// What it says.
        public let description: String
        /// How many.
        public let quantity: ExactDecimal
        /// Its amount without tax.
        public let net: ExactDecimal
        /// Its tax.
        public let tax: ExactDecimal
        /// Its account's code.
        public let account: String
        /// Its tax type.
        public let taxType: String
        /// The item, if it has one.
        public let itemCode: String?
        /// Its tracking categories and options.
        public let tracking: [(category: String, option: String)]
    }

    /// The store.
    public let storeID: String
    /// The order as it was read; `nil` if it could not be.
    public let order: CanonicalOrder?
    /// What coupons took off, tax left out; the lines are net of it.
    public let coupons: [(code: String, amount: ExactDecimal)]
    /// What the plan is, or why there is none.
    public private(set) var outcome: PlanOutcome
    /// The documents of the plan, in their order.
    public private(set) var documents: [Document]
    /// What looks odd about the order, with whether somebody accepted it.
    public private(set) var anomalies: [(anomaly: Anomaly, isAccepted: Bool)] = []
    /// What it adds to its days, in place of the documents, where the store's orders are summed up by day; empty if it has
    /// documents of its own.
    public private(set) var entries: [SummaryEntry]
    /// Why it has documents of its own although the store's orders are summed up by day.
    public let postedAlone: String?
    /// What stands before the numbers of the store's documents.
    public let numberPrefix: String
    /// What is known of the organisation, if anything.
    public let reference: ReferenceData?

    /// Previews an order.
    /// - Parameters:
    ///   - snapshot: `{"order", "refunds"}` as the store worded them, or an order however its platform wrapped it.
    ///   - past: What is known of the order besides.
    ///   - rules: The store's.
    public init(_ snapshot: JSONValue, past: OrderDecision.Past = .init(), rules: PlanningRules) {
        let decision = OrderDecision.decide(snapshot, past: past, rules: rules)
        storeID = rules.store.storeID
        order = decision.order
        coupons = ((snapshot["order"] ?? snapshot)["coupon_lines"]?.array ?? []).map { coupon in
            (coupon["code"]?.string ?? "", coupon["discount"]?.decimal ?? .zero)
        }
        outcome = decision.outcome
        reference = rules.org.reference
        numberPrefix = rules.store.numberPrefix
        (entries, postedAlone) = Self.summed(decision.outcome, past, rules)
        if case .planned(let plan) = outcome {
            let isInvoiced = past.invoiceDate != nil && !plan.onceInvoiced.isEmpty
            documents = (isInvoiced ? plan.onceInvoiced : plan.documents).map { document in
                let elements = document.desired["LineItems"]?.array ?? []
                return Document(
                    planned: document, lines: elements.map { Self.line($0, percents: rules.org.taxRates) })
            }
        } else {
            documents = []
        }
    }

    /// What an order adds to its days or its payout, or why it is posted by itself.
    private static func summed(
        _ outcome: PlanOutcome, _ past: OrderDecision.Past, _ rules: PlanningRules
    ) -> (entries: [SummaryEntry], alone: String?) {
        guard case .planned(let plan) = outcome, plan.posting != .eachOrder || past.isSummarised else {
            return ([], nil)
        }
        if past.hasDocuments { return ([], "it has documents of its own already") }
        let read =
            plan.posting == .payoutSummary
            ? SummaryBooking.readPaidOut(plan, org: rules.org) : SummaryBooking.read(plan, rates: rules.org.taxRates)
        switch read {
        case .entries(let entries): return (entries, nil)
        case .unfit(let reason): return ([], reason)
        }
    }

    /// Whether the order waits for its payout instead of being posted.
    public var awaitsPayout: Bool { !entries.isEmpty && outcome.posting == .payoutSummary }

    /// Adds what looks odd, for which the order would be held or flagged.
    /// - Parameters:
    ///   - found: What looks odd.
    ///   - accepted: What a person accepted already.
    ///   - policy: What is done about it.
    public mutating func flag(_ found: [Anomaly], accepted: [Anomaly], policy: AnomalyPolicy) {
        anomalies = found.map { anomaly in
            (anomaly, accepted.contains { $0.kind == anomaly.kind && $0.subject == anomaly.subject })
        }
        let open = anomalies.filter { !$0.isAccepted }.map(\.anomaly)
        guard let held = policy.hold(for: open, order: "\(storeID) \(order?.number ?? "")") else { return }
        outcome = held
        documents = []
        entries = []
    }

    /// A line with the amounts that Xero computes where the element does not say them.
    private static func line(_ element: JSONValue, percents: [String: ExactDecimal]) -> Line {
        let quantity = element["Quantity"]?.decimal ?? .zero
        let taxType = element["TaxType"]?.string ?? ""
        let net = (quantity * (element["UnitAmount"]?.decimal ?? .zero)).rounded(scale: 2)
        let computed = percents[taxType].map { (net * $0).divided(by: ExactDecimal(100), scale: 2) }
        return Line(
            description: element["Description"]?.string ?? "", quantity: quantity, net: net,
            tax: element["TaxAmount"]?.decimal ?? computed ?? .zero,
            account: element["AccountCode"]?.string ?? "", taxType: taxType, itemCode: element["ItemCode"]?.string,
            tracking: (element["Tracking"]?.array ?? []).map { ($0["Name"]?.string ?? "", $0["Option"]?.string ?? "") })
    }
}
