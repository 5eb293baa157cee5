public import JSON

/// What was mapped before: by the mappings of the organisation's stores, and in documents that Xero took.
///
/// Only our own documents and configuration are looked at, and only counted.
public struct PastUse: Sendable, Hashable {
    /// How often something was used.
    struct Use: Sendable, Hashable {
        var times = 0
        var stores: Set<String> = []
    }

    /// How many documents were looked at.
    public private(set) var documents = 0
    /// By the mapping's key, such as `accounts.sales` or `payments.stripe`, and by value.
    private(set) var posted: [String: [String: Use]] = [:]
    /// The same of what mappings say.
    private(set) var mapped: [String: [String: Use]] = [:]

    /// Nothing is known.
    public init() {}

    /// Adds a document that Xero has.
    /// - Parameters:
    ///   - element: What was sent.
    ///   - decisions: What decided its fields, as it is kept: `{"0.account": "mapping.accounts.sales"}`.
    ///   - storeID: The store it is of.
    public mutating func add(element: JSONValue, decisions: JSONValue, storeID: String) {
        documents += 1
        for (field, because) in decisions.object ?? [:] {
            guard let because = because.string, because.hasPrefix("mapping.") else { continue }
            let key = because.dropFirst("mapping.".count).filter { $0 != "\"" }
            let place = field.split(separator: ".", maxSplits: 1)
            let line = place.count == 2 ? Int(place[0]).flatMap { element["LineItems"]?[$0] } : nil
            let value: JSONValue? =
                switch place.last {
                case "account": line?["AccountCode"] ?? element["Account"]?["Code"]
                case "tax_type": line?["TaxType"]
                default: nil
                }
            guard let value = value?.string else { continue }
            posted[key, default: [:]][value, default: Use()].times += 1
            posted[key]?[value]?.stores.insert(storeID)
        }
    }

    /// Adds what a store's mapping says.
    /// - Parameters:
    ///   - mapping: The mapping, merged over its org's.
    ///   - storeID: The store.
    public mutating func add(mapping: JSONValue, storeID: String) {
        for section in ["accounts", "taxes", "payments"] {
            for (key, value) in mapping[section]?.object ?? [:] {
                guard let value = value.string ?? value.int.map(String.init) else { continue }
                let name = section == "taxes" ? MappingConfiguration.percent(key) ?? key : key
                mapped["\(section).\(name)", default: [:]][value, default: Use()].stores.insert(storeID)
            }
        }
    }

    /// What speaks for a value at a key.
    func evidence(_ key: String, _ value: String, apartFrom storeID: String?) -> [Evidence] {
        var evidence: [Evidence] = []
        if let uses = posted[key], let use = uses[value] {
            let all = uses.values.reduce(0) { $0 + $1.times }
            evidence.append(
                Evidence(
                    45 * use.times / max(1, all),
                    "Xero has \(use.times) posted so (\(use.stores.sorted().joined(separator: ", ")))"))
        }
        let others = (mapped[key]?[value]?.stores ?? []).filter { $0 != storeID }.sorted()
        if !others.isEmpty { evidence.append(Evidence(25, "mapped so for \(others.joined(separator: ", "))")) }
        if let storeID, mapped[key]?[value]?.stores.contains(storeID) == true {
            evidence.append(Evidence(10, "mapped so now"))
        }
        return evidence
    }
}
