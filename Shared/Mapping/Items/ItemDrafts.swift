import Accounting
import JSON

/// The items that an order's documents need and the organisation does not have. Each is made once, however many orders and
/// stores need it, and never changed afterwards.
///
/// Source: Xero Accounting API, Items: lengths of fields.
struct ItemDrafts {
    private var drafts: [String: PlannedDocument] = [:]

    /// Notes that a line needs an item.
    /// - Parameters:
    ///   - item: the item.
    ///   - line: what is sold.
    ///   - made: the line as it was decided.
    ///   - context: the order's.
    mutating func add(_ item: LineItem, for line: CanonicalLine, as made: DocumentLine, _ context: PlanContext) {
        let code = item.code.value
        guard item.isNew, drafts[code] == nil else { return }
        let name = line.name.isEmpty ? code : line.name
        var sales: JSONObject = ["AccountCode": .string(made.account)]
        var decisions = [
            Decision(field: "code", value: code, because: item.code.because),
            Self.decision("account", made.account, made),
        ]
        if Self.isDomestic(context), !made.taxType.isEmpty {
            sales["TaxType"] = .string(made.taxType)
            decisions.append(Self.decision("tax_type", made.taxType, made))
        }
        if let price = Self.price(line, context) {
            sales["UnitPrice"] = XeroText.amount(price)
            decisions.append(Decision(field: "price", value: price.description, because: "mapping.items.prices"))
        }
        var document = PlannedDocument(
            Self.reference(code), number: code,
            desired: [
                "Code": .string(code), "Name": .string(XeroText.name(name, limit: 50)),
                "Description": .string(XeroText.limited(name, 4000)), "SalesDetails": .object(sales),
            ])
        document.decisions = decisions
        drafts[code] = document
    }

    /// Puts the items that documents name before these, which wait for them.
    func placed(in documents: [PlannedDocument], _ refused: ItemSettings.Refused) -> [PlannedDocument] {
        guard !drafts.isEmpty else { return documents }
        var needed: Set<String> = []
        let others = documents.map { document in
            let codes = Set((document.desired["LineItems"]?.array ?? []).compactMap { $0["ItemCode"]?.string })
                .intersection(drafts.keys)
            guard !codes.isEmpty else { return document }
            needed.formUnion(codes)
            var document = document
            let references = codes.sorted().map(Self.reference)
            switch refused {
            case .hold: document.dependsOn += references
            case .without: document.prefers += references
            }
            return document
        }
        // In one order for all orders of an organisation, so that two never wait for each other's.
        let items = needed.sorted().compactMap { drafts[$0] }
        let place = others.firstIndex { $0.kind != .contact } ?? others.endIndex
        return others[..<place] + items + others[place...]
    }

    private static func reference(_ code: String) -> DocumentKeyRef {
        DocumentKeyRef(kind: .item, sourceID: DocumentKey.source(escaping: code))
    }

    private static func decision(_ field: String, _ value: String, _ line: DocumentLine) -> Decision {
        Decision(
            field: field, value: value,
            because: line.decisions.first { $0.field == field }?.because ?? "the line it was made for")
    }

    /// Whether the sale is taxed as sales usually are: what an export is taxed by is no default.
    private static func isDomestic(_ context: PlanContext) -> Bool {
        guard let own = context.org.country else { return false }
        return context.order.customer.address.country.uppercased() == own
    }

    /// What one cost, where that can be a price in the organisation's own currency.
    private static func price(_ line: CanonicalLine, _ context: PlanContext) -> ExactDecimal? {
        guard context.mapping.items.prices == .firstSale, context.org.baseCurrency == context.order.currency,
            line.quantity > .zero, line.net > .zero
        else { return nil }
        return line.net.dividing(by: line.quantity, scale: 4)?.normalized
    }
}
