import Accounting
import JSON

extension OrganisationBook {
    /// The value of a field of an invoice or credit note that a `where` may name.
    func field(_ name: String, of document: SalesDocument) -> FilterValue? {
        let isInvoice = document.kind == .invoice
        switch name {
        case "InvoiceID", "InvoiceId": return isInvoice ? .text(document.id) : nil
        case "CreditNoteID", "CreditNoteId": return isInvoice ? nil : .text(document.id)
        case "InvoiceNumber": return isInvoice ? .text(document.number) : nil
        case "CreditNoteNumber": return isInvoice ? nil : .text(document.number)
        case "Reference": return .text(document.reference)
        case "Status": return .text(document.status.rawValue)
        case "Type": return .text(document.type)
        case "Date": return .date(document.date)
        case "DueDate": return document.dueDate.map { .date($0) } ?? .null
        case "Total": return .number(document.total)
        case "AmountDue": return isInvoice ? .number(document.status.isOver ? .zero : document.outstanding) : nil
        case "RemainingCredit": return isInvoice ? nil : .number(document.status.isOver ? .zero : document.outstanding)
        case "AmountPaid": return .number(document.paid)
        case "CurrencyCode": return .text(document.currency)
        case "UpdatedDateUTC": return .date(document.updatedAt.date(utcOffsetSeconds: 0))
        case "Contact.ContactID", "Contact.ContactId": return .text(document.contactID)
        case "Contact.Name": return .text(contacts[document.contactID]?.name ?? "")
        case "Contact.ContactNumber": return .text(contacts[document.contactID]?.number ?? "")
        default: return nil
        }
    }

    /// The value of a field of a payment that a `where` may name.
    func field(_ name: String, of payment: Payment) -> FilterValue? {
        let target = document(payment.targetKind, payment.targetID)
        let isInvoice = payment.targetKind == .invoice
        switch name {
        case "PaymentID", "PaymentId": return .text(payment.id)
        case "Reference": return payment.reference.map { .text($0) } ?? .null
        case "Status": return .text(payment.isDeleted ? "DELETED" : "AUTHORISED")
        case "PaymentType": return .text(isInvoice ? "ACCRECPAYMENT" : "ARCREDITPAYMENT")
        case "Date": return .date(payment.date)
        case "Amount": return .number(payment.amount)
        case "Invoice.InvoiceID", "Invoice.InvoiceId": return isInvoice ? .text(payment.targetID) : .null
        case "Invoice.InvoiceNumber": return isInvoice ? .text(target?.number ?? "") : .null
        case "CreditNote.CreditNoteID", "CreditNote.CreditNoteId": return isInvoice ? .null : .text(payment.targetID)
        case "CreditNote.CreditNoteNumber": return isInvoice ? .null : .text(target?.number ?? "")
        case "Account.AccountID", "Account.AccountId": return .text(payment.accountID)
        case "Account.Code": return .text(account(payment.accountID)?.code ?? "")
        default: return nil
        }
    }

    /// The value of a field of a contact that a `where` may name.
    func field(_ name: String, of contact: Contact) -> FilterValue? {
        switch name {
        case "ContactID", "ContactId": return .text(contact.id)
        case "Name": return .text(contact.name)
        case "ContactNumber": return contact.number.map { .text($0) } ?? .null
        case "ContactStatus": return .text(contact.status)
        case "EmailAddress", "FirstName", "LastName", "AccountNumber":
            return contact.details.text(name).map { .text($0) } ?? .null
        default: return nil
        }
    }

    /// The value of a member of something small, such as an account, as it is shown.
    static func field(_ name: String, of object: JSONObject) -> FilterValue? {
        switch object[name] {
        case .string(let text): .text(text)
        case .number(let number): ExactDecimal(number.text).map { .number($0) }
        case .bool(let flag): .flag(flag)
        default: name == "SystemAccount" || name == "BankAccountType" ? .null : nil
        }
    }
}
