import Accounting
import JSON

/// Makes the contact of an order.
///
/// Source: Xero Accounting API, contacts: lengths of fields, and characters that names must not have.
struct ContactDraft {
    let context: PlanContext

    private var customer: CanonicalCustomer { context.order.customer }

    private var choice: Decided<ContactChoice> { context.decisions.contact }

    var reference: DocumentKeyRef {
        let source: String
        if case .named(let name) = choice.value {
            source = "n:\(name.lowercased())"
        } else if choice.value == .guests {
            source = "guest"
        } else if context.mapping.contactIdentity == .org, let email = customer.normalizedEmail {
            source = "\(DocumentKeyRef.sharedPrefix)e:\(email)"
        } else if let id = customer.id {
            source = "c:\(id)"
        } else if let email = customer.normalizedEmail {
            source = "e:\(email)"
        } else {
            source = "guest:\(context.order.orderID)"
        }
        return DocumentKeyRef(kind: .contact, sourceID: DocumentKey.source(escaping: source))
    }

    func document() -> PlannedDocument {
        let reference = reference
        var contact: JSONObject = ["Name": .string(name), "ContactNumber": .string(number(reference))]
        guard choice.value == .customer else { return planned(reference, contact) }
        let first = XeroText.name(customer.firstName)
        let last = XeroText.name(customer.lastName)
        if !first.isEmpty { contact["FirstName"] = .string(first) }
        if !last.isEmpty { contact["LastName"] = .string(last) }
        if let email = XeroText.email(customer.email) { contact["EmailAddress"] = .string(email) }
        let phone = XeroText.name(customer.phone, limit: 50)
        if !phone.isEmpty { contact["Phones"] = [["PhoneType": "DEFAULT", "PhoneNumber": .string(phone)]] }
        let tax = XeroText.name(customer.taxNumber, limit: 50)
        if !tax.isEmpty { contact["TaxNumber"] = .string(tax) }
        if !addresses.isEmpty { contact["Addresses"] = .array(addresses) }
        return planned(reference, contact)
    }

    private func planned(_ reference: DocumentKeyRef, _ contact: JSONObject) -> PlannedDocument {
        var document = PlannedDocument(reference, desired: .object(contact))
        document.decisions = [Decision(field: "contact", value: name, because: choice.because)]
        return document
    }

    private var name: String {
        switch choice.value {
        case .named(let name): return name
        case .guests: return XeroText.name("Guests of \(context.store.storeID)")
        case .customer: break
        }
        let names = [customer.fullName, customer.company, customer.email].lazy.map { XeroText.name($0) }
        return names.first { !$0.isEmpty } ?? "Guest"
    }

    /// Where the bill goes, and where the goods go if that is elsewhere.
    private var addresses: [JSONValue] {
        let billing = customer.address
        let shipping = customer.shippingAddress
        let company = customer.fullName.isEmpty ? "" : customer.company
        var addresses: [JSONValue] = []
        if !billing.isEmpty { addresses.append(address(billing, type: "POBOX", company: company)) }
        if !shipping.lines.isEmpty, shipping != billing {
            addresses.append(address(shipping, type: "STREET", company: ""))
        }
        return addresses
    }

    private func address(_ address: CanonicalAddress, type: String, company: String) -> JSONValue {
        var result: JSONObject = ["AddressType": .string(type)]
        var lines = address.lines
        if !company.isEmpty { lines.insert(company, at: 0) }
        for (index, line) in lines.prefix(4).enumerated() {
            result["AddressLine\(index + 1)"] = .string(XeroText.name(line, limit: 500))
        }
        let country =
            address.country.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0 == " " } ? address.country : ""
        for (key, value, limit) in [
            ("City", address.city, 255), ("Region", address.region, 255), ("PostalCode", address.postalCode, 50),
            ("Country", country, 50),
        ] {
            let text = XeroText.name(value, limit: limit)
            if !text.isEmpty { result[key] = .string(text) }
        }
        return .object(result)
    }

    /// `STORE:c:ID`, at most 50 characters: a source too long for that is replaced by a hash of it.
    private func number(_ reference: DocumentKeyRef) -> String {
        let store = reference.isShared ? DocumentKey.sharedStoreID : context.store.storeID
        let text = "\(store):\(reference.sourceID)"
        if text.utf8.count <= 50, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { return text }
        // Sixty bits of it fit beside a store's id of 32 characters.
        return "\(store):h:\(XeroText.hash(reference.sourceID).prefix(15))"
    }
}
