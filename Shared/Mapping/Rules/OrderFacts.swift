import Accounting

/// What rules can ask of an order.
struct OrderFacts: Sendable {
    let order: CanonicalOrder
    let storeID: String
    /// The day of the invoice.
    let date: CalendarDate

    /// The payment method of the money; empty if there is none.
    var paymentMethod: String { order.tenders.first { $0.kind == .money }?.method ?? "" }

    /// The values of a field; several for categories and shipping methods, none for a line's field without a line.
    func values(of field: RuleField, line: CanonicalLine?, tender: Tender?, rates: LineRates?) -> [RuleValue] {
        switch field {
        case .store: texts(storeID)
        case .platform: texts(order.platform.rawValue)
        case .status: texts(order.status)
        case .paymentMethod: texts(tender?.method ?? paymentMethod)
        case .country: texts(order.customer.address.country)
        case .region: texts(order.customer.address.region)
        case .currency: texts(order.currency.code)
        case .shippingMethod: order.lines(of: .shipping).map { .text($0.name.lowercased()) }
        case .customer: texts(order.customer.id == nil ? "guest" : "registered")
        case .company: texts(order.customer.company)
        case .email: texts(order.customer.email)
        case .total: [.number(order.totals.total)]
        case .date: [.date(date)]
        case .custom(let name): texts(order.customFields[name] ?? "")
        case .kind: line.map { texts($0.kind.word) } ?? []
        case .sku: line.map { texts($0.sku ?? "") } ?? []
        case .category: line?.categories.map { .text($0.lowercased()) } ?? []
        case .name: line.map { texts($0.name) } ?? []
        case .quantity: line.map { [.number($0.quantity)] } ?? []
        case .taxRate: rates?.percent.map { [.number($0)] } ?? []
        case .taxCode: rates?.codes.map { .text($0.lowercased()) } ?? []
        case .taxClass: line.map { texts($0.taxClass) } ?? []
        }
    }

    private func texts(_ text: String) -> [RuleValue] { [.text(text.lowercased())] }
}

/// The rates that make a line's tax.
struct LineRates: Sendable, Hashable {
    /// The storefront's codes of them.
    var codes: [String]
    /// What they make together, in percent; `nil` if one does not say.
    var percent: ExactDecimal?

    /// The codes as one; `nil` if there are none.
    var code: String? { codes.isEmpty ? nil : codes.joined(separator: "+") }

    /// The percent as the mapping writes it.
    var percentText: String? { percent?.normalized.description }
}
