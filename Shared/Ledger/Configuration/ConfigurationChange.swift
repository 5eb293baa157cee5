import Accounting
import JSON

/// One entry that a configuration adds, changes, removes or brings back.
public struct ConfigurationChange: Sendable, Hashable, CustomStringConvertible {
    /// What happens to an entry.
    public enum Action: String, Sendable, Hashable {
        /// It is new.
        case added
        /// Some of its settings differ.
        case changed
        /// It is no longer in the file: kept, but out of use.
        case removed
        /// It was removed before and is in the file again.
        case restored
    }

    /// What happens to it.
    public let action: Action
    /// `app`, `org` or `store`.
    public let kind: String
    /// Its id.
    public let id: String
    /// What differs, a setting each, e.g. `sweep_seconds: 300 -> 60`. Secrets are named, never shown.
    public let details: [String]

    /// `changed store shop: sweep_seconds: 300 -> 60`
    public var description: String {
        let head = "\(action.rawValue) \(kind) \(id)"
        return details.isEmpty ? head : "\(head): \(details.joined(separator: ", "))"
    }
}

/// An entry in the form in which the file's and the database's are compared.
struct ConfigurationEntry: Sendable {
    let kind: String
    let id: String
    /// Everything about it that is not secret.
    let facts: JSONValue
    /// Its secrets; nil where the stored ones cannot be opened with the key at hand.
    let secrets: JSONValue?
    var isRemoved = false

    /// What makes this entry differ from the one stored under its id; nil if nothing does.
    func change(from stored: ConfigurationEntry?) -> ConfigurationChange? {
        guard let stored else { return ConfigurationChange(action: .added, kind: kind, id: id, details: []) }
        let details = Self.differences(from: stored.facts, to: facts) + secretDifferences(from: stored.secrets)
        if stored.isRemoved { return ConfigurationChange(action: .restored, kind: kind, id: id, details: details) }
        guard !details.isEmpty else { return nil }
        return ConfigurationChange(action: .changed, kind: kind, id: id, details: details)
    }

    private func secretDifferences(from stored: JSONValue?) -> [String] {
        guard let stored else { return ["secrets sealed anew (COUNTERFOIL_KEY could not open the stored ones)"] }
        let names = Set((secrets?.object?.keys ?? []) + (stored.object?.keys ?? []))
        return names.sorted().filter { secrets?[$0] != stored[$0] }.map { "\($0) changed" }
    }

    /// The settings that differ, by their path.
    static func differences(from old: JSONValue, to new: JSONValue) -> [String] {
        let before = leaves(of: old, path: "")
        let after = leaves(of: new, path: "")
        return Set(before.keys).union(after.keys).sorted().compactMap { path in
            switch (before[path], after[path]) {
            case (let old?, let new?): old == new ? nil : "\(path): \(shown(old)) -> \(shown(new))"
            case (nil, let new?): "\(path): \(shown(new))"
            case (let old?, nil): "\(path): \(shown(old)) removed"
            case (nil, nil): nil
            }
        }
    }

    private static func leaves(of value: JSONValue, path: String) -> [String: JSONValue] {
        var leaves: [String: JSONValue] = [:]
        if case .array(let items) = value, !items.isEmpty, items.allSatisfy({ $0["name"]?.string != nil }) {
            // Rules: by their names, so that a new one in between is not a change of all that follow.
            leaves["\(path) in order"] = .string(items.compactMap { $0["name"]?.string }.joined(separator: "; "))
            for item in items {
                guard case .object(var members) = item, let name = item["name"]?.string else { continue }
                members["name"] = nil
                leaves.merge(self.leaves(of: .object(members), path: "\(path)[\(name)]")) { $1 }
            }
            return leaves
        }
        guard case .object(let object) = value else { return value.isNull ? [:] : [path: value] }
        for (key, value) in object { leaves.merge(self.leaves(of: value, path: join(path, key))) { $1 } }
        return leaves
    }

    private static func shown(_ value: JSONValue) -> String {
        value.string ?? value.text
    }
}

extension ConfigurationFile {
    /// The entries, apps first and stores last, as they are applied.
    var entries: [ConfigurationEntry] {
        apps.map { app in
            ConfigurationEntry(
                kind: "app", id: app.id,
                facts: [
                    "client_id": .string(app.clientID), "type": .string(app.kind.rawValue), "tier": .string(app.tier),
                    "redirect": app.redirect.map { .string($0) } ?? .null,
                    "scopes": app.scopes.map { .string($0) } ?? .null,
                ], secrets: app.secrets)
        }
            + orgs.map { org in
                ConfigurationEntry(kind: "org", id: org.id, facts: org.facts, secrets: [:])
            }
            + stores.map { store in
                ConfigurationEntry(kind: "store", id: store.id, facts: store.facts, secrets: store.secrets)
            }
    }
}

extension OrgConfiguration {
    var facts: JSONValue {
        ConfigurationMapping.merge(
            settings, over: ["app": .string(appID), "tenant": tenantID.map { .string($0) } ?? .null])
    }
}

extension StoreConfiguration {
    var facts: JSONValue {
        ConfigurationMapping.merge(
            settings,
            over: [
                "platform": .string(platform), "org": .string(orgID), "url": .string(url),
                "since": .string(since.rfc3339),
            ])
    }
}
