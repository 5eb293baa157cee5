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
    "Contacts that people change in Xero",
    .enabled(if: TestServers.areAvailable, "needs the private servers: make test"))
struct ContactFollowingTests {
    private static let first = SampleOrder(number: 1, customer: 1)
    private static let second = SampleOrder(number: 2, customer: 1)

    /// Posts an order of a customer, and plans the next one after something was done with the contact.
    private static func after(_ harness: WriterHarness, _ act: () -> Void) async throws {
        try await harness.plan([first])
        try await harness.write()
        act()
        try await harness.plan([second])
    }

    private static func troubles(_ harness: WriterHarness) async throws -> [String] {
        let rows = try await harness.database.query(
            """
            SELECT key || ' is ' || state || ': ' || coalesce(state_reason, '') AS words FROM document
            WHERE state NOT IN ('posted', 'voided', 'superseded') OR is_archived
            UNION ALL SELECT 'dead letter: ' || message FROM dead_letter WHERE state <> 'resolved'
            """)
        return rows.compactMap { $0["words"] }
    }

    // MARK: Archived

    @Test(
        "an archived contact is made active again when an order comes, and the order goes on", .timeLimit(.minutes(5)))
    func restored() async throws {
        try await WriterHarness.run { harness in
            try await Self.after(harness) { harness.act("archive", "Customer 1") }
            try await harness.write()
            #expect(harness.contact("Customer 1")?["ContactStatus"] == "ACTIVE")
            #expect(harness.discrepancies([Self.first, Self.second]) == [])
            #expect(try await Self.troubles(harness) == [])
            let causes = try await harness.value(
                "SELECT string_agg(cause, '; ' ORDER BY id) FROM audit WHERE subject = 'acme/shop/contact/c:1/1'")
            #expect(causes?.contains("cannot be used in transactions") == true)
            // The same order delivered again changes nothing.
            let calls = harness.calls["calls"]?.int
            try await harness.plan([Self.second], revision: 2)
            try await harness.write()
            #expect(harness.calls["calls"]?.int == calls)
        }
    }

