import Accounting
import JSON
import Ledger
import Mapping
import Postgres
import SimulatedXero
import TestSupport
import Testing
import Xero

@testable import XeroWriter

@Suite(
    "Contacts known beforehand",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct ContactMirrorTests {
    // MARK: Reading

    @Test(
        "are read as a whole once and then by what changed, page by page, also by the next writer",
        .timeLimit(.minutes(5)))
    func pages() async throws {
        try await WriterHarness.run { harness in
            for part in 0..<23 {
                harness.enter(["Name": .string("Person \(part)")])
            }
            for part in 0..<21 { harness.enterMany((0..<100).map { "Crowd \(part)-\($0)" }) }
            // The first writer dies when it has read one page.
            let gate = CallGate(.after, isKill: true) { $0.path.contains("Contacts?page=2") }
            let first = harness.writer("writer-1", gate: gate, keepsContacts: true)
            harness.end(first) { false }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await first.run()
                    gate.giveUp()
                }
                #expect(await gate.reached())
                #expect(try await harness.value("SELECT next_page FROM contact_reading") == "2")
                try await harness.write(harness.writer("writer-2", keepsContacts: true)) {
                    try await harness.isUpToDate()
                }
                group.cancelAll()
                gate.open()
                try await group.waitForAll()
            }
            let age = try await ContactMirror.age(orgID: harness.org, time: harness.time().ledger, in: harness.database)
            #expect(age.contacts == 2123)
            #expect((age.seconds ?? 1e9) < 300)
            try await harness.readContacts("reader-1")
            let calls = harness.calls("GET /Contacts")
            harness.enter(["Name": "Somebody new"])
            harness.act("archive", "Person 7")
            try await harness.readContacts()
            #expect(harness.calls("GET /Contacts") == calls + 1)
            #expect(try await harness.value("SELECT count(*) FROM xero_contact") == "2124")
            #expect(
                try await harness.value("SELECT name FROM xero_contact WHERE status = 'ARCHIVED'") == "Person 7")
            #expect(
                try await harness.value("SELECT count(*) FROM call WHERE purpose = 'reference'")
                    == "\(harness.calls("GET /Contacts"))")
        }
    }

    // MARK: Matching

    @Test("a customer whom Xero has already is not made again, and gets our number", .timeLimit(.minutes(5)))
    func adopted() async throws {
        try await WriterHarness.run { harness in
            harness.enter([
                "Name": "customer 1", "EmailAddress": "C1@example.com",
                "Addresses": [["AddressType": "POBOX", "City": "Leeds"]],
            ])
            harness.enter(["Name": "Customer 2", "EmailAddress": "other@example.com"])
            try await harness.readContacts()
            let made = harness.calls("PUT /Contacts")
            let orders = (1...3).map { SampleOrder(number: $0, customer: $0) }
            try await harness.plan(orders)
            try await harness.write()
            #expect(harness.contactList.count == 4)
            // The one is adopted, the second one's name is another person's, the third one is new: no call is refused.
            #expect(harness.contact("customer 1")?["ContactNumber"] == "shop:c:1")
            #expect(harness.contact("customer 1")?["EmailAddress"] == "C1@example.com")
            #expect(harness.contact("customer 1")?["Addresses"]?[0]?["City"] == "Leeds")
            #expect(harness.contact("Customer 2 (2)")?["ContactNumber"] == "shop:c:2")
            #expect(harness.calls("PUT /Contacts") == made + 1)
            #expect(harness.calls("POST /Contacts") == 1)
            #expect(harness.contactName(ofInvoice: "W-1") == "customer 1")
            #expect(try await harness.count("state = 'posted'") == 9)
            try await harness.plan(orders, revision: 2)
            #expect(try await harness.count("state = 'posted'") == 9)
        }
    }

    // MARK: Changes

    @Test("what a customer changes is changed in Xero, except what a person touched there", .timeLimit(.minutes(5)))
    func changes() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([
                SampleOrder(number: 1, customer: 1), SampleOrder(number: 2, customer: 2),
            ])
            try await harness.write()
            harness.act("rename", "Customer 1", ["name": "Customers Ltd"])
            harness.act("edit", "Customer 2", ["fields": ["EmailAddress": "person@example.com"]])
            try await harness.readContacts("reader-1")
            try await harness.plan([
                SampleOrder(number: 3, customer: 1, email: "new1@example.com"),
                SampleOrder(number: 4, customer: 2, name: "Customer Two", email: "new2@example.com"),
            ])
            try await harness.write()
            // Renamed by a person: the name stays, the address follows the shop.
            let one = harness.contact("Customers Ltd")
            #expect(one?["EmailAddress"] == "new1@example.com")
            // The address is a person's: it stays, the name follows the shop.
            #expect(harness.contact("Customer Two")?["EmailAddress"] == "person@example.com")
            #expect(harness.calls("POST /Contacts") == 1)
            #expect(harness.contactList.count == 2)
            // The former name is free for the next customer, and comes back to nobody.
            try await harness.plan([SampleOrder(number: 5, customer: 5, name: "Customer 1")])
            try await harness.plan([SampleOrder(number: 6, customer: 1, name: "Customer 1", email: "new3@example.com")])
            try await harness.write()
            #expect(harness.contact("Customer 1")?["ContactNumber"] == "shop:c:5")
            #expect(harness.contact("Customers Ltd")?["EmailAddress"] == "new3@example.com")
            #expect(harness.contactList.count == 3)
            // Named as before, it is ours again.
            harness.act("rename", "Customer 1", ["name": "Somebody else"])
            harness.act("rename", "Customers Ltd", ["name": "Customer 1"])
            try await harness.readContacts("reader-2")
            try await harness.plan([SampleOrder(number: 7, customer: 1, name: "Ada", email: "new3@example.com")])
            try await harness.write()
            #expect(harness.contact("Ada")?["ContactNumber"] == "shop:c:1")
        }
    }

    @Test("a policy keeps contacts as they were made", .timeLimit(.minutes(5)))
    func kept() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1)])
            try await harness.write()
            try await harness.plan([SampleOrder(number: 2, customer: 1, email: "new@example.com")])
            try await harness.write(harness.writer(contacts: ContactPolicy(changed: .keep)))
            #expect(harness.contact("Customer 1")?["EmailAddress"] == "c1@example.com")
            #expect(harness.calls("POST /Contacts") == 0)
            #expect(try await harness.count("state = 'posted'") == 5)
        }
    }

    @Test("a customer's new name that somebody has in Xero gets a number", .timeLimit(.minutes(5)))
    func newNameTaken() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([SampleOrder(number: 1, customer: 1)])
            try await harness.write()
            harness.enter(["Name": "Ada"])
            try await harness.plan([SampleOrder(number: 2, customer: 1, name: "Ada")])
            try await harness.write()
            #expect(harness.contact("Ada (2)")?["ContactNumber"] == "shop:c:1")
            try await harness.plan([SampleOrder(number: 3, customer: 1, name: "Ada")])
            try await harness.write()
            #expect(harness.contact("Ada (2)") != nil)
            #expect(try await harness.count("state = 'posted'") == 7)
        }
    }

    // MARK: One person, several stores

    @Test(
        "two stores and two writers make one contact of a person, whoever is killed", .timeLimit(.minutes(5)),
        arguments: [CallGate.Place.before, .after])
    func shared(place: CallGate.Place) async throws {
        try await WriterHarness.run { harness in
            let other = harness.with(store: "other")
            try await harness.addStore("other")
            let email = "ada@example.com"
            let orders = (1...6).map { SampleOrder(number: $0, customer: 1, name: "Ada", shared: email) }
            // Both stores plan the person's first orders at once.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in orders {
                    group.addTask { try await (order.number % 2 == 0 ? harness : other).plan([order]) }
                }
                try await group.waitForAll()
            }
            #expect(try await harness.count("kind = 'contact'") == 1)
            let gate = CallGate(place, isKill: true) {
                $0.method == .put && $0.path.hasPrefix("/api.xro/2.0/Contacts")
            }
            let first = harness.writer("writer-1", gate: gate)
            harness.end(first)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await first.run()
                    gate.giveUp()
                }
                #expect(await gate.reached())
                try await harness.write(harness.writer("writer-2"))
                group.cancelAll()
                gate.open()
                try await group.waitForAll()
            }
            #expect(harness.contactList.count == 1)
            #expect(harness.contact("Ada")?["ContactNumber"]?.string == "xero:o:e:\(email)")
            #expect(harness.discrepancies(orders) == [])
            #expect(try await harness.count("state <> 'posted'") == 0)
        }
    }
}
