import Accounting
import JSON

/// Reads the lines of an invoice, credit note or quote, and works out their amounts and tax.
struct LineReader {
    let book: OrganisationBook
    let kind: SalesDocument.Kind
    let documentType: String
    let amountTypes: SalesDocument.AmountTypes
    /// Whether the document is more than a draft, so that lines must be complete.
    let isComplete: Bool
    let unitScale: Int
    let rounding: Rounding
    var errors: [String] = []

    /// Reads all lines; existing lines are found by their identifiers and those that are not named are dropped.
    mutating func lines(
        _ elements: [JSONValue], existing: [DocumentLine], generator: inout SeededGenerator
    ) -> [DocumentLine] {
        var result: [DocumentLine] = []
        for element in elements {
            guard let object = element.object else {
                errors.append("A line item must be an object.")
                continue
            }
            var old: DocumentLine?
            if let id = object.filled("LineItemID"), !existing.isEmpty {
                old = existing.first { $0.id == id.lowercased() }
                if old == nil { errors.append("The line item with ID \(id) could not be found on this document.") }
            }
            let id = old?.id ?? generator.identifier()
            result.append(line(object, old: old, id: id))
        }
        if Set(result.map(\.id)).count != result.count {
            errors.append("A LineItemID may appear once only.")
        }
        return result
    }

    private mutating func line(_ element: JSONObject, old: DocumentLine?, id: String) -> DocumentLine {
        var line =
            old
            ?? DocumentLine(
                id: id, description: nil, quantity: .zero, unitAmount: .zero, itemCode: nil, accountCode: nil,
                taxType: nil, taxAmount: .zero, lineAmount: .zero, discountRate: nil, discountAmount: nil,
                tracking: [], isTextOnly: false)
        if element["Description"] != nil { line.description = element.text("Description") }
        if element["ItemCode"] != nil { line.itemCode = element.filled("ItemCode") }
        if let tracking = element.present("Tracking")?.array { line.tracking = tracking }
        if line.tracking.count > 2 { errors.append("A line item may have at most 2 tracking categories.") }
        checkDescription(line)
        if let code = line.itemCode, book.itemsByCode[code] == nil {
            errors.append("Item code '\(code)' is not valid.")
        }
        let money = ["Quantity", "UnitAmount", "LineAmount", "TaxAmount", "AccountCode", "AccountID", "TaxType"]
        line.isTextOnly =
            money.allSatisfy { element.present($0) == nil } && line.itemCode == nil && (old?.isTextOnly ?? true)
        if line.isTextOnly { return line }
        readAccount(element, into: &line)
        readAmounts(element, old: old, into: &line)
        readTax(element, old: old, into: &line)
        return line
    }

    private mutating func checkDescription(_ line: DocumentLine) {
        let length = (line.description ?? "").utf16.count
        if length == 0 && isComplete { errors.append("The description field is mandatory for each line item.") }
        if length > 4000 { errors.append("The description of a line item is limited to 4000 characters.") }
    }

    private mutating func readAccount(_ element: JSONObject, into line: inout DocumentLine) {
        let given = element.filled("AccountCode") ?? element.filled("AccountID")
        guard let code = given ?? line.accountCode ?? line.itemCode.flatMap({ book.item($0)?.salesAccount }) else {
            if isComplete { errors.append("Account code '' is not a valid code for this document.") }
            return
        }
        line.accountCode = code
        guard let account = book.account(code), account.takesLines || account.isArchived else {
            errors.append("Account code '\(code)' is not a valid code for this document.")
            return
        }
        line.accountCode = account.code
        if account.isArchived {
            errors.append(
                "Account code '\(code)' has been archived, or has been deleted. "
                    + "Each line item must reference a valid account.")
        }
    }

