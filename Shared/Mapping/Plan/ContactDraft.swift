import Accounting
import JSON

/// Makes the contact of an order.
///
/// Source: Xero Accounting API, contacts: lengths of fields, and characters that names must not have.
struct ContactDraft {
    let context: PlanContext

    private var customer: CanonicalCustomer { context.order.customer }

    /// Whether the order's customer is the contact that all guests share.
    private var isShared: Bool { customer.id == nil && context.mapping.guests == .shared }

    var reference: DocumentKeyRef {
        let source: String
        if let id = customer.id {
            source = "c:\(id)"
        } else if isShared {
            source = "guest"
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
        guard !isShared else { return PlannedDocument(reference, desired: .object(contact)) }
        let first = XeroText.name(customer.firstName)
        let last = XeroText.name(customer.lastName)
        if !first.isEmpty { contact["FirstName"] = .string(first) }
        if !last.isEmpty { contact["LastName"] = .string(last) }
        if let email = XeroText.email(customer.email) { contact["EmailAddress"] = .string(email) }
        let phone = XeroText.name(customer.phone, limit: 50)
        if !phone.isEmpty { contact["Phones"] = [["PhoneType": "DEFAULT", "PhoneNumber": .string(phone)]] }
        if let address { contact["Addresses"] = [address] }
        return PlannedDocument(reference, desired: .object(contact))
    }

    private var name: String {
        if isShared { return XeroText.name("Guests of \(context.store.storeID)") }
        let names = [customer.fullName, customer.company, customer.email].lazy.map { XeroText.name($0) }
        return names.first { !$0.isEmpty } ?? "Guest"
    }

    private var address: JSONValue? {
        guard !customer.address.isEmpty else { return nil }
        let address = customer.address
        var result: JSONObject = ["AddressType": "POBOX"]
        var lines = address.lines
        if !customer.company.isEmpty, !customer.fullName.isEmpty { lines.insert(customer.company, at: 0) }
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
        let text = "\(context.store.storeID):\(reference.sourceID)"
        if text.utf8.count <= 50, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { return text }
        // FNV-1a, of which sixty bits fit beside a store's id of 32 characters.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in reference.sourceID.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash >> 4, radix: 16)
        return "\(context.store.storeID):h:" + String(repeating: "0", count: 15 - digits.count) + digits
    }
}
