import JSON
import SimulatedXero
import Testing

@Suite struct PaymentTests {
    let bench = Bench()

    private func read(_ invoice: JSONValue) -> JSONValue {
        bench.list("/Invoices/\(invoice["InvoiceID"]?.string ?? "")").first ?? .null
    }

    @Test func anInvoiceBecomesPaidWhenNothingIsDue() {
        let invoice = bench.invoice()
        #expect(bench.pay(invoice, number("10.10")).isAccepted)
        #expect(read(invoice)["Status"] == "AUTHORISED")
        #expect(read(invoice).number("AmountDue") == "99.90")
        #expect(bench.pay(invoice, number("99.90")).isAccepted)
        let paid = read(invoice)
        #expect(paid["Status"] == "PAID")
        #expect(paid.number("AmountPaid") == "110.00")
        #expect(paid["Payments"]?.array?.count == 2)
        #expect(paid["Payments"]?[0]?["Reference"] == "demo:payment:1:1")
    }

    @Test func aPaymentIsAtMostWhatIsDue() {
        let invoice = bench.invoice()
        let text = "Payment amount exceeds the amount outstanding on this document"
        #expect(bench.pay(invoice, number("110.01")).errors == [text])
        _ = bench.pay(invoice)
        #expect(
            bench.pay(invoice).errors == ["Payments can only be made against Authorised documents", text])
    }

    @Test(
        arguments: [
            (["Amount": 0], "The payment amount must be greater than zero."),
            (["Amount": number("1.001")], "The payment amount may have at most 2 decimals."),
            (["Account": nil], "Account must be valid."),
            (["Account": ["Code": "200"]], "is not a valid code for this document"),
            (["Invoice": nil], "A payment must be for exactly one"),
            (["Invoice": ["InvoiceID": "none"]], "Invoice could not be found"),
            (["Date": "soon"], "The Date 'soon' is not valid."),
        ] as [(JSONObject, String)])
    func aPaymentThatBreaksARuleIsRefused(_ change: JSONObject, _ fragment: String) {
        let errors = bench.pay(bench.invoice(), 110, change).errors
        #expect(errors.contains { $0.contains(fragment) }, "\(errors)")
    }

    @Test func aDraftTakesNoPayment() {
        let draft = bench.invoice("A-1", ["Status": "DRAFT"])
        #expect(bench.pay(draft).errors == ["Payments can only be made against Authorised documents"])
    }

    @Test func aDeletedPaymentGivesTheAmountBack() {
        let invoice = bench.invoice()
        let payment = bench.pay(invoice)
        let id = payment["PaymentID"]?.string ?? ""
        let deleted = bench.call("POST", "/Payments/\(id)", ["Status": "DELETED"])
        #expect(deleted.json["Payments"]?[0]?["Status"] == "DELETED")
        #expect(read(invoice)["Status"] == "AUTHORISED")
        #expect(read(invoice).number("AmountDue") == "110.00")
        #expect(read(invoice)["Payments"] == [])
        #expect(bench.call("POST", "/Payments/\(id)", ["Status": "DELETED"]).status == 400)
        #expect(bench.call("POST", "/Payments/\(id)", ["Amount": 5]).status == 400)
    }

    @Test func aReconciledPaymentIsNotDeleted() {
        let payment = bench.pay(bench.invoice())
        let id = payment["PaymentID"]?.string ?? ""
        #expect(bench.control("POST", "/orgs/demo/reconcile").status == 200)
        let refused = bench.call("POST", "/Payments/\(id)", ["Status": "DELETED"])
        #expect(refused.status == 400)
        #expect(
            refused.json["Elements"]?[0]?["ValidationErrors"]?[0]?["Message"]?.string?.contains("reconciled") == true)
        #expect(bench.control("POST", "/orgs/demo/unreconcile").status == 200)
        #expect(bench.call("POST", "/Payments/\(id)", ["Status": "DELETED"]).status == 200)
    }

    @Test func paymentsHaveNoUniquenessOfTheirOwn() {
        let invoice = bench.invoice()
        #expect(bench.pay(invoice, 10).isAccepted)
        #expect(bench.pay(invoice, 10).isAccepted)
    }

    @Test func paymentsAreFoundByReferenceAndInvoice() {
        let invoice = bench.invoice()
        let other = bench.invoice("A-2")
        let first = bench.pay(invoice, 10)
        _ = bench.pay(other, 10, ["Reference": "other"])
        let id = invoice["InvoiceID"]?.string ?? ""
        for target in [
            "/Payments?where=Reference%3D%3D%22demo%3Apayment%3A1%3A1%22",
            "/Payments?where=Invoice.InvoiceId%3D%3Dguid(%22\(id)%22)",
            "/Payments?where=Invoice.InvoiceID%3D%3D%22\(id)%22%20AND%20Status%3D%3D%22AUTHORISED%22",
        ] {
            #expect(bench.list(target).map { $0["PaymentID"] } == [first["PaymentID"]], "\(target)")
        }
        #expect(bench.list("/Payments?where=Reference.Contains(%22demo%22)").count == 1)
    }

    @Test func aCreditNoteIsPaidOnceItIsRefundedInFull() {
        let note = bench.creditNote()
        #expect(note.isAccepted, "\(note.errors)")
        #expect(note.number("RemainingCredit") == "110.00")
        let refund = bench.refund(note)
        #expect(refund.isAccepted, "\(refund.errors)")
        #expect(refund["CreditNote"]?["CreditNoteNumber"] == "CN-A-1")
        let read = bench.list("/CreditNotes/CN-A-1").first
        #expect(read?["Status"] == "PAID")
        #expect(read?.number("RemainingCredit") == "0.00")
        #expect(!bench.refund(note, 1).isAccepted)
    }

    @Test func creditNoteNumbersAreUnique() {
        _ = bench.creditNote()
        #expect(bench.creditNote().errors == ["Credit note # must be unique."])
        bench.xero.configure { $0.creditNoteNumbersUnique = false }
        #expect(bench.creditNote().isAccepted)
    }

    @Test func anAllocationSettlesAnInvoiceAndCanBeTakenBack() {
        let invoice = bench.invoice()
        let note = bench.creditNote()
        let path = "/CreditNotes/\(note["CreditNoteID"]?.string ?? "")/Allocations"
        func allocate(_ amount: JSONValue) -> SimulatedResponse {
            bench.call(
                "PUT", path,
                [
                    "Allocations": [
                        [
                            "Invoice": ["InvoiceID": invoice["InvoiceID"] ?? .null], "Amount": amount,
                            "Date": "2026-06-15",
                        ]
                    ]
                ])
        }
        #expect(allocate(111).status == 400)
        let made = allocate(110)
        #expect(made.status == 200)
        #expect(read(invoice)["Status"] == "PAID")
        #expect(read(invoice).number("AmountCredited") == "110.00")
        #expect(bench.list("/CreditNotes/CN-A-1").first?["Status"] == "PAID")
        let id = made.json["Allocations"]?[0]?["AllocationID"]?.string ?? ""
        let gone = bench.call("DELETE", "\(path)/\(id)")
        #expect(gone.status == 200)
        #expect(gone.json["IsDeleted"] == true)
        #expect(gone.json["AllocationID"]?.string == id)
        #expect(bench.call("DELETE", "\(path)/\(id)").status == 404)
        #expect(read(invoice)["Status"] == "AUTHORISED")
        #expect(bench.list("/CreditNotes/CN-A-1").first?.number("RemainingCredit") == "110.00")
    }
}
