import Accounting
import JSON

/// How much of a document an answer shows.
struct RenderingDetail: Sendable {
    var lines = true
    var unitScale = 2
    /// Whether `StatusAttributeString` is added, as in answers to calls with `summarizeErrors=false`.
    var statusAttribute = false
}

extension OrganisationBook {
    /// An invoice or credit note as Xero shows it.
    func render(_ document: SalesDocument, _ detail: RenderingDetail) -> JSONObject {
        var object = document.kind == .invoice ? invoiceHead(document) : creditNoteHead(document)
        if detail.statusAttribute { object["StatusAttributeString"] = "OK" }
        object["HasErrors"] = false
        object["ValidationErrors"] = []
        object["Warnings"] = []
        object["Contact"] = .object(renderReference(contact: document.contactID))
        object["DateString"] = XeroDates.midnight(document.date)
        object["Date"] = XeroDates.milliseconds(document.date)
        if let due = document.dueDate {
            object["DueDateString"] = XeroDates.midnight(due)
            object["DueDate"] = XeroDates.milliseconds(due)
        }
        if let theme = document.brandingThemeID { object["BrandingThemeID"] = .string(theme) }
        object["Status"] = .string(document.status.rawValue)
        object["LineAmountTypes"] = .string(document.amountTypes.rawValue)
        object["LineItems"] = .array(detail.lines ? document.lines.map { render($0, detail) } : [])
        object["SubTotal"] = .amount(document.subTotal)
        object["TotalTax"] = .amount(document.totalTax)
        object["Total"] = .amount(document.total)
        object["UpdatedDateUTC"] = XeroDates.milliseconds(document.updatedAt)
        object["UpdatedDateUTCString"] = XeroDates.utc(document.updatedAt)
        object["CurrencyCode"] = .string(document.currency)
        object["CurrencyRate"] = .fixed(document.currencyRate, 6)
        if let paidOn = document.fullyPaidOn { object["FullyPaidOnDate"] = XeroDates.milliseconds(paidOn) }
        return object
    }

    private func invoiceHead(_ document: SalesDocument) -> JSONObject {
        var object: JSONObject = [
            "Type": .string(document.type), "InvoiceID": .string(document.id),
            "InvoiceNumber": .string(document.number), "Reference": .string(document.reference),
        ]
        if let url = document.url { object["Url"] = .string(url) }
        object["Payments"] = .array(document.paymentIDs.compactMap { payments[$0].map { renderBrief($0) } })
        object["CreditNotes"] = .array(
            document.allocationIDs.compactMap { id in
                guard let allocation = allocations[id], let note = creditNotes[allocation.creditNoteID] else {
                    return nil
                }
                return [
                    "CreditNoteID": .string(note.id), "CreditNoteNumber": .string(note.number),
                    "ID": .string(allocation.id), "HasErrors": false, "AppliedAmount": .amount(allocation.amount),
                    "DateString": XeroDates.midnight(allocation.date),
                    "Date": XeroDates.milliseconds(allocation.date), "Total": .amount(note.total),
                ]
            })
        object["Prepayments"] = []
        object["Overpayments"] = []
        let due = document.status.isOver ? .zero : document.outstanding
        object["AmountDue"] = .amount(due)
        object["AmountPaid"] = .amount(document.paid)
        object["AmountCredited"] = .amount(document.credited)
        object["SentToContact"] = .bool(document.sentToContact)
        object["IsDiscounted"] = .bool(document.lines.contains { $0.discountRate != nil || $0.discountAmount != nil })
        object["HasAttachments"] = false
        return object
    }

    private func creditNoteHead(_ document: SalesDocument) -> JSONObject {
        [
            "Type": .string(document.type), "CreditNoteID": .string(document.id),
            "CreditNoteNumber": .string(document.number), "Reference": .string(document.reference),
            "RemainingCredit": .amount(document.status.isOver ? .zero : document.outstanding),
            "AppliedAmount": .amount(document.credited),
            "Payments": .array(document.paymentIDs.compactMap { payments[$0].map { renderBrief($0) } }),
            "Allocations": .array(
                document.allocationIDs.compactMap { allocations[$0].map { .object(render($0)) } }),
            "SentToContact": .bool(document.sentToContact), "HasAttachments": false,
        ]
    }

    func render(_ line: DocumentLine, _ detail: RenderingDetail) -> JSONValue {
        var object: JSONObject = ["LineItemID": .string(line.id), "Description": .optional(line.description)]
        if line.isTextOnly { return .object(object) }
        if let code = line.itemCode { object["ItemCode"] = .string(code) }
        object["UnitAmount"] = .fixed(line.unitAmount, detail.unitScale)
        object["TaxType"] = .optional(line.taxType)
        object["TaxAmount"] = .amount(line.taxAmount)
        object["LineAmount"] = .amount(line.lineAmount)
        if let account = line.accountCode.flatMap({ account($0) }) {
            object["AccountCode"] = .string(account.code)
            object["AccountID"] = .string(account.id)
        }
        object["Tracking"] = .array(line.tracking)
        object["Quantity"] = .fixed(line.quantity, 4)
        if let rate = line.discountRate { object["DiscountRate"] = JSONValue(rate) }
        if let amount = line.discountAmount { object["DiscountAmount"] = JSONValue(amount) }
        object["ValidationErrors"] = []
        return .object(object)
    }

