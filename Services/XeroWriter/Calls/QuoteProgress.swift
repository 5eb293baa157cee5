import JSON
import Ledger
import Mapping

/// How quotes go from status to status, a step a call. Pure.
///
/// A draft can be sent or deleted, a sent quote accepted or declined, an accepted one invoiced; and what went further than it
/// should goes back to sent. Xero refuses to decline what is not sent.
enum QuoteProgress {
    /// The status that an update asks for, so that the quote comes nearer to what is wanted.
    /// - Parameters:
    ///   - status: the quote's status in Xero.
    ///   - wanted: the status that is wanted in the end.
    static func next(from status: String?, to wanted: String) -> String {
        switch (wanted, status) {
        case (PlannedDocument.invoicedStatus, "SENT"): "ACCEPTED"
        case (PlannedDocument.invoicedStatus, "ACCEPTED"): wanted
        case (PlannedDocument.invoicedStatus, PlannedDocument.invoicedStatus): wanted
        case ("DRAFT", "DRAFT"): wanted
        // Somebody may have sent it, or had it accepted: what changes after that is a new offer.
        default: "SENT"
        }
    }

    /// The status in which a quote ends that is wanted no longer.
    static func end(from status: String?) -> String { status == "SENT" ? "DECLINED" : "DELETED" }

    /// Whether a quote in a status is where it should be. What people do with a quote of ours is not undone.
    static func isReached(_ status: String?, wanted: String) -> Bool {
        switch wanted {
        case PlannedDocument.invoicedStatus: isOver(status)
        case "DRAFT": status == "DRAFT" || status == "SENT" || status == "ACCEPTED"
        default: status == "SENT" || status == "ACCEPTED"
        }
    }

    /// Whether nothing more comes of a quote in a status.
    static func isOver(_ status: String?) -> Bool {
        status == PlannedDocument.invoicedStatus || status == "DECLINED" || status == "DELETED"
    }

    /// The element of an update, or of the call that ends the quote.
    ///
    /// Xero empties what an update leaves out, but for the lines: these are left alone then.
    /// - Parameters:
    ///   - element: everything that is wanted, with ids for references and the ids of lines.
    ///   - document: the quote.
    static func element(_ element: JSONObject, of document: StoredDocument) -> JSONObject {
        var element = element
        let isVoid = document.machine.operation == .void
        let wanted = document.wantedStatus
        let status = document.postedStatus
        element["Status"] = .string(isVoid ? end(from: status) : next(from: status, to: wanted))
        if isVoid || wanted == PlannedDocument.invoicedStatus { element["LineItems"] = nil }
        return element
    }
}

extension StoredDocument {
    /// The status that is wanted of it.
    var wantedStatus: String { desired["Status"]?.string ?? "" }

    /// The status that Xero is known to have it in.
    var postedStatus: String? {
        posted.flatMap { try? JSONValue(parsing: $0) }?["Status"]?.string
    }

    /// Whether Xero has a quote that is on its way to the status wanted, and not there yet.
    func isOnItsWay(_ element: JSONValue) -> Bool {
        key.kind == .quote && !QuoteProgress.isReached(element["Status"]?.string, wanted: wantedStatus)
    }

    /// Whether it is a quote that never came to Xero, and whose order has an invoice by now.
    var isOvertaken: Bool {
        key.kind == .quote && !machine.exists && machine.state == .waiting
            && wantedStatus == PlannedDocument.invoicedStatus
    }
}
