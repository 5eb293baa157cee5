import Accounting

/// The item of a line.
struct LineItem: Sendable {
    /// Its code, and what decided that the line carries it.
    var code: Decided<String>
    /// What the organisation says of it; `nil` if it is not asked, or does not have it.
    var known: KnownItems.Item?
    /// Whether it has to be made before the line can be posted.
    var isNew = false

    var because: String { "item \(code.value)" }
}

extension MappingDecisions {
    /// The item of a line; `nil` if it has none.
    ///
    /// A rule's `item_code` names it, else the SKU of a product. The mapping's `items`, or a rule's, says what becomes of a code
    /// that the organisation does not have.
    func item(_ line: CanonicalLine) -> LineItem? {
        let named = itemCode(line)
        let mode = itemMode(line)
        guard mode.value != .none else { return named.map { LineItem(code: $0) } }
        let sku = line.kind == .product ? line.sku ?? "" : ""
        let code = named ?? Decided(XeroText.itemCode(sku), mode.because)
        guard !code.value.isEmpty else { return nil }
        guard let known = org.reference?.items?[code.value] else {
            return mode.value == .create ? LineItem(code: code, isNew: true) : nil
        }
        guard known.isSold, !known.isTracked || mapping.items.tracked == .use else { return nil }
        return LineItem(code: Decided(known.code, code.because), known: known)
    }

    /// Whether a line has to wait until the organisation's items were read.
    func awaitsItems(_ line: CanonicalLine) -> Bool {
        guard org.reference?.items == nil, itemMode(line).value == .find else { return false }
        return itemCode(line) != nil || line.kind == .product && line.sku != nil
    }

    private func itemMode(_ line: CanonicalLine) -> Decided<ItemSettings.Mode> {
        guard mapping.usesItems else { return Decided(.none, "default") }
        return self.line(.items, line) { $0.items } ?? Decided(mapping.items.mode, "mapping.items")
    }

    /// The account that an item brings along, if lines can be on it.
    func account(of item: LineItem?) -> Decided<String>? {
        guard mapping.items.defaults == .use, let item, let code = item.known?.account,
            let account = org.reference?.accounts?[code], account.takesLines, !account.isArchived
        else { return nil }
        return Decided(code, item.because)
    }

    /// The tax type that an item brings along, if it is of the line's very rate and its account can take it.
    func taxType(of item: LineItem?, percent: ExactDecimal?, account: String) -> Decided<String>? {
        guard mapping.items.defaults == .use, let item, let type = item.known?.taxType, let percent,
            let rate = org.reference?.taxRates?[type], rate.percent == percent.normalized
        else { return nil }
        if let known = org.reference?.accounts?[account], !rate.classes.contains(known.accountClass) { return nil }
        return Decided(type, item.because)
    }
}
