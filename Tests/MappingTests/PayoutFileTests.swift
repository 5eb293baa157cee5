import Accounting
import Testing

@testable import Mapping

@Suite("A file of payouts") struct PayoutFileTests {
    private static let header = "payout,provider,currency,paid_on,net,type,order,amount,fee,fee_tax,date,description"

    private static func read(_ rows: String...) throws(PayoutFileError) -> [Payout] {
        try PayoutFile.read(Array(([header] + rows).joined(separator: "\r\n").utf8))
    }

    private static func problems(_ text: String) -> [String] {
        do throws(PayoutFileError) {
            _ = try PayoutFile.read(Array(text.utf8))
            return []
        } catch {
            return error.problems
        }
    }

    @Test func `a payout is all rows of its id, wherever they stand`() throws {
        let payouts = try Self.read(
            "po_1,Stripe,aud,2026-11-02,156.55,charge,#1042,110.00,3.20,0.29,2026-10-31,",
            "po_2,Stripe,AUD,2026-11-03,-10.00,refund,1042,-10.00,,,,",
            "po_1,,,,,charge,1043,55.00,1.75,,,\"Card, \"\"Visa\"\"\"", "",
            "po_1,,,,,fee,,-3.50,,,2026-11-01,Monthly")
        #expect(payouts.map(\.id) == ["po_1", "po_2"])
        let first = try #require(payouts.first)
        #expect(first.provider == "stripe" && first.currency.code == "AUD" && first.paidOn.description == "2026-11-02")
        #expect(first.lines.map(\.kind) == [.charge, .charge, .fee])
        #expect(first.lines[0].order == "1042" && first.lines[0].feeTax == ExactDecimal("0.29"))
        #expect(first.lines[0].date == CalendarDate("2026-10-31"))
        #expect(first.lines[1].text == #"Card, "Visa""#)
        #expect(first.fees == ExactDecimal("8.45") && first.mismatch == nil)
        #expect(payouts[1].net.isNegative)
    }

    @Test func `JSON says the same`() throws {
        let json = """
            {"payouts": [{"id": "po_1", "provider": "stripe", "currency": "AUD", "paid_on": "2026-11-02", "net": 156.55,
              "lines": [{"type": "charge", "order": 1042, "amount": "110.00", "fee": "3.20", "fee_tax": "0.29",
                         "date": "2026-10-31T10:00:00Z"},
                        {"type": "charge", "order": "1043", "amount": "55.00", "fee": 1.75, "description": "Visa"},
                        {"type": "fee", "amount": "-3.50", "date": "2026-11-01", "order": null}]}]}
            """
        let rows = try Self.read(
            "po_1,stripe,AUD,2026-11-02,156.55,charge,1042,110.00,3.20,0.29,2026-10-31,",
            "po_1,,,,,charge,1043,55.00,1.75,,,Visa", "po_1,,,,,fee,,-3.50,,,2026-11-01,")
        #expect(try PayoutFile.read(Array(json.utf8)) == rows)
    }

    @Test(arguments: [
        ("po 1,stripe,AUD,2026-11-02,1,charge,1,1,,,,", "line 2: 'po 1' is no payout's id"),
        ("po_1,stripe,AU,2026-11-02,1,charge,1,1,,,,", "line 2: currency must be three letters"),
        ("po_1,stripe,AUD,2/11/2026,1,charge,1,1,,,,", "line 2: paid_on must be a date, such as 2026-11-30"),
        ("po_1,stripe,AUD,2026-11-02,,charge,1,1,,,,", "line 2: net is missing"),
        ("po_1,,AUD,2026-11-02,1,charge,1,1,,,,", "line 2: provider must be one word"),
        ("po_1,stripe,AUD,2026-11-02,1,chrge,1,1,,,,", "line 2: type 'chrge' is not known; did you mean charge?"),
        ("po_1,stripe,AUD,2026-11-02,1,charge,,1,,,,", "line 2: a charge needs its order's number"),
        (
            "po_1,stripe,AUD,2026-11-02,1,refund,1,1,,,,",
            "line 2: a refund takes from the payout: its amount must be neg"
        ),
        ("po_1,stripe,AUD,2026-11-02,1,charge,1,-1,,,,", "line 2: a charge adds to the payout"),
        ("po_1,stripe,AUD,2026-11-02,1,charge,1,,,,,", "line 2: amount is missing"),
        ("po_1,stripe,AUD,2026-11-02,1,charge,1,\"1,000.00\",,,,", "line 2: amount must be a number without thousands"),
        (
            "po_1,stripe,AUD,2026-11-02,1,charge,1,1.005,,,,",
            "line 2: amount is 1.005, but amounts in AUD have at most 2"
        ),
        ("po_1,stripe,AUD,2026-11-02,1,charge,1,1,,,soon,", "line 2: date must be a date"),
        ("po_1,stripe,AUD,2026-11-02,1,charge,1,1,,,,,x,y", "line 2: has 14 fields, but there are 12 columns"),
        ("po_1,stripe,AUD,2026-11-02,1,charge,1,1,,,,\"x", "line 2: a quotation mark is not closed"),
    ])
    func `a mistake is named with its line`(row: String, message: String) {
        let problems = Self.problems("\(Self.header)\n\(row)\n")
        #expect(problems.count == 1 && problems.first?.hasPrefix(message) == true, "\(problems)")
    }

    @Test func `every mistake is named, and nothing is taken`() {
        let rows = [
            Self.header, "po_1,stripe,AUD,2026-11-02,1.00,charge,1,1.00,,,,", "po_1,,,,2.00,charge,,1.00,,,,",
            "po_1,paypal,,,,refnd,1,x,,,,",
        ]
        let problems = Self.problems(rows.joined(separator: "\n"))
        #expect(problems.map { $0.prefix(6) } == ["line 3", "line 3", "line 4", "line 4"], "\(problems)")
        #expect(problems.first == "line 3: net of payout po_1 is 1.00 in a line before this one")
    }

    @Test(arguments: [
        ("payout,provider,currency,paid_on,net,type,ordr,amount", "column 'ordr' is not known; did you mean order?"),
        ("payout,provider,currency,paid_on,net,type,order", "column 'amount' is missing"),
        ("payout,payout,provider,currency,paid_on,net,type,order,amount", "column 'payout' is there twice"),
        ("", "the file: is empty"), ("{\"payout\": []}", "the file: must be {\"payouts\""),
        ("{\"payouts\": [{\"id\": \"a\",\n}]}", "line 2: is no JSON"),
        (
            #"{"payouts":[{"id":"a","curency":"AUD","lines":[]}]}"#,
            "payouts[1]: 'curency' is not known; did you mean currency?"
        ),
    ])
    func `a file of another form is refused`(text: String, message: String) {
        let problems = Self.problems(text)
        #expect(problems.contains { $0.contains(message) }, "\(problems)")
    }

    @Test(arguments: ["payout:po_12", "payout:A-1.x:2026-10"])
    func `a part's id is read as it is written`(_ text: String) { #expect(PayoutPart(text)?.text == text) }

    @Test(arguments: [
        "12", "payout:", "payout:a b", "payout:a:2026", "payout:a:2026-13", "payout:a:2026-10:1", "day:x",
    ])
    func `an order's id is no part's`(_ text: String) { #expect(PayoutPart(text) == nil) }
}
