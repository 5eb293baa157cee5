public import JSON

/// What suggestions are made from. All of it is on this machine.
public struct SuggestionInput: Sendable {
    /// The org.
    public var orgID: String
    /// The store; `nil` for what all stores of the org share.
    public var storeID: String?
    /// The store's platform; empty for an org.
    public var platform: String
    /// The ids of all stores of the org.
    public var storeIDs: [String]
    /// What the organisation itself says of its accounts, tax rates and tracking.
    public var reference: ReferenceData
    /// The organisation's country in two letters, if known.
    public var country: String?
    /// What the store's orders show.
    public var profile: StoreProfile
    /// What was mapped before.
    public var past: PastUse
    /// The mapping as it is, merged over the org's; empty if there is none.
    public var current: JSONValue

    /// Makes an input.
    public init(
        orgID: String, storeID: String?, platform: String, storeIDs: [String], reference: ReferenceData,
        country: String?, profile: StoreProfile = StoreProfile(), past: PastUse = PastUse(), current: JSONValue = [:]
    ) {
        self.orgID = orgID
        self.storeID = storeID
        self.platform = platform
        self.storeIDs = storeIDs
        self.reference = reference
        self.country = country
        self.profile = profile
        self.past = past
        self.current = current
    }

    /// The accounts in use, by code.
    var accounts: [ReferenceData.Account] {
        (reference.accounts ?? [:]).values.filter { !$0.isArchived }.sorted { $0.code < $1.code }
    }

    /// What the mapping says now at a place.
    func current(_ section: String, _ key: String) -> JSONValue? { current[section]?[key] }

    /// Adds to a candidate what earlier use says of it.
    func remembering(_ candidate: Candidate, _ key: String) -> Candidate {
        var candidate = candidate
        candidate.evidence += past.evidence(key, candidate.value, apartFrom: storeID)
        return candidate
    }
}

extension ReferenceData.Account {
    /// Code and name, as tables show it.
    var title: String { name.isEmpty ? code : "\(code) \(name)" }
}

/// What somebody found out of an input.
struct SuggestionDraft {
    var suggestions: [MappingSuggestion] = []
    var gaps: [MappingGap] = []

    static func += (left: inout SuggestionDraft, right: SuggestionDraft) {
        left.suggestions += right.suggestions
        left.gaps += right.gaps
    }
}
