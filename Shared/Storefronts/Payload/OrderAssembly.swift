import Accounting

/// How far an order is, in the words that mappings know; each platform's own words become these where they mean the same.
enum OrderStatus {
    static let pending = "pending"
    static let processing = "processing"
    static let completed = "completed"
    static let onHold = "on-hold"
    static let refunded = "refunded"
    static let cancelled = "cancelled"
    static let failed = "failed"
}

/// Collects the rates that occur in an order's lines, and what each of them makes of goods and of shipping.
struct TaxTable {
    private(set) var taxes: [CanonicalTax] = []
    private var positions: [String: Int] = [:]

    /// Adds what one rate makes of one line.
    /// - Returns: the line's component.
    mutating func add(
        code: String, label: String = "", percent: ExactDecimal?, isCompound: Bool = false, amount: ExactDecimal,
        on kind: LineKind
    ) -> TaxComponent {
        let percent = percent?.rounded(scale: 6).normalized
        let rateID = [code, percent?.description ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
        let position: Int
        if let known = positions[rateID] {
            position = known
        } else {
            position = taxes.count
            positions[rateID] = position
            taxes.append(
                CanonicalTax(
                    rateID: rateID, code: code, label: label.isEmpty ? code : label, percent: percent,
                    isCompound: isCompound, amount: .zero))
        }
        if kind == .shipping {
            taxes[position].shippingAmount += amount
        } else {
            taxes[position].amount += amount
        }
        return TaxComponent(rateID: rateID, amount: amount)
    }
}

extension [CanonicalRefund] {
    /// In the order in which they happened; at the same time the smaller id comes first.
    func oldestFirst() -> [CanonicalRefund] {
        sorted { ($0.createdAt, $0.id.utf8.count, $0.id) < ($1.createdAt, $1.id.utf8.count, $1.id) }
    }

    /// Makes sure that no refund is missing: together they must be what the order says went back.
    func require(total: ExactDecimal, scale: Int) throws(StorefrontError) {
        let known = lazy.map(\.amount).sum()
        guard known < total else { return }
        throw StorefrontError(
            .incomplete,
            "refund details not read yet: \(total.fixed(scale)) was refunded, but the refunds at hand are \(known.fixed(scale))"
        )
    }
}

extension CanonicalLine {
    /// The line of a refund that takes a line's amounts back.
    func takenBack(refundedLineID: String? = nil) -> RefundLine {
        var line = self
        line.quantity = -quantity
        line.net = -net
        line.tax = -tax
        line.taxComponents = taxComponents.map { TaxComponent(rateID: $0.rateID, amount: -$0.amount) }
        return RefundLine(line, refundedLineID: refundedLineID)
    }
}

extension PayloadFields {
    /// An address under the names that a platform has for its parts.
    func address(
        lines: [String], city: String, region: [String], postalCode: String, country: [String]
    ) -> CanonicalAddress {
        CanonicalAddress(
            lines: lines.map { text($0, limit: 500) }.filter { !$0.isEmpty }, city: text(city, limit: 255),
            region: text(firstOf: region, limit: 255), postalCode: text(postalCode, limit: 50),
            country: text(firstOf: country, limit: 50))
    }

    /// Those of some fields that say something, under the same names.
    func customFields(_ keys: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for key in keys {
            let value = text(key, limit: 255)
            if !value.isEmpty { result[key] = value }
        }
        return result
    }
}

/// Puts together what an order is paid with: the money first, then what the store owed; a tender of nothing is not listed.
func tenders(money: [Tender], owed: [Tender]) -> [Tender] { (money + owed).filter { !$0.amount.isZero } }
