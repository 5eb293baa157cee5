import Accounting
import JSON
import SimulatedXero
import Testing

@Suite struct InvoiceTests {
    let bench = Bench()

    @Test func anAuthorisedInvoiceComesBackWithItsTotalsAndIdentifiers() {
        let invoice = bench.invoice()
        #expect(invoice.isAccepted)
        #expect(invoice["InvoiceID"]?.string?.count == 36)
        #expect(invoice["Status"] == "AUTHORISED")
        #expect(invoice.number("SubTotal") == "100.00")
        #expect(invoice.number("TotalTax") == "10.00")
        #expect(invoice.number("Total") == "110.00")
        #expect(invoice.number("AmountDue") == "110.00")
        #expect(invoice["DateString"] == "2026-06-15T00:00:00")
        #expect(invoice["Date"] == "/Date(1781481600000+0000)/")
        #expect(invoice["LineItems"]?[0]?["LineItemID"]?.string?.count == 36)
        #expect(invoice["HasErrors"] == false)
    }

    @Test func anInvoiceNumberIsUsedOnceEvenAfterAVoid() {
        let first = bench.invoice()
        #expect(bench.invoice().errors == ["Invoice # must be unique."])
        let void: JSONValue = ["InvoiceID": first["InvoiceID"] ?? .null, "Status": "VOIDED"]
        #expect(bench.send("POST", "Invoices", void)["Status"] == "VOIDED")
        #expect(bench.invoice().errors == ["Invoice # must be unique."])
        bench.xero.configure { $0.voidedNumbersReusable = true }
        #expect(bench.invoice().isAccepted)
    }

    @Test func withoutSummarizeErrorsFalseOneBadElementRefusesTheWholeCall() {
        let contact = bench.contact()
        let good = Bench.invoice("A-1", contact: contact)
        let bad = Bench.invoice("A-2", contact: contact, ["LineItems": [Bench.line(["AccountCode": "999"])]])
        let response = bench.call("PUT", "/Invoices", ["Invoices": [good, bad]])
        #expect(response.status == 400)
        #expect(response.json["ErrorNumber"] == 10)
        #expect(response.json["Type"] == "ValidationException")
        #expect(response.json["Elements"]?.array?.count == 1)
        #expect(response.json["Elements"]?[0]?["InvoiceNumber"] == "A-2")
        #expect(bench.list("/Invoices").isEmpty)
    }

    @Test func withSummarizeErrorsFalseTheGoodElementsAreKept() {
        let contact = bench.contact()
        let elements = [
            Bench.invoice("A-1", contact: contact),
            Bench.invoice("A-2", contact: contact, ["LineItems": [Bench.line(["AccountCode": "999"])]]),
            Bench.invoice("A-1", contact: contact), Bench.invoice("A-3", contact: contact),
        ]
        let results = bench.send("PUT", "Invoices", elements)
        #expect(results.map(\.isAccepted) == [true, false, false, true])
        #expect(results.map { $0["InvoiceNumber"] } == ["A-1", "A-2", "A-1", "A-3"])
        #expect(results[1]["StatusAttributeString"] == "ERROR")
        #expect(results[1]["HasErrors"] == true)
        #expect(bench.list("/Invoices").count == 2)
    }

    @Test(
        arguments: [
            (["AccountCode": "999"], "Account code '999' is not a valid code for this document."),
            (["AccountCode": "090"], "Account code '090' is not a valid code for this document."),
            (["AccountCode": "610"], "Account code '610' is not a valid code for this document."),
            (["AccountCode": nil], "Account code '' is not a valid code for this document."),
            (
                ["AccountCode": "290"],
                "Account code '290' has been archived, or has been deleted. Each line item must reference a valid account."
            ),
            (["TaxType": "NOPE"], "The TaxType code 'NOPE' is not valid"),
            (["TaxType": "INPUT"], "The TaxType code 'INPUT' cannot be used with account code '200'."),
            (["Description": nil], "The description field is mandatory for each line item."),
            (["LineAmount": 99], "The line total 99.00 does not match the expected line total 100.00"),
            (
                ["DiscountRate": 101],
                "The discount rate 101 is invalid. Discount must not be greater than the line total."
            ),
            (["UnitAmount": -100], "The total of this document cannot be negative."),
            (["ItemCode": "X"], "Item code 'X' is not valid."),
            (["UnitAmount": "many"], "The value \"many\" of UnitAmount is not valid."),
        ] as [(JSONObject, String)])
    func aLineThatBreaksARuleIsRefusedInXerosWords(_ change: JSONObject, _ message: String) {
        #expect(bench.invoice("A-1", ["LineItems": [Bench.line(change)]]).errors.contains(message))
    }