    private mutating func readAmounts(_ element: JSONObject, old: DocumentLine?, into line: inout DocumentLine) {
        let quantity = AmountReading.amount(
            element, "Quantity", limit: AmountReading.largestQuantity, errors: &errors)
        var unit = AmountReading.amount(element, "UnitAmount", errors: &errors)
        let amount = AmountReading.amount(element, "LineAmount", errors: &errors)
        readDiscount(element, into: &line)
        if unit == nil, amount == nil, old == nil { unit = line.itemCode.flatMap { book.item($0)?.salesPrice } }
        if quantity == nil, unit == nil, amount == nil, old != nil { return }
        line.quantity = (quantity ?? (old != nil ? line.quantity : ExactDecimal(1))).rounded(scale: 4)
        if let unit { line.unitAmount = unit.rounded(scale: unitScale) }
        guard let amount else {
            line.lineAmount = expectedAmounts(line).first ?? .zero
            return
        }
        if unit == nil, old == nil || quantity == nil {
            line.lineAmount = amount.rounded(scale: 2)
            if line.quantity.isZero { line.quantity = ExactDecimal(1) }
            line.unitAmount = line.lineAmount.divided(by: line.quantity, scale: 4)
            return
        }
        let expected = expectedAmounts(line)
        if !expected.contains(amount) {
            errors.append(
                "The line total \(amount.fixed(2)) does not match the expected line total "
                    + "\((expected.first ?? .zero).fixed(2))")
        }
        line.lineAmount = amount.rounded(scale: 2)
    }

    private mutating func readDiscount(_ element: JSONObject, into line: inout DocumentLine) {
        let rate = AmountReading.amount(element, "DiscountRate", errors: &errors)
        let amount = AmountReading.amount(element, "DiscountAmount", errors: &errors)
        if rate == nil && amount == nil { return }
        if kind == .creditNote {
            errors.append("Discounts may not be applied to credit notes.")
        } else if documentType == "ACCPAY" {
            errors.append("Discounts may not be applied to ACCPAY invoices.")
        }
        line.discountRate = rate
        line.discountAmount = amount
        if let rate, rate > ExactDecimal(100) || rate.isNegative {
            errors.append(
                "The discount rate \(rate) is invalid. Discount must not be greater than the line total.")
        }
    }

    /// The line amount as it follows from quantity, unit amount and discount: half up, and half even where it differs.
    private func expectedAmounts(_ line: DocumentLine) -> [ExactDecimal] {
        var exact = line.quantity * line.unitAmount
        if let rate = line.discountRate {
            exact = exact * (ExactDecimal(100) - rate.rounded(scale: 6)) * ExactDecimal(units: 1, scale: 2)
        } else if let discount = line.discountAmount {
            exact = exact - discount.rounded(scale: 4)
        }
        let up = exact.rounded(scale: 2, .halfUp)
        let even = exact.rounded(scale: 2, .halfEven)
        return up == even ? [up] : [up, even]
    }

    private mutating func readTax(_ element: JSONObject, old: DocumentLine?, into line: inout DocumentLine) {
        let account = line.accountCode.flatMap { book.account($0) }
        line.taxType = element.filled("TaxType") ?? line.taxType ?? account?.taxType
        if amountTypes == .noTax {
            line.taxType = ChartOfAccounts.untaxedType(country: book.definition.country)
            line.taxAmount = .zero
            return
        }
        guard let type = line.taxType else { return }
        guard let rate = book.taxRate(type) else {
            errors.append("The TaxType code '\(type)' is not valid")
            return
        }
        if let account, !rate.applies(to: account.class) {
            errors.append("The TaxType code '\(type)' cannot be used with account code '\(account.code)'.")
        }
        if let override = AmountReading.amount(element, "TaxAmount", errors: &errors) {
            line.taxAmount = override.rounded(scale: 2)
        } else if old == nil
            || ["Quantity", "UnitAmount", "LineAmount", "TaxType"].contains(where: { element.present($0) != nil })
        {
            line.taxAmount = tax(line.lineAmount, rate: rate)
        }
    }

    /// The tax on a line, rounded to cents.
    private func tax(_ amount: ExactDecimal, rate: TaxRate) -> ExactDecimal {
        guard let percent = ExactDecimal(rate.percent) else { return .zero }
        switch amountTypes {
        case .noTax: return .zero
        case .exclusive: return (amount * percent * ExactDecimal(units: 1, scale: 2)).rounded(scale: 2, rounding)
        case .inclusive:
            return (amount * percent).divided(by: ExactDecimal(100) + percent, scale: 2, rounding)
        }
    }
}
