import Accounting
import Testing

@Suite struct ApportionmentTests {
    private func shares(_ amount: String, _ weights: [String], scale: Int = 2) throws -> [String] {
        let amount = try #require(ExactDecimal(amount))
        return amount.apportioned(over: weights.compactMap { ExactDecimal($0) }, scale: scale).map { $0.fixed(scale) }
    }

    @Test func `shares follow the weights and always add up`() throws {
        #expect(try shares("10.00", ["1", "1", "1"]) == ["3.33", "3.34", "3.33"])
        #expect(try shares("-0.05", ["60", "40"]) == ["-0.03", "-0.02"])
        #expect(try shares("5", ["0", "7", "0"]) == ["0.00", "5.00", "0.00"])
        #expect(try shares("100", ["1", "2"], scale: 0) == ["33", "67"])
    }

    @Test func `weights of nothing give the first all of it, and no weights give nothing`() throws {
        #expect(try shares("5", ["0", "0"]) == ["5.00", "0.00"])
        #expect(try shares("5", []) == [])
    }

    @Test func `amounts beyond all money do not trap`() throws {
        let huge = try #require(ExactDecimal("999999999999.123456789012"))
        let shares = huge.apportioned(over: [huge, huge, huge], scale: 2)
        #expect(shares.sum() == huge)
    }
}
