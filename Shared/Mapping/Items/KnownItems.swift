public import JSON

/// The items that an organisation has, as last read.
///
/// Source: Xero Accounting API, Items.
public struct KnownItems: Sendable, Hashable {
    /// An item.
    public struct Item: Sendable, Hashable {
        /// What lines name it by.
        public var code: String
        /// The account of its sales, if it says so.
        public var account: String?
        /// The tax type of its sales, if it says so.
        public var taxType: String?
        /// Whether Xero counts its stock.
        public var isTracked: Bool
        /// Whether it can be sold.
        public var isSold: Bool
    }

    private var byCode: [String: Item] = [:]
    /// Items by code in small letters, where only one has it.
    private var byFoldedCode: [String: Item?] = [:]

    /// Reads what Xero answered.
    /// - Parameter answer: the body of the answer.
    public init(answer: JSONValue) {
        for element in answer["Items"]?.array ?? [] {
            guard let code = element["Code"]?.string else { continue }
            let sales = element["SalesDetails"]
            let item = Item(
                code: code, account: sales?["AccountCode"]?.string, taxType: sales?["TaxType"]?.string,
                isTracked: element["IsTrackedAsInventory"]?.bool ?? false, isSold: element["IsSold"]?.bool ?? true)
            byCode[code] = item
            let folded = code.lowercased()
            byFoldedCode[folded] = .some(byFoldedCode[folded] == nil ? item : nil)
        }
    }

    /// The item of a code: that very code, else the only one that differs in capitals alone.
    public subscript(code: String) -> Item? {
        byCode[code] ?? byFoldedCode[code.lowercased()].flatMap { $0 }
    }
}
