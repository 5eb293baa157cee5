import Accounting
import JSON
import Ledger
import Mapping
import NIOConcurrencyHelpers
import Observability
import Xero

/// A turn that was taken for a read before it was known which.
final class Turn: Sendable {
    private let callID: NIOLockedValueBox<String?>

    init(callID: String) { self.callID = NIOLockedValueBox(callID) }

    /// The call that the turn was taken for; once.
    func use() -> String? {
        callID.withLockedValue { id in
            defer { id = nil }
            return id
        }
    }
}

/// Looks documents of one kind up in Xero: by number lists where Xero has them, by pages of what changed since they were sent,
/// or one by one.
struct Lookups: Sendable {
    let writer: OrgWriter
    let kind: DocumentKind
    let turn: Turn?

    /// Minutes before the first send from which changes are read: clocks differ.
    private static let marginMinutes = 5.0
    /// Items beyond which a list is cheaper than one filter each.
    private static let filteredItems = 2
    /// Pages of changes beyond which documents are looked up one by one.
    private static let pageLimit = 10

    /// Looks documents up.
    /// - Parameters:
    ///   - documents: documents of one kind.
    ///   - since: when they were first sent; nil if that is not known.
    ///   - operation: what Xero may have done with them.
    /// - Returns: a finding for each.
    func find(
        _ documents: [StoredDocument], since: Instant?, operation: DocumentOperation
    ) async throws -> [Int64: Finding] {
        switch kind {
        case .invoice: return try await invoices(documents, operation)
        case .allocation: return try await allocations(documents, operation)
        case .item: return try await items(documents, since: since)
        case .contact where operation == .update:
            return try await contactChanges(documents)
        case .contact, .payment, .refund, .creditNote, .quote:
            if operation != .create { return try await byID(documents, operation) }
            // One by one costs a call each; a page of changes costs one for all of them.
            if let since, documents.count > 1, let found = try await pages(documents, since: since) { return found }
            return try await singly(documents)
        }
    }

    // MARK: The ways

    private func invoices(
        _ documents: [StoredDocument], _ operation: DocumentOperation
    ) async throws -> [Int64: Finding] {
        let numbers = documents.compactMap { $0.number ?? VerdictReader.naturalID(of: $0) }
        let elements = try await read(.invoices(numbers: numbers), .invoices)
        return try await findings(documents, elements, operation)
    }

    private func byID(
        _ documents: [StoredDocument], _ operation: DocumentOperation
    ) async throws -> [Int64: Finding] {
        var found: [Int64: Finding] = [:]
        for document in documents {
            let collection = BatchComposer.collection(kind)
            let mayBeAbsent = operation == .void || kind == .quote
            var elements = try await read(
                .element(collection, id: document.xeroID ?? ""), collection, mayBeAbsent: mayBeAbsent)
            if mayBeAbsent, elements.isEmpty { elements = [gone(document)] }
            found.merge(try await findings([document], elements, operation)) { first, _ in first }
        }
        return found
    }

    /// Everything of the kind that changed since the call; nil if that is too much.
    private func pages(_ documents: [StoredDocument], since: Instant) async throws -> [Int64: Finding]? {
        let collection = BatchComposer.collection(kind)
        let from = start(since)
        var elements: [XeroElement] = []
        var page = 1
        while true {
            let answer = try await readBody(.page(collection, page, modifiedSince: from), collection)
            elements += answer.elements
            let pages = answer.body["pagination"]?["pageCount"]?.int
            let isLast = pages.map { page >= $0 } ?? answer.elements.isEmpty
            if isLast { break }
            page += 1
            if page > Self.pageLimit { return nil }
        }
        return try await findings(documents, elements, .create)
    }

    /// Items by their codes. What has the code is the item, whoever made it.
    private func items(_ documents: [StoredDocument], since: Instant?) async throws -> [Int64: Finding] {
        var elements: [XeroElement] = []
        if documents.count <= Self.filteredItems {
            for document in documents {
                let code = XeroRequest.literal(document.number ?? "")
                elements += try await read(.items(where: "Code==\(code)"), .items)
            }
        } else {
            elements = try await read(.items(modifiedSince: since.map(start)), .items)
        }
        return try await findings(documents, elements, .create)
    }

