import JSON
import SimulatedXero
import Testing

@Suite struct ContactTests {
    let bench = Bench()

    @Test func namesAreUniqueAmongActiveContactsWhateverTheirCaseAndAccents() {
        _ = bench.contact("Zoë Smith")
        let again = bench.send("PUT", "Contacts", ["Name": "zoe SMITH"])
        #expect(
            again.errors == [
                "The contact name zoe SMITH is already assigned to another contact. "
                    + "The contact name must be unique across all active contacts."
            ])
        #expect(again["HasValidationErrors"] == true)
    }

    @Test func anArchivedContactGivesItsNameFreeAndCannotBeUsed() {
        let id = bench.contact("Zoë Smith")
        let archived = bench.send("POST", "Contacts", ["ContactID": .string(id), "ContactStatus": "ARCHIVED"])
        #expect(archived["ContactStatus"] == "ARCHIVED")
        #expect(bench.list("/Contacts").isEmpty)
        #expect(bench.list("/Contacts?includeArchived=true").count == 1)
        let invoice = bench.send("PUT", "Invoices", Bench.invoice("A-1", contact: id))
        #expect(invoice.errors.contains { $0.contains("archived") })
        #expect(bench.send("PUT", "Contacts", ["Name": "Zoe Smith"]).isAccepted)
        #expect(!bench.send("POST", "Contacts", ["ContactID": .string(id), "ContactStatus": "ACTIVE"]).isAccepted)
    }

    @Test func putNeverChangesWhatExistsAndPostDoes() {
        let first = bench.send("PUT", "Contacts", ["Name": "Ada", "ContactNumber": "shop:1"])
        #expect(!bench.send("PUT", "Contacts", ["Name": "Other", "ContactNumber": "shop:1"]).isAccepted)
        let changed = bench.send("POST", "Contacts", ["Name": "ADA", "EmailAddress": "ada@example.com"])
        #expect(changed["ContactID"] == first["ContactID"])
        #expect(changed["EmailAddress"] == "ada@example.com")
        #expect(changed["ContactNumber"] == "shop:1")
        let renamed = bench.send("POST", "Contacts", ["ContactNumber": "shop:1", "Name": "Ada Byron"])
        #expect(renamed["ContactID"] == first["ContactID"])
        #expect(bench.send("PUT", "Contacts", ["Name": "Ada"]).isAccepted)
    }

    @Test(
        arguments: [
            (["EmailAddress": "zoë@example.com"], "Email address must be valid."),
            (["EmailAddress": "nobody"], "Email address must be valid."),
            (["Name": "A <b>"], "The contact name cannot contain angle brackets."),
            (["Name": " A"], "The contact name cannot start or end with a space or contain two spaces in a row."),
            (["Name": "A  B"], "The contact name cannot start or end with a space or contain two spaces in a row."),
            (["PaymentTerms": ["Sales": ["Day": 0]]], "Due Date for Sales Invoices must be between 1 and 31."),
            (["Addresses": [["Country": "Country 51"]]], "Country may contain letters only."),
            (
                ["ContactID": "5f5ed2a8-0000-4000-8000-000000000000"],
                "ContactID must not be given when a contact is created."
            ),
            (
                ["Name": nil],
                "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber"
            ),
        ] as [(JSONObject, String)])
    func aContactThatBreaksARuleIsRefused(_ change: JSONObject, _ message: String) {
        var element: JSONObject = ["Name": "Ada"]
        for (key, value) in change { element[key] = value.isNull ? nil : value }
        #expect(bench.send("PUT", "Contacts", .object(element)).errors == [message])
    }

    @Test func contactsAreFoundByIdentifierNumberNameAndAddress() {
        let made = bench.send(
            "PUT", "Contacts", ["Name": "Zoë", "ContactNumber": "shop:7", "EmailAddress": "z@example.com"])
        _ = bench.contact("Somebody else")
        let id = made["ContactID"]?.string ?? ""
        for target in [
            "/Contacts/\(id)", "/Contacts/shop%3A7", "/Contacts?IDs=\(id)", "/Contacts?where=Name%3D%3D%22zoe%22",
            "/Contacts?where=EmailAddress%3D%3D%22z%40example.com%22",
            "/Contacts?where=ContactNumber%3D%3D%22shop%3A7%22", "/Contacts?searchTerm=zo",
        ] {
            #expect(bench.list(target).compactMap { $0["ContactID"]?.string } == [id], "\(target)")
        }
        #expect(bench.call("GET", "/Contacts/none").status == 404)
    }
}
