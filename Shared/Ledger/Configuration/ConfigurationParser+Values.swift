import Accounting
import Foundation
import JSON
import Mapping
import Yams

extension ParsedConfiguration {
    /// A store's address: http or https, no credentials, no query; its trailing slash is dropped.
    func readURL(_ fields: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) -> String? {
        guard let text = reader.text("url", in: fields, required: "it is the shop's address, e.g. https://shop.example")
        else {
            return nil
        }
        let line = fields.line(of: "url")
        let path = join(fields.path, "url")
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased()
        else {
            // Not quoted: what does not even parse may hold anything.
            reader.report(line, path, "this is no address; write one like https://shop.example")
            return nil
        }
        if parts.user != nil || parts.password != nil {
            reader.report(line, path, "an address must hold no user name or password; put them below credentials:")
            return nil
        }
        if parts.query != nil || parts.fragment != nil {
            reader.report(line, path, "an address must end with its path: leave out everything from '?' or '#' on")
            return nil
        }
        guard scheme == "https" || scheme == "http" else {
            reader.report(
                line, path, "'\(scheme)' is no scheme for a shop; write https:// (or http:// inside your own network)")
            return nil
        }
        return String(text.reversed().drop { $0 == "/" }.reversed())
    }

    /// Where Xero sends people back: https, or http on this machine, which Xero knows by the name localhost alone.
    func readRedirect(_ fields: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) -> String? {
        guard let text = reader.text("redirect", in: fields) else { return nil }
        let parts = URLComponents(string: text)
        let scheme = parts?.scheme?.lowercased()
        let isLocal = scheme == "http" && parts?.host?.lowercased() == "localhost"
        guard let parts, parts.host?.isEmpty == false, parts.fragment == nil, parts.query == nil,
            scheme == "https" || isLocal
        else {
            reader.report(
                fields.line(of: "redirect"), join(fields.path, "redirect"),
                "Xero takes https addresses, and http://localhost (not 127.0.0.1): write one like "
                    + AppConfiguration.defaultRedirect)
            return nil
        }
        return text
    }

    /// A store's start: a date (midnight in its org's time zone) or an instant.
    func readSince(
        _ fields: ConfigurationReader.Fields, org: String?, _ reader: inout ConfigurationReader
    ) -> Instant? {
        let why =
            "orders created earlier are left alone, so that nothing already in the books is posted again; write a "
            + "date, e.g. 2026-07-01"
        guard let text = reader.text("since", in: fields, required: why) else { return nil }
        if let date = CalendarDate(text) {
            let zone = orgs.first { $0.value.id == org }?.value.timeZone
            let own = org.flatMap { references[$0] }.flatMap { OrgFacts($0).timeZone }
            return LocalTime(configured: zone, own: own).midnight(of: date)
        }
        if let instant = Instant(rfc3339: text) { return instant }
        reader.report(
            fields.line(of: "since"), join(fields.path, "since"),
            "'\(text)' is no date; write one like 2026-07-01, or an instant like 2026-07-01T00:00:00Z")
        return nil
    }

    /// A store's number prefix; its id in capitals if none is given.
    func readPrefix(_ fields: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) -> String? {
        let id = fields.path.split(separator: ".").last.map(String.init) ?? ""
        let prefix = reader.text("number_prefix", in: fields) ?? "\(id.uppercased())-"
        let path = join(fields.path, "number_prefix")
        if prefix.utf8.count > 40 || !prefix.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) || prefix.contains("/") {
            reader.report(
                fields.line(of: "number_prefix"), path,
                "a prefix has at most 40 plain characters and no slash, e.g. SHOP-")
            return nil
        }
        if prefix.uppercased().hasPrefix("CN-") {
            reader.report(
                fields.line(of: "number_prefix"), path, "CN- begins the numbers of credit notes; choose another prefix")
            return nil
        }
        return prefix
    }

    /// A store's secrets.
    func readCredentials(
        _ fields: ConfigurationReader.Fields, _ reader: inout ConfigurationReader
    ) -> (webhook: String, key: String, secret: String)? {
        let path = join(fields.path, "credentials")
        guard let (line, node) = fields.entries["credentials"] else {
            reader.report(
                fields.line, path, "missing; it needs webhook_secret, consumer_key and consumer_secret below it")
            return nil
        }
        let allowed = ["webhook_secret", "consumer_key", "consumer_secret"]
        guard let credentials = reader.fields(of: node, path: path, line: line, allowed: allowed) else { return nil }
        let webhook = reader.text(
            "webhook_secret", in: credentials,
            required: "it is the secret of the webhook in the shop's settings, e.g. ${SHOP_WEBHOOK_SECRET}")
        let key = reader.text(
            "consumer_key", in: credentials,
            required: "it is the key of a REST API key with read permission, e.g. ${SHOP_CONSUMER_KEY}")
        let secret = reader.text(
            "consumer_secret", in: credentials,
            required: "it is the secret of that REST API key, e.g. ${SHOP_CONSUMER_SECRET}")
        guard let webhook, let key, let secret else { return nil }
        return (webhook, key, secret)
    }

    /// An org's country, in capitals.
    func readCountry(_ fields: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) -> String? {
        guard let text = reader.text("country", in: fields) else { return nil }
        let country = text.uppercased()
        if CountryTaxes.countries.contains(country) { return country }
        let hint =
            country == "UK" ? "; did you mean 'GB'?" : "; known are: \(CountryTaxes.countries.joined(separator: ", "))"
        reader.report(
            fields.line(of: "country"), join(fields.path, "country"),
            "no usual tax types are known for '\(text)'; leave the line out and name them below mapping.taxes\(hint)")
        return nil
    }

    /// The policies that an org can have, with their words.
    private static let policies: [(name: String, words: [String])] = [
        ("locked_periods", LockedPeriod.Policy.allCases.map(\.rawValue)),
        ("archived_contacts", ContactPolicy.Archived.allCases.map(\.rawValue)),
        ("changed_customers", ContactPolicy.Changed.allCases.map(\.rawValue)),
    ]

    /// An org's policies.
    func readPolicies(_ fields: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) -> JSONValue {
        guard let (line, node) = fields.entries["policies"] else { return [:] }
        let path = join(fields.path, "policies")
        guard !reader.isNull(node),
            let policies = reader.fields(
                of: node, path: path, line: line, allowed: Self.policies.map(\.name) + ["write_every_minutes"])
        else { return [:] }
        var object = JSONObject()
        for (name, words) in Self.policies {
            if let word = reader.choice(name, in: policies, of: words, required: nil) { object[name] = .string(word) }
        }
        let minutes = reader.number("write_every_minutes", in: policies, within: 0...1440, otherwise: 0)
        if minutes > 0 { object["write_every_minutes"] = .number(JSONNumber(minutes)) }
        return .object(object)
    }

    /// The mapping below an org or store; what its keys mean is checked once it is merged.
    func readMapping(_ fields: ConfigurationReader.Fields, _ reader: inout ConfigurationReader) -> JSONValue {
        guard let (line, node) = fields.entries["mapping"], !reader.isNull(node) else { return [:] }
        let path = join(fields.path, "mapping")
        guard case .mapping = node else {
            reader.report(line, path, "this must be keys with values, one on each line, indented below 'mapping'")
            return [:]
        }
        return reader.json(node, path: path)
    }
}
