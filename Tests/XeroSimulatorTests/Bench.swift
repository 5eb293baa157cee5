import Accounting
import JSON
import NIOConcurrencyHelpers
import SimulatedXero

/// A simulated Xero with a clock that stands still, and short ways to call it.
final class Bench: Sendable {
    /// 15 June 2026, noon UTC.
    static let start = Instant(seconds: 1_781_524_800)

    let xero: SimulatedXero
    private let time: NIOLockedValueBox<Instant>

    init(
        _ definition: OrganisationDefinition = OrganisationDefinition(key: "demo"), more: [OrganisationDefinition] = []
    ) {
        let time = NIOLockedValueBox(Self.start)
        self.time = time
        var settings = SimulatorSettings()
        settings.minuteLimit = 0
        settings.dayLimit = 0
        xero = SimulatedXero(organisations: [definition] + more, settings: settings) { time.withLockedValue { $0 } }
    }

    var now: Instant { time.withLockedValue { $0 } }

    func advance(_ duration: Duration) { time.withLockedValue { $0 = $0 + duration } }

    /// Calls `/api.xro/2.0` with a good token.
    func call(
        _ method: String, _ target: String, _ body: JSONValue? = nil, headers: [String: String] = [:],
        org: String = "demo"
    ) -> SimulatedResponse {
        var all = ["Authorization": "Bearer \(xero.accessToken(for: org))", "Accept": "application/json"]
        for (name, value) in headers { all[name] = value }
        return xero.handle(
            SimulatedRequest(
                method: method, target: "/api.xro/2.0\(target)", headers: all, body: body?.encoded() ?? []))
    }

    /// Calls the control interface.
    @discardableResult
    func control(_ method: String, _ target: String, _ body: JSONValue? = nil) -> SimulatedResponse {
        xero.handle(SimulatedRequest(method: method, target: "/_control\(target)", body: body?.encoded() ?? []))
    }

    /// Sends elements and returns the results, one by one.
    func send(_ method: String, _ resource: String, _ elements: [JSONValue], unitdp: Bool = true) -> [JSONValue] {
        let query = "summarizeErrors=false\(unitdp ? "&unitdp=4" : "")"
        let response = call(method, "/\(resource)?\(query)", .object([resource: .array(elements)]))
        return response.json[resource]?.array ?? []
    }

    /// Sends one element and returns its result.
    func send(_ method: String, _ resource: String, _ element: JSONValue, unitdp: Bool = true) -> JSONValue {
        send(method, resource, [element], unitdp: unitdp).first ?? .null
    }

    /// The elements of a GET.
    func list(_ target: String, headers: [String: String] = [:]) -> [JSONValue] {
        let name = target.split(separator: "/")[0].split(separator: "?")[0]
        return call("GET", target, headers: headers).json[String(name)]?.array ?? []
    }

    /// Makes a contact and returns its identifier.
    func contact(_ name: String = "Ada Lovelace") -> String {
        send("PUT", "Contacts", ["Name": .string(name)])["ContactID"]?.string ?? ""
    }

    /// Makes an authorised invoice over 100.00 and tax of 10.00.
    func invoice(_ number: String = "A-1", _ changes: JSONObject = [:]) -> JSONValue {
        send("PUT", "Invoices", Self.invoice(number, contact: existingContact(), changes))
    }

    /// Makes an authorised credit note over 100.00 and tax of 10.00.
    func creditNote(_ number: String = "CN-A-1", _ changes: JSONObject = [:]) -> JSONValue {
        var element = Self.invoice(number, contact: existingContact(), [:]).object ?? [:]
        element["InvoiceNumber"] = nil
        element["DueDate"] = nil
        element["Type"] = "ACCRECCREDIT"
        element["CreditNoteNumber"] = .string(number)
        for (key, value) in changes { element[key] = value }
        return send("PUT", "CreditNotes", .object(element))
    }

    private func existingContact() -> String {
        list("/Contacts").first?["ContactID"]?.string ?? contact()
    }

    static func invoice(_ number: String, contact: String, _ changes: JSONObject = [:]) -> JSONValue {
        var element: JSONObject = [
            "Type": "ACCREC", "Status": "AUTHORISED", "Contact": ["ContactID": .string(contact)],
            "InvoiceNumber": .string(number), "Date": "2026-06-15", "DueDate": "2026-06-15",
            "LineAmountTypes": "Exclusive", "LineItems": [line()],
        ]
        for (key, value) in changes { element[key] = value }
        return .object(element)
    }

    static func line(_ changes: JSONObject = [:]) -> JSONValue {
        var line: JSONObject = [
            "Description": "A thing", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "TaxType": "OUTPUT",
        ]
        for (key, value) in changes { line[key] = value.isNull ? nil : value }
        return .object(line)
    }

    func pay(_ invoice: JSONValue, _ amount: JSONValue = 110, _ changes: JSONObject = [:]) -> JSONValue {
        var payment: JSONObject = [
            "Invoice": ["InvoiceID": invoice["InvoiceID"] ?? .null], "Account": ["Code": "090"],
            "Date": "2026-06-15", "Amount": amount, "Reference": "demo:payment:1:1",
        ]
        for (key, value) in changes { payment[key] = value.isNull ? nil : value }
        return send("PUT", "Payments", .object(payment))
    }

    func refund(_ creditNote: JSONValue, _ amount: JSONValue = 110) -> JSONValue {
        pay(.null, amount, ["Invoice": .null, "CreditNote": ["CreditNoteID": creditNote["CreditNoteID"] ?? .null]])
    }
}

extension SimulatedResponse {
    /// The body as JSON; null if it is none.
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
}

extension JSONValue {
    /// The messages of an element's validation errors.
    var errors: [String] { self["ValidationErrors"]?.array?.compactMap { $0["Message"]?.string } ?? [] }

    /// Whether an element was accepted, by the test the documentation gives.
    var isAccepted: Bool { self["StatusAttributeString"] == "OK" && errors.isEmpty }

    /// The text of a number as it was sent.
    func number(_ key: String) -> String? { self[key]?.number?.text }
}

func number(_ text: String) -> JSONValue { JSONNumber(text: text).map { .number($0) } ?? .null }
