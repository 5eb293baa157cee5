import JSON

/// How a store's orders are posted: `posting:` of its mapping, one mode for all orders or one for each payment method.
public struct PostingModes: Sendable, Hashable {
    /// The mode of orders whose payment method is not named.
    public var usual: PostingMode
    /// The modes of payment methods, by the storefront's id of the method.
    public var byMethod: [String: PostingMode]

    /// Makes modes.
    public init(usual: PostingMode = .eachOrder, byMethod: [String: PostingMode] = [:]) {
        self.usual = usual
        self.byMethod = byMethod
    }

    /// Reads `daily_summary`, or `{ default: each_order, stripe: daily_summary }`.
    init(_ root: MappingReader) {
        self.init()
        guard root["posting"]?.object != nil else {
            usual = root.choice("posting", PostingMode.self) ?? .eachOrder
            return
        }
        let methods = root.object("posting", keys: nil)
        for key in methods.keys {
            guard let mode = methods.choice(key, PostingMode.self) else { continue }
            if key == "default" { usual = mode } else { byMethod[key] = mode }
        }
    }

    /// Every mode that is named, the usual one first.
    var all: [PostingMode] { [usual] + byMethod.sorted { $0.key < $1.key }.map(\.value) }

    /// The mode of a payment method, and the key that says so.
    func mode(of method: String) -> Decided<PostingMode> {
        if let mode = byMethod[method] { return Decided(mode, "mapping.posting.\(method)") }
        return Decided(usual, usual == .eachOrder ? "default" : "mapping.posting")
    }
}
