import Accounting
import JSON

/// Makes the quote of an order.
///
/// Source: Xero Accounting API, quotes: lengths of fields; amounts of lines are rounded as on invoices.
struct QuoteDraft {
    let context: PlanContext

    func document(
        contact: DocumentKeyRef, lines: [JSONValue], amounts: DocumentAmounts, decisions: [Decision]
    ) -> PlannedDocument {
        let made = context.decisions
        let (date, reference, status) = (amounts.date, made.reference, made.quoteStatus)
        var element: JSONObject = [
            "Contact": context.link("$contact", contact), "Status": .string(status.value.rawValue),
            "LineAmountTypes": "EXCLUSIVE", "QuoteNumber": .string(context.quoteNumber),
            "Reference": .string(context.referenceText(reference.value, context.quoteReference)),
            "Title": .string(XeroText.limited("Order \(context.order.number)", 100)),
            "Date": .string(date.description), "CurrencyCode": .string(context.order.currency.code),
        ]
        let expiry = made.expiry(from: date)
        if let expiry { element["ExpiryDate"] = .string(expiry.value.description) }
        element["LineItems"] = .array(lines)
        var document = PlannedDocument(
            context.quoteReference, number: context.quoteNumber, desired: .object(element), dependsOn: [contact],
            amounts: amounts)
        document.decisions = [
            Decision(field: "document", value: "quote", because: made.document.because),
            Decision(field: "quote_status", value: status.value.rawValue, because: status.because),
            Decision(field: "reference", value: reference.value, because: reference.because),
        ]
        if let expiry {
            document.decisions.append(
                Decision(field: "expiry", value: expiry.value.description, because: expiry.because))
        }
        document.decisions += decisions
        return document
    }
}

extension PlanContext {
    /// The day the order was made: a quote is of no other day, whatever becomes of it.
    var quoteDate: CalendarDate { org.date(order.createdAt) }
}
