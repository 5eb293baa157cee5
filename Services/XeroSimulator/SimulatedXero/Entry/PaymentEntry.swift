import Accounting
import JSON

/// Enters payments, deletes them, and keeps the documents they settle up to date.
enum PaymentEntry {
    /// Enters one element of a PUT to Payments.
    static func enter(
        _ element: JSONObject, into book: inout OrganisationBook, context: EntryContext
    ) throws(Rejection) -> Payment {
        var errors: [String] = []
        let target = findTarget(element, in: book, errors: &errors)
        let account = findAccount(element, in: book, errors: &errors)
        var date = book.today(context.now)
        if let text = element.filled("Date") {
            if let given = XeroDates.date(text) {
                date = given
            } else {
                errors.append("The Date '\(text)' is not valid.")
            }
        }
        if let problem = book.lockProblem(date) { errors.append(problem) }
        let amount = AmountReading.amount(element, "Amount", errors: &errors)
        let rate = AmountReading.amount(element, "CurrencyRate", errors: &errors)
        checkAmount(amount, target: target, errors: &errors)
        if let reference = element.text("Reference"), reference.utf16.count > 255 {
            errors.append("The Reference is limited to 255 characters.")
        }
        guard errors.isEmpty, let target, let account, let amount else { throw Rejection(errors) }
        let payment = Payment(
            id: book.generator.identifier(), targetKind: target.kind, targetID: target.id, accountID: account.id,
            date: date, amount: amount.rounded(scale: 2), currencyRate: (rate ?? target.currencyRate),
            reference: element.text("Reference"), isReconciled: element.present("IsReconciled")?.bool ?? false,
            updatedAt: context.now)
        book.payments.put(payment, id: payment.id)
        book.update(target.kind, target.id) { document in
            document.paid += payment.amount
            document.paymentIDs.append(payment.id)
            Settlement.refresh(&document, on: payment.date, now: context.now)
        }
        return payment
    }

    private static func findTarget(
        _ element: JSONObject, in book: OrganisationBook, errors: inout [String]
    ) -> SalesDocument? {
        let invoice = element.present("Invoice")?.object
        let creditNote = element.present("CreditNote")?.object
        let others = ["Prepayment", "Overpayment"].filter { element.present($0)?.object != nil }
        guard (invoice == nil ? 0 : 1) + (creditNote == nil ? 0 : 1) + others.count == 1 else {
            errors.append("A payment must be for exactly one Invoice, CreditNote, Prepayment or Overpayment.")
            return nil
        }
        let named =
            invoice?.filled("InvoiceID") ?? invoice?.filled("InvoiceNumber")
            ?? creditNote?.filled("CreditNoteID") ?? creditNote?.filled("CreditNoteNumber")
        let kind: SalesDocument.Kind = invoice != nil ? .invoice : .creditNote
        guard let named, let document = book.document(kind, idOrNumber: named) else {
            let noun = invoice != nil ? "Invoice" : creditNote != nil ? "Credit note" : others.joined()
            errors.append("\(noun) could not be found")
            return nil
        }
        return document
    }

    private static func findAccount(
        _ element: JSONObject, in book: OrganisationBook, errors: inout [String]
    ) -> Account? {
        let given = element.present("Account")?.object
        guard let code = given?.filled("AccountID") ?? given?.filled("Code") ?? element.filled("Code") else {
            errors.append("Account must be valid.")
            return nil
        }
        guard let account = book.account(code), !account.isArchived else {
            errors.append("Account could not be found. Account must be valid.")
            return nil
        }
        guard account.takesPayments else {
            errors.append(
                "Account code '\(account.code)' is not a valid code for this document. "
                    + "Payments need an account of type BANK or one with payments enabled.")
            return nil
        }
        return account
    }

    private static func checkAmount(_ amount: ExactDecimal?, target: SalesDocument?, errors: inout [String]) {
        guard let amount else {
            errors.append("The payment Amount must be specified.")
            return
        }
        if amount.isZero || amount.isNegative { errors.append("The payment amount must be greater than zero.") }
        if amount.significantScale > 2 { errors.append("The payment amount may have at most 2 decimals.") }
        guard let target else { return }
        if target.status != .authorised { errors.append("Payments can only be made against Authorised documents") }
        if amount > target.outstanding || target.status.isOver {
            errors.append("Payment amount exceeds the amount outstanding on this document")
        }
    }

    /// Deletes a payment, which gives the document its amount due back.
    static func delete(
        _ id: String, from book: inout OrganisationBook, context: EntryContext
    ) throws(Rejection) -> Payment {
        guard var payment = book.payments[id] else { throw Rejection("Payment could not be found") }
        if payment.isDeleted {
            throw Rejection(["Payment not of valid status for modification"], recordID: payment.id)
        }
        if let problem = book.lockProblem(payment.date) { throw Rejection([problem], recordID: payment.id) }
        if payment.isReconciled {
            throw Rejection(
                ["This payment cannot be deleted as it has been reconciled with a bank statement line."],
                recordID: payment.id)
        }
        payment.isDeleted = true
        payment.updatedAt = context.now
        book.payments.put(payment, id: payment.id)
        book.update(payment.targetKind, payment.targetID) { document in
            document.paid -= payment.amount
            document.paymentIDs.removeAll { $0 == payment.id }
            Settlement.refresh(&document, on: payment.date, now: context.now)
        }
        return payment
    }
}