    /// From when changes are read that a call may have made.
    private func start(_ since: Instant) -> Instant {
        since - .seconds(Int64(Self.marginMinutes * max(60, writer.time.minuteSeconds)))
    }

    private func singly(_ documents: [StoredDocument]) async throws -> [Int64: Finding] {
        var found: [Int64: Finding] = [:]
        for document in documents {
            let collection = BatchComposer.collection(kind)
            let elements =
                switch kind {
                case .contact: try await contact(document)
                case .quote: try await read(.quotes(number: document.number ?? ""), collection)
                default: try await read(.filtered(collection, where: filter(document)), collection)
                }
            found.merge(try await findings([document], elements, .create)) { first, _ in first }
        }
        return found
    }

    private func filter(_ document: StoredDocument) -> String {
        if kind == .creditNote, let number = document.number {
            return "CreditNoteNumber==" + XeroRequest.literal(number)
        }
        return "Reference==" + XeroRequest.literal(document.desired["Reference"]?.string ?? "")
    }

    /// A contact by its name, then by its number: it may have been renamed.
    private func contact(_ document: StoredDocument) async throws -> [XeroElement] {
        let name = document.desired["Name"]?.string ?? ""
        let named = try await read(.filtered(.contacts, where: "Name==" + XeroRequest.literal(name)), .contacts)
        let number = document.desired["ContactNumber"]?.string
        if named.contains(where: { $0.naturalID == number }) { return named }
        guard let number else { return named }
        return named + (try await read(.element(.contacts, id: number), .contacts, mayBeAbsent: true))
    }

    /// A contact's change says what its fields have to be: sent twice it does what sent once it does. Only where Xero refused
    /// it, somebody else may have the name that it was to get.
    private func contactChanges(_ documents: [StoredDocument]) async throws -> [Int64: Finding] {
        var found: [Int64: Finding] = [:]
        for document in documents {
            found[document.id] = .absent
            guard document.lookupFirst, let name = document.desired["Name"]?.string else { continue }
            let named = try await read(.filtered(.contacts, where: "Name==" + XeroRequest.literal(name)), .contacts)
            if let other = named.first(where: { $0.id != nil && $0.id != document.xeroID }) {
                found[document.id] = .nameTaken(other)
            }
        }
        return found
    }

    private func allocations(
        _ documents: [StoredDocument], _ operation: DocumentOperation
    ) async throws -> [Int64: Finding] {
        var found: [Int64: Finding] = [:]
        let keys = BatchComposer.references(in: documents)
        let xeroIDs = try await DocumentStore.xeroIDs(keys: keys, in: writer.database)
        for document in documents {
            let noteKey = document.desired["CreditNote"]?["$creditNote"]?.string ?? ""
            let invoiceKey = document.desired["Invoice"]?["$invoice"]?.string ?? ""
            guard let noteID = xeroIDs[noteKey] else {
                found[document.id] = .absent
                continue
            }
            let notes = try await read(.element(.creditNotes, id: noteID), .creditNotes)
            let list = notes.first?.value["Allocations"]?.array ?? []
            let match = list.first { allocation in
                allocation["Invoice"]?["InvoiceID"]?.string == xeroIDs[invoiceKey]
                    && allocation["Amount"]?.decimal == document.total
            }
            guard let match else {
                found[document.id] = operation == .void ? .found(gone(document)) : .absent
                continue
            }
            // Xero need not tell an allocation's own id here; the credit note's stands for it.
            var element = XeroElement(match, collection: .allocations)
            element.id = element.id ?? noteID
            found[document.id] = operation == .void ? .outdated(element) : .found(element)
        }
        return found
    }

    // MARK: Matching