    /// A payment inside the document it settles.
    private func renderBrief(_ payment: Payment) -> JSONValue {
        var object: JSONObject = [
            "PaymentID": .string(payment.id), "Date": XeroDates.milliseconds(payment.date),
            "Amount": .amount(payment.amount), "CurrencyRate": .fixed(payment.currencyRate, 6),
            "HasAccount": false, "HasValidationErrors": false,
        ]
        if let reference = payment.reference { object["Reference"] = .string(reference) }
        return .object(object)
    }

    /// An allocation as Xero shows it.
    func render(_ allocation: Allocation) -> JSONObject {
        [
            "AllocationID": .string(allocation.id), "Amount": .amount(allocation.amount),
            "Date": XeroDates.milliseconds(allocation.date),
            "Invoice": [
                "InvoiceID": .string(allocation.invoiceID),
                "InvoiceNumber": .string(invoices[allocation.invoiceID]?.number ?? ""),
            ], "IsDeleted": false,
        ]
    }

    /// A payment as Xero shows it.
    func render(_ payment: Payment, _ detail: RenderingDetail) -> JSONObject {
        var object: JSONObject = [
            "PaymentID": .string(payment.id), "Date": XeroDates.milliseconds(payment.date),
            "Amount": .amount(payment.amount), "BankAmount": .amount(payment.amount),
            "CurrencyRate": .fixed(payment.currencyRate, 6),
            "PaymentType": .string(payment.targetKind == .invoice ? "ACCRECPAYMENT" : "ARCREDITPAYMENT"),
            "Status": .string(payment.isDeleted ? "DELETED" : "AUTHORISED"),
            "UpdatedDateUTC": XeroDates.milliseconds(payment.updatedAt),
            "UpdatedDateUTCString": XeroDates.utc(payment.updatedAt), "HasAccount": true,
            "IsReconciled": .bool(payment.isReconciled),
        ]
        if let reference = payment.reference { object["Reference"] = .string(reference) }
        if let account = account(payment.accountID) {
            object["Account"] = ["AccountID": .string(account.id), "Code": .string(account.code)]
        }
        if let target = document(payment.targetKind, payment.targetID) {
            let isInvoice = target.kind == .invoice
            object[isInvoice ? "Invoice" : "CreditNote"] = .object(renderReference(target))
        }
        if detail.statusAttribute { object["StatusAttributeString"] = "OK" }
        object["HasValidationErrors"] = false
        object["ValidationErrors"] = []
        return object
    }

    private func renderReference(_ document: SalesDocument) -> JSONObject {
        let isInvoice = document.kind == .invoice
        return [
            "Type": .string(document.type), isInvoice ? "InvoiceID" : "CreditNoteID": .string(document.id),
            isInvoice ? "InvoiceNumber" : "CreditNoteNumber": .string(document.number),
            "CurrencyCode": .string(document.currency), "HasErrors": false,
            "Contact": .object(renderReference(contact: document.contactID)),
        ]
    }

    func renderReference(contact id: String) -> JSONObject {
        var object: JSONObject = ["ContactID": .string(id), "Name": .string(contacts[id]?.name ?? "")]
        if let number = contacts[id]?.number { object["ContactNumber"] = .string(number) }
        return object
    }

    /// A contact as Xero shows it.
    func render(_ contact: Contact, _ detail: RenderingDetail) -> JSONObject {
        var object: JSONObject = ["ContactID": .string(contact.id)]
        if let number = contact.number { object["ContactNumber"] = .string(number) }
        object["ContactStatus"] = .string(contact.status)
        object["Name"] = .string(contact.name)
        object["EmailAddress"] = .string(contact.details.text("EmailAddress") ?? "")
        for (key, value) in contact.details where key != "EmailAddress" { object[key] = value }
        if let merged = contact.mergedInto { object["MergedToContactID"] = .string(merged) }
        object["UpdatedDateUTC"] = XeroDates.milliseconds(contact.updatedAt)
        object["HasAttachments"] = false
        if detail.statusAttribute { object["StatusAttributeString"] = "OK" }
        object["HasValidationErrors"] = false
        object["ValidationErrors"] = []
        return object
    }

    /// An item as Xero shows it.
    func render(_ item: Item, _ detail: RenderingDetail) -> JSONObject {
        var object: JSONObject = ["ItemID": .string(item.id), "Code": .string(item.code)]
        for (key, value) in item.details where key != "ItemID" && key != "Code" { object[key] = value }
        object["IsTrackedAsInventory"] = .bool(item.isTracked)
        object["IsSold"] = object.present("IsSold") ?? true
        object["IsPurchased"] = object.present("IsPurchased") ?? true
        object["UpdatedDateUTC"] = XeroDates.milliseconds(item.updatedAt)
        if detail.statusAttribute { object["StatusAttributeString"] = "OK" }
        object["ValidationErrors"] = []
        return object
    }
}
