import Accounting
import JSON
public import Mapping
import Yams

extension ConfigurationFile {
    /// The platforms that storefronts can have.
    public static let platforms = ["woocommerce"]

    /// Reads and checks a configuration file.
    ///
    /// Every problem is found at once, each with its line, the path of the value and what would be right.
    /// - Parameters:
    ///   - yaml: the file's text.
    ///   - references: what is known of the organisations, by org id: accounts and tax types are compared with it.
    ///   - lookup: finds an environment variable's value for a `${NAME}` reference; nil if there is none.
    /// - Throws: `ConfigurationFileError` with code `invalid` and all problems.
    public init(
        yaml: String, references: [String: ReferenceData] = [:], lookup: @escaping (String) throws -> String?
    ) throws(ConfigurationFileError) {
        let root = try Self.compose(yaml)
        var reader = ConfigurationReader(lookup: lookup)
        var parsed = ParsedConfiguration(references: references)
        if let sections = reader.fields(of: root, path: "", line: 1, allowed: ["apps", "orgs", "stores"]) {
            parsed.readApps(sections, &reader)
            parsed.readOrgs(sections, &reader)
            parsed.readStores(sections, &reader)
            parsed.checkReferences(&reader)
            parsed.checkPrefixes(&reader)
            parsed.checkMappings(root, &reader)
        }
        guard reader.problems.isEmpty else { throw ConfigurationFileError(.invalid, reader.problems) }
        self.init(
            apps: parsed.apps.map(\.value), orgs: parsed.orgs.map(\.value), stores: parsed.stores.map(\.value),
            maskedDocument: ConfigurationMasking.masked(root))
    }

    private static func compose(_ yaml: String) throws(ConfigurationFileError) -> Node {
        do {
            if let root = try Yams.compose(yaml: yaml) { return root }
        } catch let error as YamlError {
            throw ConfigurationFileError(.invalid, [problem(of: error)])
        } catch {
            throw ConfigurationFileError(.invalid, path: "", "the file cannot be read as YAML: \(error)")
        }
        throw ConfigurationFileError(.invalid, path: "", "the file is empty; it needs apps:, orgs: and stores:")
    }

    private static func problem(of error: YamlError) -> ConfigurationProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigurationProblem(
                line: mark.line, path: "", message: "this is not YAML (column \(mark.column)): \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map { "'\($0)'" }.joined(separator: ", ")
            return ConfigurationProblem(
                line: context.mark.line, path: "", message: "written twice in the mapping that begins here: \(names)")
        default:
            return ConfigurationProblem(line: nil, path: "", message: "the file cannot be read as YAML")
        }
    }
}

/// The entries of a file with their lines, while they are checked against each other.
struct ParsedConfiguration {
    /// An entry, and where it stands.
    struct Entry<Value> {
        var value: Value
        var fields: ConfigurationReader.Fields
    }

    /// What is known of the organisations, by org id.
    var references: [String: ReferenceData] = [:]
    var apps: [Entry<AppConfiguration>] = []
    var orgs: [Entry<OrgConfiguration>] = []
    var stores: [Entry<StoreConfiguration>] = []
    /// A mapping, and where it stands.
    struct MappingEntry {
        var fields: ConfigurationReader.Fields
        var mapping: JSONValue
        var org: String?
        var platform = ""
    }

    /// The orgs' mappings by id, also of orgs with other problems.
    var orgMappings: [String: MappingEntry] = [:]
    /// The stores' mappings, also of stores with other problems.
    var storeMappings: [MappingEntry] = []
    /// Ids that are in the file, with or without other problems: no reference to them is reported on top.
    var names: [String: Set<String>] = [:]

    mutating func readApps(_ sections: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) {
        for fields in entries(
            of: "apps", sections, ["client_id", "client_secret", "type", "tier", "redirect", "scopes"], &reader)
        {
            let clientID = reader.text(
                "client_id", in: fields, required: "it is the app's client id at developer.xero.com")
            let type = reader.choice(
                "type", in: fields, of: AppConfiguration.Kind.allCases.map(\.rawValue),
                required: "write web, pkce or custom_connection")
            let kind = type.flatMap(AppConfiguration.Kind.init)
            let needsSecret = kind.map { $0 != .pkce } ?? true
            let secret = reader.text(
                "client_secret", in: fields,
                required: needsSecret ? "give it as a reference, e.g. ${XERO_CLIENT_SECRET}" : nil)
            if kind == .pkce, secret != nil {
                reader.report(
                    fields.line(of: "client_secret"), join(fields.path, "client_secret"),
                    "a pkce app has no secret; leave the line out")
            }
            let tiers = ["starter", "core", "plus", "advanced", "enterprise", "custom"]
            let tier = reader.choice("tier", in: fields, of: tiers, required: nil)
            guard let clientID, let kind else { continue }
            let app = AppConfiguration(
                id: id(of: fields), clientID: clientID, clientSecret: secret, kind: kind,
                tier: tier ?? (kind == .customConnection ? "custom" : "starter"),
                redirect: readRedirect(fields, &reader), scopes: reader.text("scopes", in: fields))
            apps.append(Entry(value: app, fields: fields))
        }
    }