    @Test(
        arguments: [
            (["DueDate": nil], "Due Date cannot be empty."),
            (["Contact": nil], "The Contact must contain at least 1 of the following elements"),
            (["Contact": [:]], "The Contact must contain at least 1 of the following elements"),
            (["LineItems": []], "One or more line items must be specified."),
            (["CurrencyCode": "JPY"], "Organisation is not subscribed to currency JPY"),
            (["Status": "PAID"], "The status PAID cannot be applied"),
            (["Type": "OTHER"], "The document Type 'OTHER' is not valid."),
            (["Date": "yesterday"], "The Date 'yesterday' is not valid."),
            (["Total": 111], "The invoice total does not equal the sum of the lines."),
            (["InvoiceNumber": "Ä-1"], "printable ASCII"),
            (["Url": "https://xero.example"], "Url must not contain xero."),
        ] as [(JSONObject, String)])
    func anInvoiceThatBreaksARuleIsRefused(_ change: JSONObject, _ fragment: String) {
        let errors = bench.invoice("A-1", change).errors
        #expect(errors.contains { $0.contains(fragment) }, "\(errors)")
    }

    @Test func aDraftNeedsLess() {
        let line: JSONValue = ["Description": "to be completed"]
        #expect(bench.invoice("A-1", ["Status": "DRAFT", "DueDate": nil, "LineItems": [line]]).isAccepted)
    }

    @Test func postWithTheNumberOfAnInvoiceOverwritesIt() {
        _ = bench.invoice()
        let changed = bench.send("POST", "Invoices", ["InvoiceNumber": "A-1", "Reference": "changed"])
        #expect(changed["Reference"] == "changed")
        #expect(changed.number("Total") == "110.00")
    }

    @Test func linesKeepTheirIdentifiersAndLinesNotSentAreDropped() {
        let invoice = bench.invoice("A-1", ["LineItems": [Bench.line(), Bench.line(["Description": "second"])]])
        let kept = invoice["LineItems"]?[1]?["LineItemID"] ?? .null
        let changed = bench.send(
            "POST", "Invoices",
            [
                "InvoiceID": invoice["InvoiceID"] ?? .null,
                "LineItems": [["LineItemID": kept, "Description": "renamed"], Bench.line(["UnitAmount": 5])],
            ])
        #expect(changed.isAccepted, "\(changed.errors)")
        let lines = changed["LineItems"]?.array ?? []
        #expect(lines.count == 2)
        #expect(lines[0]["LineItemID"] == kept)
        #expect(lines[0]["Description"] == "renamed")
        #expect(changed.number("Total") == "115.50")
    }

    @Test func aStatusOnlyUpdateKeepsTheLines() {
        let invoice = bench.invoice("A-1", ["Status": "DRAFT"])
        let id = invoice["InvoiceID"]?.string ?? ""
        let response = bench.call("POST", "/Invoices/\(id)", ["Invoices": [["Status": "AUTHORISED"]]])
        #expect(response.json["Invoices"]?[0]?["Status"] == "AUTHORISED")
        #expect(response.json["Invoices"]?[0]?.number("Total") == "110.00")
    }

