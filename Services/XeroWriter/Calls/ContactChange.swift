import JSON
import Ledger
import Mapping
import Postgres
import Xero

/// What the result of a call, or of a lookup, says about contacts.
struct ContactChange: Sendable {
    private var results: [ContactLinks.Result] = []
    /// What the call carried, in order.
    private let sent: [JSONValue]
    /// Documents that Xero refused because their contacts are archived, with its words.
    private var doubting: [(id: Int64, words: String)] = []
    /// Archived contacts that Xero does not make active again, with its words.
    private var unrestored: [Int64: String] = [:]

    init(_ record: CallRecord) {
        let body = record.kind == .contact ? record.body.flatMap { try? JSONValue(parsing: $0) } : nil
        sent = body?[XeroCollection.contacts.rawValue]?.array ?? []
    }

    /// Takes what a call wrote.
    mutating func wrote(_ document: StoredDocument, _ element: XeroElement, by record: CallRecord) {
        guard document.key.kind == .contact else { return }
        let sent = sentElement(for: document, of: record)
        results.append(ContactLinks.Result(document, element, sent: sent))
        let status = element.value["ContactStatus"]?.string ?? "ACTIVE"
        if sent?["ContactStatus"]?.string == "ACTIVE", status != "ACTIVE" {
            unrestored[document.id] = "Xero took the change and left the contact archived"
        }
    }

    /// Takes what a lookup found.
    mutating func found(_ document: StoredDocument, _ element: XeroElement) {
        guard document.key.kind == .contact else { return }
        results.append(ContactLinks.Result(document, element, sent: nil))
    }

    /// Whether a call was to make a contact active again.
    func isRestoring(_ document: StoredDocument, by record: CallRecord) -> Bool {
        document.isArchived && sentElement(for: document, of: record)?["ContactStatus"]?.string == "ACTIVE"
    }

    /// Takes that Xero does not make a contact active again.
    mutating func refused(_ document: StoredDocument, _ words: String) { unrestored[document.id] = words }

    /// Takes that a document was refused because its contact is archived.
    mutating func doubt(_ document: StoredDocument, _ words: String) { doubting.append((document.id, words)) }

    /// The element that a call carried for a document.
    private func sentElement(for document: StoredDocument, of record: CallRecord) -> JSONValue? {
        guard let position = record.elements.firstIndex(where: { $0.documentID == document.id }),
            sent.indices.contains(position)
        else { return nil }
        return sent[position]
    }

    /// Stores everything.
    /// - Parameters:
    ///   - documents: the documents of the call as they were stored.
    ///   - record: the call.
    ///   - session: the transaction of the result.
    func store(_ documents: [StoredDocument], record: CallRecord, in session: some PostgresSession) async throws {
        try await ContactLinks.store(results, in: session)
        if let words = unrestored.values.min() {
            try await ContactRevival.replace(
                documents.filter { unrestored[$0.id] != nil },
                cause: "archived in Xero, which does not restore it (\(words))", callID: record.id,
                by: ResultStore.service, in: session)
        }
        if let first = doubting.first {
            try await ContactStandings.doubt(
                neededBy: doubting.map(\.id), cause: "Xero refused what is posted to it: \(first.words)",
                callID: record.id, by: ResultStore.service, in: session)
        }
    }
}

extension MirroredContact {
    /// The contact as an element, as far as it is kept.
    var element: XeroElement {
        var object = fields.json.object ?? [:]
        object["ContactID"] = .string(id)
        object["ContactStatus"] = .string(status)
        if let mergedTo { object["MergedToContactID"] = .string(mergedTo) }
        return XeroElement(.object(object), collection: .contacts)
    }
}
