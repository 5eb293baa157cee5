import Accounting
import JSON
import Testing

@Suite struct ExactDecimalTests {
    private func decimal(_ text: String) throws -> ExactDecimal { try #require(ExactDecimal(text), "\(text)") }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("12.50", "12.50"), ("-12.50", "-12.50"), (".5", "0.5"), ("-.05", "-0.05"),
        ("1e3", "1000"),
        ("1.5E-2", "0.015"), ("1E+2", "100"), ("007", "7"), ("63.241106000000002", "63.241106000000002"),
        ("0.00", "0.00"),
        ("12e-1", "1.2"),
    ])
    func `reads and prints without an exponent`(text: String, printed: String) throws {
        #expect(try decimal(text).description == printed)
    }

    @Test(arguments: [
        "", "-", ".", "-.", "1.", "1..2", "1.2.3", "e5", "1e", "1e+", "+1", " 1", "1 ", "1,5", "1_000", "abc",
        "1e99999", "1e39",
        "NaN", "--1", "١", "999999999999999999999999999999999999999", "1e-60",
    ])
    func `refuses what is no number, or has too many digits`(text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    @Test func `compares by value, whatever the scale`() throws {
        #expect(try decimal("1.0") == decimal("1.000"))
        #expect(try decimal("1.0").hashValue == decimal("1.000").hashValue)
        #expect(try decimal("-1.5") < decimal("-1.49"))
        #expect(
            try decimal("99999999999999999999999999999999999999") > decimal("0.00000000000000000000000000000000000001"))
        #expect(try decimal("1.00000000000000000000000000000000001") > decimal("1"))
        #expect(ExactDecimal.zero == ExactDecimal(units: 0, scale: 2))
    }

    @Test func `adds, subtracts and multiplies exactly`() throws {
        #expect(try decimal("0.1") + decimal("0.2") == decimal("0.3"))
        #expect(try (decimal("10.00") - decimal("0.5")).description == "9.50")
        #expect(try (decimal("1.25") * decimal("-0.4")).description == "-0.500")
        #expect(try decimal("99999999999999999999999999999999999999").adding(decimal("0.1")) == nil)
        #expect(try decimal("99999999999999999999").multiplied(by: decimal("99999999999999999999")) == nil)
        #expect(
            try decimal("99999999999999999999.00").multiplied(by: decimal("10.00000000000000000000"))
                == decimal("999999999999999999990"))
        #expect(try [decimal("1.1"), decimal("2.2"), decimal("-3.3")].sum().isZero)
    }

    @Test(arguments: [
        ("2.345", "2.35", "2.34", "2.34"), ("2.355", "2.36", "2.36", "2.35"), ("-2.345", "-2.35", "-2.34", "-2.34"),
        ("2.3451", "2.35", "2.35", "2.34"), ("2.3449", "2.34", "2.34", "2.34"), ("0.005", "0.01", "0.00", "0.00"),
        ("-0.005", "-0.01", "0.00", "0.00"), ("5", "5", "5", "5"), ("5.5", "5.5", "5.5", "5.5"),
    ])
    func `rounds in each mode`(text: String, halfUp: String, halfEven: String, down: String) throws {
        let value = try decimal(text)
        #expect(value.rounded(scale: 2).description == halfUp)
        #expect(value.rounded(scale: 2, .halfEven).description == halfEven)
        #expect(value.rounded(scale: 2, .down).description == down)
    }

    @Test func `divides to a scale`() throws {
        #expect(try decimal("10").divided(by: decimal("3"), scale: 4).description == "3.3333")
        #expect(try decimal("-20").divided(by: decimal("3"), scale: 2).description == "-6.67")
        #expect(try decimal("1").divided(by: decimal("8"), scale: 2, .halfEven).description == "0.12")
        #expect(try decimal("1").divided(by: decimal("8"), scale: 2).description == "0.13")
        #expect(try decimal("0.69").divided(by: decimal("-0.3"), scale: 1, .down).description == "-2.3")
        #expect(try decimal("1").dividing(by: .zero, scale: 2) == nil)
        #expect(try decimal("0.0001").divided(by: decimal("1000000"), scale: 2).isZero)
    }

    @Test func `prints a fixed number of digits`() throws {
        #expect(try decimal("3").fixed(2) == "3.00")
        #expect(try decimal("3.1").fixed(2) == "3.10")
        #expect(try decimal("-3.155").fixed(2) == "-3.16")
        #expect(try decimal("3.5").fixed(0) == "4")
        #expect(try decimal("1200.000").significantScale == 0)
        #expect(try decimal("1.250").normalized.description == "1.25")
    }

    @Test func `comes from JSON numbers and numeric strings and goes back as a number`() throws {
        #expect(try JSONValue(parsing: "63.241106000000002").decimal?.description == "63.241106000000002")
        #expect(JSONValue.string("12.50").decimal?.description == "12.50")
        #expect(JSONValue.string("twelve").decimal == nil)
        #expect(JSONValue.null.decimal == nil)
        #expect(JSONValue.bool(true).decimal == nil)
        #expect(try JSONValue(decimal("-12.50")).text == "-12.50")
    }

    @Test func `currencies know their minor units and money what can be paid`() throws {
        let yen = try #require(Currency("JPY"))
        let euro = try #require(Currency("eur"))
        let dinar = try #require(Currency("KWD"))
        #expect((yen.minorUnits, euro.minorUnits, dinar.minorUnits) == (0, 2, 3))
        #expect(euro.code == "EUR")
        #expect(Currency("XXZ") == nil)
        #expect(Currency("") == nil)
        #expect(try !Money(decimal("12.5"), yen).isPayable)
        #expect(try Money(decimal("12.500"), euro).isPayable)
        #expect(try Money(decimal("12.345"), dinar).isPayable)
        #expect(try Money(decimal("12.5"), yen).rounded().description == "JPY 13")
        #expect(try Money(decimal("12.5"), euro).description == "EUR 12.50")
    }
}
