import JSON
import Mapping
import Yams

extension ParsedConfiguration {
    /// Every org has an app, every store an org, and every org the tenant its app needs.
    func checkReferences(_ reader: inout ConfigurationReader) {
        let appNames = names["apps", default: []].sorted()
        let orgNames = names["orgs", default: []].sorted()
        for org in orgs where !appNames.contains(org.value.appID) {
            let hint = ConfigurationNames.hint(for: org.value.appID, among: appNames)
            reader.report(
                org.fields.line(of: "app"), join(org.fields.path, "app"),
                "there is no app '\(org.value.appID)' below apps:\(hint)")
        }
        for org in orgs {
            guard let app = apps.first(where: { $0.value.id == org.value.appID })?.value else { continue }
            let path = join(org.fields.path, "tenant")
            if app.kind == .customConnection, org.value.tenantID != nil {
                reader.report(
                    org.fields.line(of: "tenant"), path,
                    "a custom connection reaches one organisation and needs no tenant; leave the line out")
            }
        }
        for (app, users) in Dictionary(grouping: orgs, by: \.value.appID) where users.count > 1 {
            guard apps.first(where: { $0.value.id == app })?.value.kind == .customConnection else { continue }
            for org in users.dropFirst() {
                reader.report(
                    org.fields.line(of: "app"), join(org.fields.path, "app"),
                    "the custom connection '\(app)' is already used by org '\(users[0].value.id)' and reaches only "
                        + "one; give this org an app of its own"
                )
            }
        }
        for store in stores where !orgNames.contains(store.value.orgID) {
            let hint = ConfigurationNames.hint(for: store.value.orgID, among: orgNames)
            reader.report(
                store.fields.line(of: "org"), join(store.fields.path, "org"),
                "there is no org '\(store.value.orgID)' below orgs:\(hint)")
        }
    }

    /// No two stores of an org can ever make the same document number.
    func checkPrefixes(_ reader: inout ConfigurationReader) {
        for (index, store) in stores.enumerated() {
            for other in stores[..<index] where other.value.orgID == store.value.orgID {
                let shorter = min(
                    store.value.numberPrefix, other.value.numberPrefix, by: { $0.utf8.count < $1.utf8.count })
                let longer = shorter == store.value.numberPrefix ? other.value.numberPrefix : store.value.numberPrefix
                guard longer.lowercased().hasPrefix(shorter.lowercased()),
                    longer.dropFirst(shorter.count).allSatisfy(\.isNumber)
                else { continue }
                let what =
                    longer == shorter
                    ? "the same prefix as" : "too much like the prefix '\(other.value.numberPrefix)' of"
                reader.report(
                    store.fields.line(of: "number_prefix"), join(store.fields.path, "number_prefix"),
                    "'\(store.value.numberPrefix)' is \(what) store '\(other.value.id)' of the same org: two orders "
                        + "could get one invoice number; give each store its own, ending in a hyphen"
                )
            }
        }
    }

    private func min(_ left: String, _ right: String, by areInOrder: (String, String) -> Bool) -> String {
        areInOrder(right, left) ? right : left
    }
}
