import Accounting
import JSON
import Mapping
import Storefronts
import Testing

@Suite struct ContactTests {
    typealias Order = OrderFixture

    private func contact(_ fields: JSONObject, billing: JSONObject? = nil, mapping: JSONValue = Order.mapping) throws
        -> PlannedDocument
    {
        var order = Order().line("100.00").with(fields)
        if let billing {
            var merged = order.order["billing"]?.object ?? [:]
            for (key, value) in billing { merged[key] = value }
            order = order.with(["billing": .object(merged)])
        }
        return try #require(order.plan(mapping: mapping).documents.first)
    }

    @Test func `a customer is a contact with address and number`() throws {
        let contact = try contact([:])
        #expect(contact.kind == .contact)
        #expect(contact.sourceID == "c:7")
        #expect(
            contact.desired == [
                "Name": "Ada Byron", "ContactNumber": "shop:c:7", "FirstName": "Ada", "LastName": "Byron",
                "EmailAddress": "Ada@Example.org", "Phones": [["PhoneType": "DEFAULT", "PhoneNumber": "0113 000 000"]],
                "Addresses": [
                    [
                        "AddressType": "POBOX", "AddressLine1": "1 Mill Lane", "City": "Leeds", "PostalCode": "LS1 1AA",
                        "Country": "GB",
                    ]
                ],
            ])
        #expect((contact.currency, contact.total, contact.date) == (nil, nil, nil))
    }

    @Test func `a guest is known by e-mail, else by order, else shared`() throws {
        #expect(try contact(["customer_id": 0]).sourceID == "e:ada@example.org")
        #expect(try contact(["customer_id": 0], billing: ["email": ""]).sourceID == "guest:1001")
        #expect(
            try contact(["customer_id": 0], billing: ["email": "a/b%c@example.org"]).sourceID
                == "e:a%2Fb%25c@example.org")
        let shared = MappingConfiguration.merged(org: Order.mapping, store: ["contacts": ["guests": "shared"]])
        let guest = try contact(["customer_id": 0], mapping: shared)
        #expect(guest.sourceID == "guest")
        #expect(guest.desired == ["Name": "Guests of shop", "ContactNumber": "shop:guest"])
        #expect(try contact([:], mapping: shared).sourceID == "c:7")
    }

    @Test func `a person is the same to all stores of an org that says so`() throws {
        let mapping = MappingConfiguration.merged(org: Order.mapping, store: ["contacts": ["identity": "org"]])
        let customer = try contact([:], mapping: mapping)
        #expect(customer.sourceID == "o:e:ada@example.org")
        #expect(customer.desired["ContactNumber"] == "*:o:e:ada@example.org")
        #expect(try contact(["customer_id": 0], mapping: mapping) == customer)
        #expect(
            DocumentKey(customer.reference, orgID: "acme", storeID: "shop").text
                == "acme/xero/contact/o:e:ada@example.org/1")
        #expect(try contact([:], billing: ["email": ""], mapping: mapping).sourceID == "c:7")
    }

    @Test func `the shipping address is told if it is another one, and the tax number`() throws {
        let shipping: JSONObject = [
            "first_name": "Bo", "address_1": "2 Dock  Road", "address_2": "Unit 3", "city": "Hull",
            "postcode": "HU1 1AA", "country": "GB",
        ]
        let elsewhere = try contact([
            "shipping": .object(shipping),
            "meta_data": [["key": "note", "value": "x"], ["key": "_billing_vat", "value": " GB 123456789 "]],
        ])
        #expect(elsewhere.desired["Addresses"]?.array?.count == 2)
        #expect(
            elsewhere.desired["Addresses"]?[1] == [
                "AddressType": "STREET", "AddressLine1": "2 Dock Road", "AddressLine2": "Unit 3", "City": "Hull",
                "PostalCode": "HU1 1AA", "Country": "GB",
            ])
        #expect(elsewhere.desired["TaxNumber"] == "GB 123456789")
        let empty: JSONObject = ["address_1": "", "city": "", "postcode": "", "country": "GB"]
        #expect(try contact(["shipping": .object(empty)]).desired["Addresses"]?.array?.count == 1)
        let same: JSONObject = [
            "address_1": "1 Mill Lane", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB",
        ]
        #expect(try contact(["shipping": .object(same)]).desired["Addresses"]?.array?.count == 1)
    }

    @Test func `a name is the person's, the company's, the address's, or Guest`() throws {
        let nobody: JSONObject = ["first_name": "", "last_name": ""]
        let company = try contact([:], billing: ["first_name": " ", "last_name": "", "company": "Byron &amp; Co"])
        #expect(company.desired["Name"] == "Byron & Co")
        #expect(try contact([:], billing: nobody).desired["Name"] == "Ada@Example.org")
        var none = nobody
        none["email"] = ""
        #expect(try contact([:], billing: none).desired["Name"] == "Guest")
    }

    @Test func `names have no angle brackets, control characters or doubled blanks`() throws {
        let contact = try contact(
            [:], billing: ["first_name": "  <b>Ada\u{0}\u{7}  ", "last_name": "\tvan \n der  Berg ", "company": "<x>"])
        #expect(contact.desired["Name"] == "(b)Ada van der Berg")
        #expect(contact.desired["LastName"] == "van der Berg")
        #expect(contact.desired["Addresses"]?[0]?["AddressLine1"] == "(x)")
        let long = try self.contact([:], billing: ["first_name": .string(String(repeating: "é🎁", count: 300))])
        let name = try #require(long.desired["Name"]?.string)
        #expect(name.utf16.count <= 255)
    }

    @Test(arguments: [
        "ada@example.org", "a.b+c_d@sub.example.co.uk", "ADA@EXAMPLE.ORG",
    ])
    func `plausible addresses are sent`(email: String) throws {
        #expect(try contact([:], billing: ["email": .string(email)]).desired["EmailAddress"]?.string == email)
    }

    @Test(arguments: [
        "", "ada", "ada@", "@example.org", "ada@example", "ada@@example.org", "ada@exämple.org", "ädä@example.org",
        "ada@-example.org", ".ada@example.org", "a..b@example.org", "ada@example..org", "ada@example.o",
        "ada byron@example.org",
        "ada@example.org.",
    ])
    func `implausible addresses are left out`(email: String) throws {
        #expect(try contact([:], billing: ["email": .string(email)]).desired["EmailAddress"] == nil)
    }

    @Test func `a number longer than fifty characters is a hash of it`() throws {
        let name = String(repeating: "a", count: 60)
        let numbers = try [name + "1", name + "2"].map { local -> String in
            let contact = try contact(["customer_id": 0], billing: ["email": .string(local + "@example.org")])
            return try #require(contact.desired["ContactNumber"]?.string)
        }
        #expect(Set(numbers).count == 2)
        #expect(numbers.allSatisfy { $0.utf8.count <= 50 && $0.hasPrefix("shop:h:") })
    }

    @Test func `countries are letters only and phones at most fifty characters`() throws {
        let contact = try contact([:], billing: ["country": "4U", "phone": .string(String(repeating: "1", count: 80))])
        #expect(contact.desired["Addresses"]?[0]?["Country"] == nil)
        #expect(contact.desired["Phones"]?[0]?["PhoneNumber"]?.string?.count == 50)
    }
}