    mutating func readOrgs(_ sections: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) {
        let allowed = ["app", "tenant", "daily_calls", "time_zone", "country", "policies", "mapping"]
        for fields in entries(of: "orgs", sections, allowed, &reader) {
            let app = reader.text("app", in: fields, required: "name one of the entries below apps:")
            let tenant = reader.text("tenant", in: fields)
            if let tenant, !isTenant(tenant) {
                reader.report(
                    fields.line(of: "tenant"), join(fields.path, "tenant"),
                    "'\(tenant)' is no tenant id; it looks like 45e4708e-d862-4111-ab3a-dd8cd03913e1")
            }
            let dailyCalls = reader.number("daily_calls", in: fields, within: 1...1_000_000, otherwise: 1000)
            let timeZone = reader.text("time_zone", in: fields)
            if let timeZone, LocalTime(zone: timeZone) == nil {
                let nearest = ConfigurationNames.nearest(to: timeZone, among: LocalTime.knownZones)
                let hint = nearest.map { "did you mean '\($0)'?" } ?? "write one like Australia/Sydney"
                reader.report(
                    fields.line(of: "time_zone"), join(fields.path, "time_zone"),
                    "'\(timeZone)' is no time zone; \(hint)")
            }
            let country = readCountry(fields, &reader)
            let policies = readPolicies(fields, &reader)
            let mapping = readMapping(fields, &reader)
            orgMappings[id(of: fields)] = MappingEntry(fields: fields, mapping: mapping)
            guard let app else { continue }
            let org = OrgConfiguration(
                id: id(of: fields), appID: app, tenantID: tenant, dailyCalls: dailyCalls, timeZone: timeZone,
                country: country, policies: policies, mapping: mapping)
            orgs.append(Entry(value: org, fields: fields))
        }
    }

    mutating func readStores(_ sections: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) {
        let allowed = [
            "platform", "org", "url", "since", "credentials", "number_prefix", "sweep_seconds", "reread_seconds",
            "dry_run", "mapping",
        ]
        for fields in entries(of: "stores", sections, allowed, &reader) {
            let platform = reader.choice(
                "platform", in: fields, of: ConfigurationFile.platforms, required: "write woocommerce")
            let org = reader.text("org", in: fields, required: "name one of the entries below orgs:")
            let url = readURL(fields, &reader)
            let since = readSince(fields, org: org, &reader)
            let prefix = readPrefix(fields, &reader)
            let credentials = readCredentials(fields, &reader)
            let sweep = reader.number("sweep_seconds", in: fields, within: 1...86_400, otherwise: 300)
            let reread = reader.numbers("reread_seconds", in: fields, within: 1...86_400, otherwise: [10, 300])
            let isDryRun = reader.flag("dry_run", in: fields)
            let mapping = readMapping(fields, &reader)
            storeMappings.append(
                MappingEntry(fields: fields, mapping: mapping, org: org, platform: platform ?? "woocommerce"))
            guard let platform, let org, let url, let since, let prefix, let credentials else { continue }
            let store = StoreConfiguration(
                id: id(of: fields), platform: platform, orgID: org, url: url, since: since, numberPrefix: prefix,
                sweepSeconds: sweep, rereadSeconds: reread, webhookSecret: credentials.webhook,
                consumerKey: credentials.key, consumerSecret: credentials.secret, mapping: mapping,
                isDryRun: isDryRun)
            stores.append(Entry(value: store, fields: fields))
        }
    }

    /// The entries of a section, their ids checked.
    private mutating func entries(
        of section: String, _ sections: ConfigurationReader.Fields, _ allowed: [String],
        _ reader: inout ConfigurationReader
    ) -> [ConfigurationReader.Fields] {
        guard let (line, node) = sections.entries[section] else {
            reader.report(nil, section, "this section is missing; write '\(section): {}' if there are none")
            return []
        }
        guard let entries = reader.fields(of: node, path: section, line: line, allowed: nil) else { return [] }
        var found: [ConfigurationReader.Fields] = []
        for (name, entry) in entries.entries.sorted(by: { $0.key < $1.key }) {
            let path = join(section, name)
            names[section, default: []].insert(name)
            if !ConfigurationNames.isID(name) {
                reader.report(
                    entry.line, path, "'\(name)' is no id; an id has 1 to 32 small letters, digits and hyphens")
            } else if section == "stores", name == "xero" {
                reader.report(
                    entry.line, path,
                    "no store can be called 'xero': /webhooks/xero is Xero's own address; choose another id")
            }
            if let fields = reader.fields(of: entry.node, path: path, line: entry.line, allowed: allowed) {
                found.append(fields)
            }
        }
        return found
    }

    func id(of fields: ConfigurationReader.Fields) -> String {
        fields.path.split(separator: ".", maxSplits: 1).last.map(String.init) ?? ""
    }

    private func isTenant(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] && groups.joined().allSatisfy(\.isHexDigit)
    }
}
