public import JSON

/// The members of a contact that are written from here, each by itself: addresses and phones by their types. Empty ones count
/// as absent, as Xero returns every type whether it has something in it or not.
///
/// One rule keeps people's changes: a field is written only while Xero has in it what was last written from here; nothing, if
/// nothing was.
public struct ContactFields: Sendable, Hashable {
    private static let members = ["Name", "ContactNumber", "FirstName", "LastName", "EmailAddress", "TaxNumber"]
    private static let lists: [(name: String, kind: String, kinds: Set<String>, members: [String])] = [
        (
            "Addresses", "AddressType", ["POBOX", "STREET"],
            [
                "AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "City", "Region", "PostalCode",
                "Country", "AttentionTo",
            ]
        ),
        (
            "Phones", "PhoneType", ["DEFAULT", "DDI", "MOBILE", "FAX"],
            ["PhoneNumber", "PhoneAreaCode", "PhoneCountryCode"]
        ),
    ]

    private var values: [String: JSONValue] = [:]

    /// No field at all.
    public init() {}

    /// Reads the fields of a contact.
    /// - Parameter element: the contact as it is sent or returned.
    public init(_ element: JSONValue) {
        for name in Self.members {
            if let text = Self.filled(element[name]) { values[name] = .string(text) }
        }
        for list in Self.lists {
            for entry in element[list.name]?.array ?? [] {
                guard let kind = entry[list.kind]?.string, list.kinds.contains(kind) else { continue }
                var object = JSONObject()
                for name in list.members {
                    if let text = Self.filled(entry[name]) { object[name] = .string(text) }
                }
                guard !object.isEmpty else { continue }
                object[list.kind] = .string(kind)
                values["\(list.name).\(kind)"] = .object(object)
            }
        }
    }

    /// Reads the fields from a row.
    init(row text: String?) {
        self.init(text.flatMap { try? JSONValue(parsing: $0) } ?? .null)
    }

    private static func filled(_ value: JSONValue?) -> String? {
        guard let text = value?.string, text.contains(where: { $0 != " " }) else { return nil }
        return text
    }

    /// The contact's name.
    public var name: String? { values["Name"]?.string }

    /// The fields as Xero words them.
    public var json: JSONValue { .object(element(of: Set(values.keys))) }

    /// The fields that are to be written.
    /// - Parameters:
    ///   - wanted: what the storefront says.
    ///   - written: what was last written from here.
    /// - Returns: the names of those that Xero has otherwise, and that nobody has touched there.
    public func fieldsToWrite(wanted: ContactFields, written: ContactFields) -> Set<String> {
        Set(
            wanted.values.lazy.filter { name, value in
                values[name] != value && values[name] == written.values[name]
            }.map(\.key))
    }

    /// What was written, as it is remembered: the fields that a call carried as Xero returned them, the others as before.
    /// - Parameters:
    ///   - sent: the fields of the call; nil if it is not known what was sent, for which only counts what is as wanted.
    ///   - wanted: what the storefront says.
    ///   - before: what was remembered before.
    /// - Returns: what is to be remembered.
    public func remembered(sent: ContactFields?, wanted: ContactFields, before: ContactFields) -> ContactFields {
        var result = before
        if let sent {
            for name in sent.values.keys { result.values[name] = values[name] }
        } else {
            for (name, value) in wanted.values where values[name] == value { result.values[name] = value }
        }
        return result
    }

    /// The element that writes some fields; lists are sent whole, with what Xero has in their other types.
    /// - Parameters:
    ///   - names: the fields.
    ///   - wanted: what the storefront says.
    /// - Returns: the members.
    public func element(writing names: Set<String>, wanted: ContactFields) -> JSONObject {
        var merged = self
        for name in names { merged.values[name] = wanted.values[name] }
        var all = names
        for list in Self.lists where names.contains(where: { $0.hasPrefix("\(list.name).") }) {
            all.formUnion(values.keys.filter { $0.hasPrefix("\(list.name).") })
        }
        return merged.element(of: all)
    }

    private func element(of names: Set<String>) -> JSONObject {
        var object = JSONObject()
        for name in Self.members where names.contains(name) { object[name] = values[name] }
        for list in Self.lists {
            let entries = names.filter { $0.hasPrefix("\(list.name).") }.sorted().compactMap { values[$0] }
            if !entries.isEmpty { object[list.name] = .array(entries) }
        }
        return object
    }
}