/// Credit notes used to settle invoices.
enum AllocationEntry {
    /// Enters one element of a PUT to a credit note's Allocations.
    static func enter(
        _ element: JSONObject, creditNoteID: String, into book: inout OrganisationBook, context: EntryContext
    ) throws(Rejection) -> Allocation {
        guard let note = book.document(.creditNote, idOrNumber: creditNoteID) else {
            throw Rejection("Credit note could not be found")
        }
        var errors: [String] = []
        let named = element.present("Invoice")?.object.flatMap { $0.filled("InvoiceID") ?? $0.filled("InvoiceNumber") }
        let invoice = named.flatMap { book.document(.invoice, idOrNumber: $0) }
        if invoice == nil { errors.append("Invoice could not be found") }
        let amount = AmountReading.amount(element, "Amount", errors: &errors)
        let date = element.filled("Date").flatMap { XeroDates.date($0) }
        if date == nil { errors.append("The allocation Date must be specified.") }
        if let problem = date.flatMap({ book.lockProblem($0) }) { errors.append(problem) }
        check(amount, note: note, invoice: invoice, errors: &errors)
        guard errors.isEmpty, let invoice, let amount, let date else { throw Rejection(errors) }
        let allocation = Allocation(
            id: book.generator.identifier(), creditNoteID: note.id, invoiceID: invoice.id,
            amount: amount.rounded(scale: 2), date: date)
        book.allocations[allocation.id] = allocation
        book.update(.creditNote, note.id) { apply(allocation, to: &$0, sign: 1, now: context.now) }
        book.update(.invoice, invoice.id) { apply(allocation, to: &$0, sign: 1, now: context.now) }
        return allocation
    }

    private static func check(
        _ amount: ExactDecimal?, note: SalesDocument, invoice: SalesDocument?, errors: inout [String]
    ) {
        guard let amount else {
            errors.append("The allocation Amount must be specified.")
            return
        }
        if amount.isZero || amount.isNegative { errors.append("The allocation amount must be greater than zero.") }
        if amount.significantScale > 2 { errors.append("The allocation amount may have at most 2 decimals.") }
        if note.status != .authorised { errors.append("Only authorised credit notes can be allocated.") }
        if amount > note.outstanding {
            errors.append("The amount to allocate exceeds the remaining credit on this credit note")
        }
        guard let invoice else { return }
        if invoice.status != .authorised {
            errors.append("Credit notes can only be allocated to Authorised documents")
        }
        if amount > invoice.outstanding {
            errors.append("The amount to allocate exceeds the amount outstanding on this document")
        }
        if invoice.contactID != note.contactID { errors.append("The contacts of both documents must be the same.") }
        if invoice.currency != note.currency { errors.append("The currencies of both documents must be the same.") }
    }

    /// Takes an allocation back.
    static func delete(
        _ id: String, creditNoteID: String, from book: inout OrganisationBook, context: EntryContext
    ) throws(Rejection) -> Allocation {
        guard let note = book.document(.creditNote, idOrNumber: creditNoteID),
            let allocation = book.allocations[id.lowercased()], allocation.creditNoteID == note.id
        else { throw Rejection("Allocation could not be found") }
        if let problem = book.lockProblem(allocation.date) { throw Rejection([problem], recordID: allocation.id) }
        book.allocations[allocation.id] = nil
        book.update(.creditNote, note.id) { apply(allocation, to: &$0, sign: -1, now: context.now) }
        book.update(.invoice, allocation.invoiceID) { apply(allocation, to: &$0, sign: -1, now: context.now) }
        return allocation
    }

    private static func apply(_ allocation: Allocation, to document: inout SalesDocument, sign: Int, now: Instant) {
        if sign > 0 {
            document.credited += allocation.amount
            document.allocationIDs.append(allocation.id)
        } else {
            document.credited -= allocation.amount
            document.allocationIDs.removeAll { $0 == allocation.id }
        }
        Settlement.refresh(&document, on: allocation.date, now: now)
    }
}

/// What payments and allocations do to a document's status.
enum Settlement {
    /// Makes the status follow what is outstanding.
    static func refresh(_ document: inout SalesDocument, on date: CalendarDate, now: Instant) {
        if document.status == .authorised && document.outstanding.isZero {
            document.status = .paid
            document.fullyPaidOn = date
        } else if document.status == .paid && !document.outstanding.isZero {
            document.status = .authorised
            document.fullyPaidOn = nil
        }
        document.updatedAt = now
    }
}
