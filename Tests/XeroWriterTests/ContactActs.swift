import JSON
import Ledger
import SimulatedXero

@testable import XeroWriter

extension WriterHarness {
    /// Does with a contact what a person does in Xero.
    func act(_ action: String, _ contact: String, _ more: JSONObject = [:]) {
        var body: JSONObject = ["action": .string(action), "contact": .string(contact)]
        for (name, value) in more { body[name] = value }
        let response = simulator.handle(
            SimulatedRequest(
                method: "POST", target: "/_control/orgs/\(org)/contacts", body: JSONValue.object(body).encoded()))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
    }

    /// Makes a contact as a person does in Xero.
    func enter(_ contact: JSONValue) { enter([contact]) }

    /// Makes contacts of these names.
    func enterMany(_ names: [String]) { enter(names.map { ["Name": .string($0)] }) }

    private func enter(_ contacts: [JSONValue]) {
        let response = simulator.handle(
            SimulatedRequest(
                method: "PUT", target: "/api.xro/2.0/Contacts?summarizeErrors=false",
                headers: ["Authorization": "Bearer \(simulator.accessToken(for: org))"],
                body: JSONValue.object(["Contacts": .array(contacts)]).encoded()))
        precondition(response.status < 300, String(decoding: response.body, as: UTF8.self))
    }

    /// Reads what changed in Xero's contacts, and follows it.
    func readContacts(_ holder: String = "reader", policy: ContactPolicy = ContactPolicy()) async throws {
        clock.advance(seconds: 31 * 60, simulator)
        try await write(writer(holder, keepsContacts: true, contacts: policy)) { try await isUpToDate() }
    }

    /// Whether what is known of Xero's contacts is young, and followed.
    func isUpToDate() async throws -> Bool {
        let page = try await ContactMirror.next(
            orgID: org, minuteSeconds: minuteSeconds ?? 60, time: time().ledger, in: database)
        guard page == nil else { return false }
        return try await value("SELECT count(*) FROM xero_contact WHERE NOT is_followed") == "0"
    }

    /// The same organisation, with another of its stores.
    func with(store: String) -> WriterHarness {
        var harness = self
        harness.store = store
        return harness
    }

    /// The contacts in the books.
    var contactList: [JSONValue] { books["contacts"]?.array ?? [] }

    /// The contact of a name.
    func contact(_ name: String) -> JSONValue? { contactList.first { $0["Name"]?.string == name } }

    /// The contact of an invoice.
    func contactName(ofInvoice number: String) -> String? {
        books["invoices"]?.array?.first { $0["InvoiceNumber"]?.string == number }?["Contact"]?["Name"]?.string
    }

    /// How often an endpoint was called.
    func calls(_ endpoint: String) -> Int { calls["by_endpoint"]?[endpoint]?["calls"]?.int ?? 0 }
}
