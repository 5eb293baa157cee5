import JSON

/// Which lines carry an item of the organisation's: the `items:` of a mapping.
public struct ItemSettings: Sendable, Hashable {
    /// Where the items of lines come from.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// No line carries an item, unless a rule names one.
        case none
        /// A line carries the item whose code is its SKU, if the organisation has it.
        case find
        /// The same, and an item that is not there is made first.
        case create
    }

    /// What becomes of a document whose item Xero refuses to make.
    public enum Refused: String, Sendable, Hashable, CaseIterable {
        /// It is posted without the item.
        case without
        /// It waits until the item was made.
        case hold
    }

    /// What becomes of items whose stock Xero counts.
    public enum Tracked: String, Sendable, Hashable, CaseIterable {
        /// Lines go without them: the store counts the stock.
        case skip
        /// Lines carry them, and Xero counts what is sold.
        case use
    }

    /// Whether an item's own account and tax type count.
    public enum Defaults: String, Sendable, Hashable, CaseIterable {
        /// They go before the plain default of the mapping.
        case use
        /// The mapping alone decides.
        case ignore
    }

    /// Whether an item that is made gets a price.
    public enum Prices: String, Sendable, Hashable, CaseIterable {
        /// It gets none.
        case none
        /// It gets what the line cost that it was made for, if that was in the organisation's own currency.
        case firstSale = "first_sale"
    }

    /// Where the items of lines come from.
    public var mode = Mode.none
    /// What becomes of a document whose item Xero refuses to make.
    public var refused = Refused.without
    /// What becomes of items whose stock Xero counts.
    public var tracked = Tracked.skip
    /// Whether an item's own account and tax type count.
    public var defaults = Defaults.use
    /// Whether an item that is made gets a price.
    public var prices = Prices.none

    static let keys = ["mode", "if_refused", "tracked", "defaults", "prices"]

    /// Reads `items: create`, or `items: { mode: create, if_refused: hold }`.
    init(_ root: MappingReader) {
        guard root["items"]?.object != nil else {
            mode = root.choice("items", Mode.self) ?? mode
            return
        }
        let reader = root.object("items", keys: Self.keys)
        if reader["mode"] == nil { reader.report("mode", "is missing; say none, find or create") }
        mode = reader.choice("mode", Mode.self) ?? mode
        refused = reader.choice("if_refused", Refused.self) ?? refused
        tracked = reader.choice("tracked", Tracked.self) ?? tracked
        defaults = reader.choice("defaults", Defaults.self) ?? defaults
        prices = reader.choice("prices", Prices.self) ?? prices
    }
}

extension MappingConfiguration {
    /// Whether planning has to know the organisation's items. Lines of a day's total or a payout carry none.
    public var usesItems: Bool {
        let modes = rules.deciding(.posting).compactMap(\.actions.posting) + posting.all
        guard modes.contains(.eachOrder) else { return false }
        return items.mode != .none || rules.deciding(.items).contains { $0.actions.items != ItemSettings.Mode.none }
    }
}
