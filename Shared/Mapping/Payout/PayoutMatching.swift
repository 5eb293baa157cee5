import Accounting

/// Looks for the sales and refunds behind the lines of a payout, order by order.
struct PayoutMatching {
    private let payout: Payout
    private let orders: [String: PayoutOrder]
    private let account: String
    private let reference: ReferenceData?

    /// What is wrong, with the arithmetic.
    private(set) var findings: [String] = []
    /// The open entries that the payout pays.
    private(set) var taken: [PayoutOrder.Open] = []
    /// The day that decides a line's month, by the line's position.
    private(set) var dates: [Int: CalendarDate] = [:]
    /// The order of a line, by the line's position.
    private(set) var orderIDs: [Int: String] = [:]
    /// Where the money of a line is already, by the line's position.
    private(set) var settledIn: [Int: String] = [:]

    init(payout: Payout, orders: [String: PayoutOrder], account: String, reference: ReferenceData?) {
        self.payout = payout
        self.orders = orders
        self.account = account
        self.reference = reference
    }

    mutating func run() {
        // An order may be named by its number in one line and by its id in another.
        var lines: [(order: PayoutOrder, positions: [Int])] = []
        var places: [String: Int] = [:]
        for (position, line) in payout.lines.enumerated() {
            guard let name = line.order else { continue }
            guard let order = orders[name] else {
                // A fee's order is a remark; a sale's is what the line is.
                if isSale(line) { findings.append("line \(position + 1): order \(name) is not known here") }
                continue
            }
            orderIDs[position] = order.id
            guard isSale(line) else {
                dates[position] = line.date ?? order.soldOn
                continue
            }
            if let place = places[order.id] {
                lines[place].positions.append(position)
            } else {
                places[order.id] = lines.count
                lines.append((order, [position]))
            }
        }
        for (order, positions) in lines { match(order, positions) }
    }

    private func isSale(_ line: PayoutLine) -> Bool { line.kind == .charge || line.kind == .refund }

    private mutating func match(_ order: PayoutOrder, _ positions: [Int]) {
        if let currency = order.currency, currency != payout.currency {
            return object(order, positions, "is in \(currency), but the payout is in \(payout.currency)")
        }
        if !order.open.isEmpty { return take(order, positions) }
        if order.elsewhere.isEmpty { return object(order, positions, order.obstacle) }
        var left = order.elsewhere
        for position in positions { settle(order, position, &left) }
    }

    private mutating func object(_ order: PayoutOrder, _ positions: [Int], _ words: String) {
        findings.append("line \((positions.first ?? 0) + 1): order \(order.number) \(words)")
    }

    // MARK: Orders that wait for their payout

    /// The lines of an order are what is open of it: all of it, or all that was sold and some of the refunds.
    private mutating func take(_ order: PayoutOrder, _ positions: [Int]) {
        let sales = order.open.filter { !$0.entry.total.isNegative }
        var refunds = order.open.filter { $0.entry.total.isNegative }
        let charges = positions.filter { !payout.lines[$0].amount.isNegative }
        let returned = positions.filter { payout.lines[$0].amount.isNegative }
        if sum(positions) == order.open.map(\.entry.total).sum(), charges.isEmpty == sales.isEmpty {
            return accept(order, order.open, charges, returned)
        }
        guard charges.isEmpty || sum(charges) == sales.map(\.entry.total).sum() else {
            return differ(order, positions)
        }
        var found: [PayoutOrder.Open] = []
        if sum(returned) == refunds.map(\.entry.total).sum() {
            found = returned.isEmpty ? [] : refunds
        } else {
            for position in returned {
                let amount = payout.lines[position].amount
                guard let place = refunds.firstIndex(where: { $0.entry.total == amount }) else {
                    return differ(order, positions)
                }
                found.append(refunds.remove(at: place))
            }
        }
        accept(order, (charges.isEmpty ? [] : sales) + found, charges, returned)
    }

    private mutating func accept(
        _ order: PayoutOrder, _ entries: [PayoutOrder.Open], _ charges: [Int], _ returned: [Int]
    ) {
        taken += entries
        let sale = entries.first { !$0.entry.total.isNegative }
        for position in charges { dates[position] = sale?.entry.happenedOn ?? order.soldOn }
        var refunds = entries.filter { $0.entry.total.isNegative }
        for position in returned {
            let same = refunds.firstIndex { $0.entry.total == payout.lines[position].amount }
            let entry = same.map { refunds.remove(at: $0) } ?? refunds.first ?? sale
            dates[position] = entry?.entry.happenedOn
        }
    }

    private mutating func differ(_ order: PayoutOrder, _ positions: [Int]) {
        let paid = positions.map { payout.lines[$0].amount.fixed(2) }.joined(separator: ", ")
        let open = order.open.map { "\($0.entry.source) \($0.entry.total.fixed(2))" }.joined(separator: ", ")
        let apart = (sum(positions) - order.open.map(\.entry.total).sum()).magnitude.fixed(2)
        object(
            order, positions, "is paid out with \(paid), but what is not paid out of it yet is \(open): \(apart) apart")
    }

    private func sum(_ positions: [Int]) -> ExactDecimal { positions.lazy.map { payout.lines[$0].amount }.sum() }

    // MARK: Orders that were posted otherwise

    /// The order has documents of its own, or is in a day's total: its money is in an account already.
    private mutating func settle(_ order: PayoutOrder, _ position: Int, _ left: inout [SummaryEntry.Money]) {
        let amount = payout.lines[position].amount
        let fitting = left.indices.filter {
            left[$0].amount.isNegative == amount.isNegative && left[$0].amount.magnitude >= amount.magnitude
        }
        guard let place = fitting.first(where: { left[$0].account == account }) ?? fitting.first else {
            let rest = left.map { "\($0.amount.fixed(2)) in \($0.account)" }.joined(separator: ", ")
            return object(
                order, [position],
                "was posted by itself; \(amount.fixed(2)) is paid out, but what is not paid out of it yet is \(rest)")
        }
        let source = left[place].account
        if source != account, reference?.accounts?[source]?.takesLines == false {
            return object(
                order, [position],
                "was posted by itself and its money is in \(source), a bank account, but the payout goes into \(account): "
                    + "set the account of both to the same")
        }
        left[place].amount -= amount
        settledIn[position] = source
        dates[position] = amount.isNegative ? payout.lines[position].date : order.soldOn
    }
}
