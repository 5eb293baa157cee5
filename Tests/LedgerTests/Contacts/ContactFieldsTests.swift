import JSON
import Testing

@testable import Ledger

@Suite("The fields of a contact")
struct ContactFieldsTests {
    private let shop: JSONValue = [
        "Name": "Ada Byron", "ContactNumber": "shop:c:7", "EmailAddress": "ada@example.org",
        "Phones": [["PhoneType": "DEFAULT", "PhoneNumber": "0113"]],
        "Addresses": [["AddressType": "POBOX", "AddressLine1": "1 Mill Lane", "City": "Leeds"]],
    ]

    private func element(_ has: JSONValue, _ wanted: JSONValue, written: JSONValue) -> JSONValue {
        let has = ContactFields(has)
        let wanted = ContactFields(wanted)
        return .object(
            has.element(
                writing: has.fieldsToWrite(wanted: wanted, written: ContactFields(written)), wanted: wanted))
    }

    @Test("nothing is written while Xero has what is wanted, however it words what is empty")
    func same() {
        var returned = shop.object ?? [:]
        returned["FirstName"] = ""
        returned["Phones"] = [
            ["PhoneType": "DDI", "PhoneNumber": ""],
            ["PhoneNumber": "0113", "PhoneType": "DEFAULT", "PhoneAreaCode": "", "PhoneCountryCode": ""],
        ]
        returned["Addresses"] = [
            ["AddressType": "STREET", "City": "", "Country": ""],
            ["AddressType": "POBOX", "City": "Leeds", "AddressLine1": "1 Mill Lane", "PostalCode": ""],
        ]
        #expect(element(.object(returned), shop, written: shop) == [:])
        #expect(ContactFields(ContactFields(shop).json) == ContactFields(shop))
    }

    @Test("what changed in the shop is written, and what a person touched is not")
    func touched() {
        let wanted = shop.setting("Name", to: "Ada King").setting("EmailAddress", to: "king@example.org")
        #expect(
            element(shop, wanted, written: shop) == ["Name": "Ada King", "EmailAddress": "king@example.org"])
        let renamed = shop.setting("Name", to: "Byron Ltd")
        #expect(element(renamed, wanted, written: shop) == ["EmailAddress": "king@example.org"])
        // What a person took out stays out.
        #expect(element(shop.removing("EmailAddress"), wanted, written: shop) == ["Name": "Ada King"])
    }

    @Test("of a contact that was not made here only what is empty is filled in")
    func adopted() {
        let theirs: JSONValue = ["Name": "ADA BYRON", "EmailAddress": "ada@example.org"]
        let written = ContactFields(theirs).remembered(
            sent: nil, wanted: ContactFields(shop), before: ContactFields()
        ).json
        #expect(written == ["EmailAddress": "ada@example.org"])
        let change = element(theirs, shop, written: written)
        #expect(change["ContactNumber"] == "shop:c:7")
        #expect(change["Name"] == nil)
        #expect(change["Addresses"]?[0]?["City"] == "Leeds")
    }

    @Test("a list is written whole, with what Xero has in its other types")
    func lists() {
        let street: JSONValue = ["AddressType": "STREET", "City": "Hull"]
        let has = shop.setting("Addresses", to: [shop["Addresses"]?[0] ?? .null, street])
        let wanted = shop.setting("Addresses", to: [["AddressType": "POBOX", "City": "York"]])
        #expect(
            element(has, wanted, written: shop) == ["Addresses": [["AddressType": "POBOX", "City": "York"], street]])
    }

    @Test("what was sent is remembered as Xero returned it, so that its own wording is no person's change")
    func remembered() {
        let sent = ContactFields(["EmailAddress": "Ada@Example.org"])
        let returned = ContactFields(["Name": "Person's", "EmailAddress": "ada@example.org"])
        let remembered = returned.remembered(
            sent: sent, wanted: sent, before: ContactFields(["Name": "Ada", "EmailAddress": "old@example.org"]))
        #expect(remembered.json == ["Name": "Ada", "EmailAddress": "ada@example.org"])
    }

    @Test("the number of a contact that takes another's place fits Xero's limit")
    func numbers() {
        #expect(ContactContent.next("shop:c:7", replacements: 0) == "shop:c:7.2")
        #expect(ContactContent.next("shop:c:7.2", replacements: 1) == "shop:c:7.3")
        #expect(ContactContent.next("shop:c:7.2", replacements: 0) == "shop:c:7.2.2")
        let long = String(repeating: "x", count: 50)
        #expect(ContactContent.next(long, replacements: 0).count == 50)
    }
}