    private func findings(
        _ documents: [StoredDocument], _ elements: [XeroElement], _ operation: DocumentOperation
    ) async throws -> [Int64: Finding] {
        let xeroIDs =
            operation == .update
            ? try await DocumentStore.xeroIDs(keys: BatchComposer.references(in: documents), in: writer.database) : [:]
        var found: [Int64: Finding] = [:]
        for document in documents {
            found[document.id] =
                switch operation {
                case .create: finding(document, elements)
                case .update: change(document, elements, xeroIDs)
                case .void: void(document, elements)
                }
        }
        return found
    }

    private func void(_ document: StoredDocument, _ elements: [XeroElement]) -> Finding {
        guard let element = elements.first(where: { $0.id == document.xeroID }) else { return .absent }
        if element.isGone { return .found(element) }
        // As it is by now, it says how it can be removed.
        return (kind == .quote ? endedByOthers(document, element) : nil) ?? .outdated(element)
    }

    /// A quote that is over in Xero, and not by us.
    private func endedByOthers(_ document: StoredDocument, _ element: XeroElement) -> Finding? {
        let status = element.value["Status"]?.string
        guard QuoteProgress.isOver(status), status != document.postedStatus else { return nil }
        return .foreign(element, "\(document.title) was \(status?.lowercased() ?? "ended") in Xero by somebody")
    }

    /// What became of a change of a quote.
    private func quoteChange(
        _ document: StoredDocument, _ element: XeroElement, _ xeroIDs: [String: String]
    ) -> Finding {
        if document.wantedStatus == PlannedDocument.invoicedStatus {
            return document.isOnItsWay(element.value) ? .outdated(element) : .found(element)
        }
        if let ended = endedByOthers(document, element) { return ended }
        let isThere = PostedContent(xeroIDs: xeroIDs).carries(document.desired, element.value)
        return isThere && !document.isOnItsWay(element.value) ? .found(element) : .outdated(element)
    }

    /// What Xero does not have any more.
    private func gone(_ document: StoredDocument) -> XeroElement {
        let collection = BatchComposer.collection(kind)
        let posted = document.posted.flatMap { try? JSONValue(parsing: $0) }
        var value = posted?.object ?? [:]
        value[collection.idField] = .string(document.xeroID ?? "")
        value["Status"] = "DELETED"
        return XeroElement(.object(value), collection: collection)
    }

    private func change(
        _ document: StoredDocument, _ elements: [XeroElement], _ xeroIDs: [String: String]
    ) -> Finding {
        guard let element = elements.first(where: { $0.id == document.xeroID }) else { return .absent }
        if kind == .quote { return quoteChange(document, element, xeroIDs) }
        if element.isGone { return .foreign(element, "\(document.title) was voided in Xero by somebody") }
        let isThere = PostedContent(xeroIDs: xeroIDs).carries(document.desired, element.value)
        return isThere ? .found(element) : .outdated(element)
    }

    private func finding(_ document: StoredDocument, _ elements: [XeroElement]) -> Finding {
        switch kind {
        case .contact: return contactFinding(document, elements)
        case .item:
            return elements.first { $0.id != nil && $0.naturalID == document.number }.map { .found($0) } ?? .absent
        case .payment, .refund:
            let match = elements.first { element in
                !element.isGone && document.key.isNamed(in: element.value["Reference"]?.string ?? "")
            }
            return match.map { .found($0) } ?? .absent
        case .invoice, .creditNote, .allocation, .quote: return numberedFinding(document, elements)
        }
    }

    private func numberedFinding(_ document: StoredDocument, _ elements: [XeroElement]) -> Finding {
        let number = VerdictReader.naturalID(of: document)
        guard let element = elements.first(where: { $0.naturalID == number && $0.id != nil }) else { return .absent }
        let isOurs =
            kind == .creditNote || kind == .quote
            ? document.key.isNamed(in: element.value["Reference"]?.string ?? "")
            : LockedPeriod.isSame(
                element.value["Reference"]?.string ?? "", as: document.desired["Reference"]?.string ?? "")
                && element.value["Url"]?.string == document.desired["Url"]?.string
        if !isOurs { return .foreign(element, "\(number ?? "the number") is in Xero and is not ours") }
        if element.isGone { return .foreign(element, "\(number ?? "the number") was voided in Xero by somebody") }
        return .found(element)
    }