    @Test func anAuthorisedInvoiceNeverReturnsToDraft() {
        let invoice = bench.invoice()
        let id = invoice["InvoiceID"] ?? .null
        #expect(!bench.send("POST", "Invoices", ["InvoiceID": id, "Status": "DRAFT"]).isAccepted)
        #expect(!bench.send("POST", "Invoices", ["InvoiceID": id, "Status": "DELETED"]).isAccepted)
        #expect(bench.send("POST", "Invoices", ["InvoiceID": id, "Status": "VOIDED"]).isAccepted)
        #expect(
            bench.send("POST", "Invoices", ["InvoiceID": id, "Reference": "x"]).errors
                == ["Invoice not of valid status for modification"])
    }

    @Test func onceThereIsAPaymentOnlySomeMembersMayChange() {
        let invoice = bench.invoice()
        _ = bench.pay(invoice, 10)
        let id = invoice["InvoiceID"] ?? .null
        let protected = "This document cannot be edited as it has a payment or credit note allocated to it."
        #expect(bench.send("POST", "Invoices", ["InvoiceID": id, "Date": "2026-06-14"]).errors == [protected])
        #expect(bench.send("POST", "Invoices", ["InvoiceID": id, "LineItems": [Bench.line()]]).errors == [protected])
        let void = bench.send("POST", "Invoices", ["InvoiceID": id, "Status": "VOIDED"])
        #expect(void.errors.contains { $0.contains("The status VOIDED cannot be applied to this document") })
        let line: JSONValue = [
            "LineItemID": invoice["LineItems"]?[0]?["LineItemID"] ?? .null, "Description": "better words",
        ]
        let changed = bench.send(
            "POST", "Invoices", ["InvoiceID": id, "Reference": "new", "DueDate": "2026-07-01", "LineItems": [line]])
        #expect(changed.isAccepted, "\(changed.errors)")
    }

    @Test func aLockedPeriodTakesNoDocumentsAndNoChanges() {
        let before = bench.invoice()
        var definition = OrganisationDefinition(key: "demo")
        definition.periodLockDate = "2026-06-30"
        bench.xero.define(definition)
        let text = "The document date cannot be before the period lock date, currently set at 30 Jun 2026."
        #expect(bench.invoice("A-2").errors == [text])
        #expect(bench.invoice("A-3", ["Date": "2026-07-01"]).isAccepted)
        let void: JSONValue = ["InvoiceID": before["InvoiceID"] ?? .null, "Status": "VOIDED"]
        #expect(bench.send("POST", "Invoices", void).errors == [text])
        #expect(bench.pay(before).errors == [text])
    }

    @Test func anInvoiceOfNothingIsPaidAtOnceAndTakesNoPayment() {
        let invoice = bench.invoice("A-1", ["LineItems": [Bench.line(["UnitAmount": 0])]])
        #expect(invoice["Status"] == "PAID")
        #expect(
            bench.pay(invoice, 1).errors == [
                "Payments can only be made against Authorised documents",
                "Payment amount exceeds the amount outstanding on this document",
            ])
    }

    @Test func theDateIsTodayWhereTheOrganisationIs() {
        let bench = Bench(OrganisationDefinition(key: "demo", country: "NZ"))
        let line = Bench.line(["TaxType": "OUTPUT2"])
        let invoice = bench.invoice("A-1", ["Date": nil, "LineItems": [line]])
        #expect(invoice["DateString"] == "2026-06-16T00:00:00")
    }

    @Test func aDocumentMayNameItsContactAndSoMakeIt() {
        let named: JSONObject = ["Contact": ["Name": "New Person"]]
        let invoice = bench.invoice("A-1", named)
        #expect(invoice["Contact"]?["Name"] == "New Person")
        #expect(bench.invoice("A-2", named)["Contact"]?["ContactID"] == invoice["Contact"]?["ContactID"])
    }

    @Test func numbersAreGivenWhereNoneIsSent() {
        #expect(bench.invoice("", ["InvoiceNumber": nil])["InvoiceNumber"] == "INV-0001")
        #expect(bench.invoice("", ["InvoiceNumber": nil])["InvoiceNumber"] == "INV-0002")
    }

    @Test func hugeNumbersAreRefusedAndNeverTrap() {
        for text in ["1e30", "99999999999999999999999999999999999999", "-1e37", "0.000000000000000000000000000001"] {
            let line = Bench.line(["UnitAmount": number(text), "Quantity": number(text)])
            #expect(!bench.invoice("A-1", ["LineItems": [line]]).isAccepted, "\(text)")
        }
    }
}