    @Test(
        "what was read before costs no refused call, and what nothing waits for stays archived", .timeLimit(.minutes(5))
    )
    func readBefore() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([Self.first, SampleOrder(number: 3, customer: 3)])
            try await harness.write()
            harness.act("archive", "Customer 1")
            harness.act("archive", "Customer 3")
            try await harness.readContacts()
            #expect(try await harness.count("is_archived") == 2)
            #expect(harness.calls("POST /Contacts") == 0)
            // Whoever changes in the shop changes in Xero, and stays archived.
            var changed = SampleOrder(number: 3, customer: 3, email: "new@example.com")
            changed.kind = .paid
            try await harness.plan([changed], revision: 2)
            try await harness.write()
            #expect(harness.contact("Customer 3")?["EmailAddress"] == "new@example.com")
            #expect(harness.contact("Customer 3")?["ContactStatus"] == "ARCHIVED")
            try await harness.plan([Self.second])
            try await harness.write()
            #expect(harness.calls("PUT /Invoices") == 2)
            #expect(harness.contact("Customer 1")?["ContactStatus"] == "ACTIVE")
            #expect(harness.contact("Customer 3")?["ContactStatus"] == "ARCHIVED")
            #expect(try await harness.count("state = 'posted'") == 8)
        }
    }

    @Test(
        "one that Xero does not restore, or that is to be replaced, gets a successor", .timeLimit(.minutes(5)),
        arguments: ["refused", "policy", "erased"])
    func replaced(why: String) async throws {
        var settings = SimulatorSettings()
        settings.contactsRestorable = why != "refused"
        try await WriterHarness.run(settings: settings) { harness in
            let policy = ContactPolicy(archived: why == "policy" ? .replace : .restore)
            try await Self.after(harness) { harness.act(why == "erased" ? "erase" : "archive", "Customer 1") }
            try await harness.write(harness.writer(contacts: policy))
            #expect(
                harness.contact("Customer 1")?["ContactStatus"]?.string
                    == (why == "erased" ? "GDPRREQUEST" : "ARCHIVED"))
            #expect(harness.contact("Customer 1 (2)")?["ContactNumber"] == "shop:c:1.2")
            #expect(harness.contactName(ofInvoice: "W-2") == "Customer 1 (2)")
            #expect(try await Self.troubles(harness) == [])
            // Later orders know it; the same once more.
            try await harness.plan([SampleOrder(number: 3, customer: 1)])
            try await harness.write(harness.writer(contacts: policy))
            #expect(harness.contactName(ofInvoice: "W-3") == "Customer 1 (2)")
            harness.act(why == "erased" ? "erase" : "archive", "Customer 1 (2)")
            try await harness.plan([SampleOrder(number: 4, customer: 1)])
            try await harness.write(harness.writer(contacts: policy))
            #expect(harness.contact("Customer 1 (3)")?["ContactNumber"] == "shop:c:1.3")
            #expect(harness.contactList.count == 3)
            #expect(try await Self.troubles(harness) == [])
        }
    }

    @Test("a contact that a person restores lets waiting documents go on", .timeLimit(.minutes(5)))
    func restoredByPerson() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([Self.first])
            try await harness.write()
            harness.act("archive", "Customer 1")
            try await harness.readContacts("reader-1")
            harness.act("restore", "Customer 1")
            try await harness.readContacts("reader-2")
            #expect(try await harness.count("is_archived") == 0)
            try await harness.plan([Self.second])
            try await harness.write()
            #expect(harness.calls("POST /Contacts") == 0)
            #expect(harness.discrepancies([Self.first, Self.second]) == [])
        }
    }

    @Test(
        "killed before or after the call that restores, it is restored once", .timeLimit(.minutes(5)),
        arguments: [CallGate.Place.before, .after])
    func killed(place: CallGate.Place) async throws {
        try await WriterHarness.run { harness in
            try await Self.after(harness) { harness.act("archive", "Customer 1") }
            let gate = CallGate(place, isKill: true) {
                $0.method == .post && $0.path.hasPrefix("/api.xro/2.0/Contacts")
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
            #expect(harness.contact("Customer 1")?["ContactStatus"] == "ACTIVE")
            #expect(harness.discrepancies([Self.first, Self.second]) == [])
            #expect(try await Self.troubles(harness) == [])
        }
    }

    // MARK: Merged

    @Test(
        "a merged contact leads to the one that survived, over several", .timeLimit(.minutes(5)),
        arguments: [true, false])
    func merged(isReadBefore: Bool) async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([Self.first])
            try await harness.write()
            harness.enter(["Name": "Customers Ltd", "EmailAddress": "office@example.com"])
            harness.enter(["Name": "Survivor"])
            harness.act("merge", "Customer 1", ["into": "Customers Ltd"])
            harness.act("merge", "Customers Ltd", ["into": "Survivor"])
            if isReadBefore { try await harness.readContacts() }
            try await harness.plan([Self.second])
            try await harness.write()
            #expect(harness.contactName(ofInvoice: "W-1") == "Survivor")
            #expect(harness.contactName(ofInvoice: "W-2") == "Survivor")
            #expect(harness.contactList.count == 3)
            #expect(harness.calls("PUT /Invoices") == (isReadBefore ? 2 : 3))
            #expect(try await Self.troubles(harness) == [])
            let id = harness.contact("Survivor")?["ContactID"]?.string
            #expect(try await harness.value("SELECT xero_id FROM document WHERE kind = 'contact'") == id)
            // What people wrote into the one that survived stays.
            try await harness.plan([SampleOrder(number: 3, customer: 1, name: "Another", email: "a@example.com")])
            try await harness.write()
            #expect(harness.contact("Survivor")?["ContactStatus"] == "ACTIVE")
            #expect(harness.contactName(ofInvoice: "W-3") == "Survivor")
            #expect(harness.contact("Survivor")?["EmailAddress"] == "a@example.com")
            #expect(harness.contact("Survivor")?["ContactNumber"] == nil)
            #expect(try await Self.troubles(harness) == [])
        }
    }

    @Test("one that survived and is archived is restored", .timeLimit(.minutes(5)))
    func mergedIntoArchived() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([Self.first])
            try await harness.write()
            harness.enter(["Name": "Survivor"])
            harness.act("merge", "Customer 1", ["into": "Survivor"])
            harness.act("archive", "Survivor")
            try await harness.plan([Self.second])
            try await harness.write()
            #expect(harness.contact("Survivor")?["ContactStatus"] == "ACTIVE")
            #expect(harness.contactName(ofInvoice: "W-2") == "Survivor")
            #expect(try await Self.troubles(harness) == [])
        }
    }

    @Test("contacts merged in a circle are a person's matter", .timeLimit(.minutes(5)))
    func mergedInCircle() async throws {
        try await WriterHarness.run { harness in
            try await harness.plan([Self.first, SampleOrder(number: 2, customer: 2)])
            try await harness.write()
            let id = harness.contact("Customer 1")?["ContactID"]?.string ?? ""
            harness.act("merge", "Customer 1", ["into": "Customer 2"])
            harness.act("merge", "Customer 2", ["into": .string(id)])
            try await harness.readContacts()
            try await harness.readContacts("reader-2")
            #expect(try await harness.count("state = 'dead' AND kind = 'contact'") == 2)
            #expect(try await harness.value("SELECT DISTINCT class FROM dead_letter") == "contact.merged")
            #expect(try await harness.value("SELECT sum(occurrences) FROM dead_letter") == "2")
        }
    }
}