    private func contactFinding(_ document: StoredDocument, _ elements: [XeroElement]) -> Finding {
        if let number = document.desired["ContactNumber"]?.string,
            let ours = elements.first(where: { $0.naturalID == number && $0.id != nil })
        {
            return .found(ours)
        }
        let name = ContactName.folded(document.desired["Name"]?.string ?? "")
        let named = elements.filter {
            $0.id != nil && ContactName.folded($0.value["Name"]?.string ?? "") == name
        }
        guard let other = named.first else { return .absent }
        let email = document.desired["EmailAddress"]?.string?.lowercased() ?? ""
        let agrees = !email.isEmpty && other.value["EmailAddress"]?.string?.lowercased() == email
        return agrees ? .found(other) : .nameTaken(other)
    }

    // MARK: Reading

    private func read(
        _ request: XeroRequest, _ collection: XeroCollection, mayBeAbsent: Bool = false
    ) async throws -> [XeroElement] {
        try await readBody(request, collection, mayBeAbsent: mayBeAbsent).elements
    }

    private func readBody(
        _ request: XeroRequest, _ collection: XeroCollection, mayBeAbsent: Bool = false
    ) async throws -> (elements: [XeroElement], body: JSONValue) {
        let response = try await writer.read(request, kind: kind, turn: turn?.use())
        switch XeroAnswer(response, collection: collection) {
        case .elements(let elements, let body): return (elements, body)
        case .refused(404, _, _) where mayBeAbsent: return ([], .null)
        case .refused(let status, let message, _): throw LookupFailure(description: "status \(status): \(message)")
        case .throttled: throw LookupFailure(description: "a limit was reached")
        case .unauthorised(let status, let message): throw LookupFailure(description: "status \(status): \(message)")
        case .unclear(let status, let message): throw LookupFailure(description: "status \(status): \(message)")
        }
    }
}

extension OrgWriter {
    /// Makes a read: waits for its turn, records it, sends it.
    /// - Parameters:
    ///   - request: the request.
    ///   - kind: the kind of what is read.
    ///   - turn: the id of a call whose turn was taken already.
    func read(_ request: XeroRequest, kind: DocumentKind?, purpose: CallPurpose = .probe, turn: String?) async throws
        -> XeroResponse
    {
        let callID: String
        if let turn {
            callID = turn
        } else {
            callID = Self.newCallID()
            while let pause = try await takeTurn(callID: callID, isLookup: true) {
                let isOver = state.withLockedValue { $0.isRetired || $0.lease == nil || !$0.org.isActive }
                guard !isOver, !Task.isCancelled else { throw LookupFailure(description: "the writer stops") }
                try await time.wait(.seconds(min(pause, settings.pollSeconds)), true)
            }
        }
        defer { leave(callID: callID) }
        // Without a token there is no point in an intent.
        let token = try await caller.tokens.token()
        let record = CallRecord(
            id: callID, orgID: orgID, purpose: purpose, kind: kind, method: request.method.rawValue, path: request.path,
            holder: settings.holder, traceparent: tracer.next(after: TraceParent.current).description)
        try await CallStore.begin(record, deadlineSeconds: settings.deadlineSeconds, time: time.ledger, in: database)
        let sent = await trace(record, parent: TraceParent.current) {
            let sent = await caller.send(request, key: nil, token: token)
            await note(sent, token: token, record: record)
            return sent
        }
        switch sent {
        case .answered(let response):
            try await CallStore.finish(
                id: callID,
                CallResult(
                    response.status < 300 ? .done : response.status == 429 ? .throttled : .refused,
                    status: response.status,
                    // Reference data is kept in rows of its own.
                    response: purpose == .reference && response.status < 300
                        ? nil : String(decoding: response.body, as: UTF8.self)), time: time.ledger, in: database)
            return response
        case .notSent(let message), .noAnswer(let message):
            try await CallStore.finish(
                id: callID, CallResult(.resolved, error: message), time: time.ledger, in: database)
            throw LookupFailure(description: message)
        }
    }
}
