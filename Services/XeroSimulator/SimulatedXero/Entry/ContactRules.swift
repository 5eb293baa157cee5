import JSON

/// What Xero demands of the members of a contact.
enum ContactRules {
    /// What is wrong with an element, one sentence per problem.
    static func problems(_ element: JSONObject, name: String) -> [String] {
        nameProblems(name) + lengthProblems(element) + emailProblems(element) + addressProblems(element)
            + phoneProblems(element) + personProblems(element) + termsProblems(element)
    }

    private static func nameProblems(_ name: String) -> [String] {
        if name.isEmpty { return [ContactEntry.missingIdentity] }
        var errors: [String] = []
        if name.utf16.count > 255 { errors.append("The contact name is limited to 255 characters.") }
        if name.contains("<") || name.contains(">") {
            errors.append("The contact name cannot contain angle brackets.")
        }
        if name.first?.isWhitespace == true || name.last?.isWhitespace == true || name.contains("  ") {
            errors.append("The contact name cannot start or end with a space or contain two spaces in a row.")
        }
        return errors
    }

    private static func lengthProblems(_ element: JSONObject) -> [String] {
        let limits = [
            ("ContactNumber", 50), ("AccountNumber", 50), ("FirstName", 255), ("LastName", 255),
            ("EmailAddress", 255), ("CompanyNumber", 50), ("TaxNumber", 50),
        ]
        return limits.compactMap { key, limit in
            (element.text(key)?.utf16.count ?? 0) > limit ? "\(key) is limited to \(limit) characters." : nil
        }
    }

    private static func emailProblems(_ element: JSONObject) -> [String] {
        guard let email = element.filled("EmailAddress") else { return [] }
        return isEmail(email) ? [] : ["Email address must be valid."]
    }

    /// Whether an address is plain ASCII with one `@` and a dot after it.
    static func isEmail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return false }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return labels.count > 1 && labels.allSatisfy { !$0.isEmpty } && !parts[0].hasPrefix(".")
            && !parts[0].hasSuffix(".") && !text.contains("..") && !text.contains { "<>(),;:\"[]\\".contains($0) }
    }

    private static func addressProblems(_ element: JSONObject) -> [String] {
        var errors: [String] = []
        for address in element.present("Addresses")?.array ?? [] {
            guard let fields = address.object else { continue }
            if let type = fields.filled("AddressType"), !["POBOX", "STREET", "DELIVERY"].contains(type) {
                errors.append("The AddressType '\(type)' is not valid.")
            }
            let limits = [
                ("AddressLine1", 500), ("AddressLine2", 500), ("AddressLine3", 500), ("AddressLine4", 500),
                ("City", 255), ("Region", 255), ("PostalCode", 50), ("Country", 50), ("AttentionTo", 255),
            ]
            for (key, limit) in limits where (fields.text(key)?.utf16.count ?? 0) > limit {
                errors.append("\(key) is limited to \(limit) characters.")
            }
            if let country = fields.filled("Country"), country.contains(where: { $0.isNumber }) {
                errors.append("Country may contain letters only.")
            }
        }
        return errors
    }

    private static func phoneProblems(_ element: JSONObject) -> [String] {
        var errors: [String] = []
        for phone in element.present("Phones")?.array ?? [] {
            guard let fields = phone.object else { continue }
            if let type = fields.filled("PhoneType"), !["DEFAULT", "DDI", "MOBILE", "FAX", "OFFICE"].contains(type) {
                errors.append("The PhoneType '\(type)' is not valid.")
            }
            for (key, limit) in [("PhoneNumber", 50), ("PhoneAreaCode", 10), ("PhoneCountryCode", 20)]
            where (fields.text(key)?.utf16.count ?? 0) > limit {
                errors.append("\(key) is limited to \(limit) characters.")
            }
        }
        return errors
    }

    private static func personProblems(_ element: JSONObject) -> [String] {
        (element.present("ContactPersons")?.array?.count ?? 0) > 5
            ? ["A contact may have at most 5 contact persons."] : []
    }

    private static func termsProblems(_ element: JSONObject) -> [String] {
        guard let sales = element.present("PaymentTerms")?["Sales"]?.object else { return [] }
        guard let day = sales.present("Day")?.int, (1...31).contains(day) else {
            return ["Due Date for Sales Invoices must be between 1 and 31."]
        }
        return []
    }
}
