import JSON
import SimulatedXero
import Testing

@Suite struct ContactActTests {
    let bench = Bench()

    private func act(_ action: String, _ contact: String, _ more: JSONObject = [:]) -> SimulatedResponse {
        var body: JSONObject = ["action": .string(action), "contact": .string(contact)]
        for (name, value) in more { body[name] = value }
        return bench.control("POST", "/orgs/demo/contacts", .object(body))
    }

    @Test func aMergedContactIsArchivedForGoodAndItsDocumentsMove() {
        let loser = bench.contact("Ada")
        let invoice = bench.invoice("A-1", ["Contact": ["ContactID": .string(loser)]])
        let survivor = bench.contact("Ada Ltd")
        #expect(act("merge", "Ada", ["into": "Ada Ltd"]).status == 200)
        let merged = bench.list("/Contacts/\(loser)").first
        #expect(merged?["ContactStatus"] == "ARCHIVED")
        #expect(merged?["MergedToContactID"]?.string == survivor)
        let moved = bench.list("/Invoices/\(invoice["InvoiceID"]?.string ?? "")").first
        #expect(moved?["Contact"]?["ContactID"]?.string == survivor)
        let restored = bench.send("POST", "Contacts", ["ContactID": .string(loser), "ContactStatus": "ACTIVE"])
        #expect(restored.errors == ["The contact Ada was merged and cannot be restored."])
        #expect(bench.list("/Contacts?includeArchived=true").count == 2)
    }

    @Test func aContactIsArchivedRestoredRenamedEditedAndErased() {
        let id = bench.contact("Ada")
        bench.advance(.seconds(5))
        #expect(act("archive", id).json["ContactStatus"] == "ARCHIVED")
        #expect(act("restore", id).json["ContactStatus"] == "ACTIVE")
        #expect(act("rename", "Ada", ["name": "Ada King"]).json["Name"] == "Ada King")
        #expect(
            act("edit", "ada king", ["fields": ["EmailAddress": "a@example.com"]]).json["EmailAddress"]
                == "a@example.com")
        #expect(act("erase", id).json["ContactStatus"] == "GDPRREQUEST")
        #expect(act("restore", id).status == 400)
        #expect(!bench.send("POST", "Contacts", ["ContactID": .string(id), "ContactStatus": "ACTIVE"]).isAccepted)
        // Changes show in what is read by their time.
        #expect(
            bench.list(
                "/Contacts?page=1&includeArchived=true", headers: ["If-Modified-Since": "2026-06-15T12:00:01"]
            ).count == 1)
    }

    @Test func whatCannotBeDoneIsRefused() {
        _ = bench.contact("Ada")
        _ = bench.contact("Bo")
        #expect(act("rename", "Ada", ["name": "bo"]).status == 400)
        #expect(act("merge", "Ada", ["into": "Nobody"]).status == 400)
        #expect(act("rename", "Nobody", ["name": "x"]).status == 400)
        #expect(act("fly", "Ada").status == 400)
        #expect(bench.control("POST", "/orgs/none/contacts", ["action": "archive", "contact": "Ada"]).status == 400)
    }

    @Test func archivedContactsAreRestoredOnlyIfTheSettingSaysSo() {
        let id = bench.contact("Ada")
        _ = act("archive", id)
        bench.control("PUT", "/settings", ["contacts_restorable": false])
        #expect(!bench.send("POST", "Contacts", ["ContactID": .string(id), "ContactStatus": "ACTIVE"]).isAccepted)
        bench.control("PUT", "/settings", ["contacts_restorable": true])
        #expect(bench.send("POST", "Contacts", ["ContactID": .string(id), "ContactStatus": "ACTIVE"]).isAccepted)
    }
}
