import Accounting
import Testing

@Suite struct TieOutTests {
    private func order(
        total: String, tax: String = "0", lines: [(LineKind, String, String)], taxes: [String] = [],
        shipping: String? = nil,
        cartTax: String? = nil, shippingTax: String? = nil, cards: String? = nil, currency: String = "EUR"
    ) throws -> CanonicalOrder {
        let decimal = { (text: String) in try #require(ExactDecimal(text)) }
        let totals = OrderTotals(
            total: try decimal(total), totalTax: try decimal(tax), shipping: try shipping.map(decimal),
            cartTax: try cartTax.map(decimal),
            shippingTax: try shippingTax.map(decimal))
        var order = CanonicalOrder(
            platform: .woocommerce, storeID: "shop", orderID: "1", currency: try #require(Currency(currency)),
            createdAt: Instant(seconds: 0), totals: totals)
        order.lines = try lines.map { kind, net, tax in
            CanonicalLine(id: "1", kind: kind, name: "x", net: try decimal(net), tax: try decimal(tax))
        }
        order.taxes = try taxes.map { CanonicalTax(rateID: "1", code: "VAT", percent: nil, amount: try decimal($0)) }
        if let cards { order.tenders = [Tender(kind: .giftCard, method: "gift_card", amount: try decimal(cards))] }
        return order
    }

    private func findings(_ order: CanonicalOrder) -> [String] {
        guard case .fails(let findings) = TieOut.check(order) else { return [] }
        return findings.map(\.description)
    }

    @Test func `an order that adds up leaves nothing`() throws {
        let order = try order(
            total: "132.00", tax: "22.00", lines: [(.product, "100.00", "20.00"), (.shipping, "10.00", "2.00")],
            taxes: ["22.00"],
            shipping: "10.00", cartTax: "20.00", shippingTax: "2.00")
        #expect(TieOut.check(order) == .ties(residualNet: .zero, residualTax: .zero))
    }

    @Test func `rounding leaves cents, and says where`() throws {
        let order = try order(
            total: "32.25", tax: "2.25",
            lines: [(.product, "15.00", "1.13"), (.product, "3.00", "0.23"), (.product, "12.00", "0.90")],
            taxes: ["2.25"])
        let cent = ExactDecimal(units: -1, scale: 2)
        #expect(TieOut.check(order) == .ties(residualNet: .zero, residualTax: cent))
        let net = try self.order(total: "20.01", lines: [(.product, "10.004", "0"), (.product, "10.004", "0")])
        #expect(TieOut.check(net) == .ties(residualNet: ExactDecimal(units: 1, scale: 2), residualTax: .zero))
    }

    @Test func `gift cards reduce the total`() throws {
        let order = try order(total: "4.00", lines: [(.product, "18.00", "0"), (.shipping, "10.00", "0")], cards: "24")
        #expect(TieOut.check(order) == .ties(residualNet: .zero, residualTax: .zero))
        let wrong = try self.order(total: "5.00", lines: [(.product, "28.00", "0")], cards: "24")
        #expect(
            findings(wrong) == [
                "lines 28.00 + shipping 0.00 + fees 0.00 + tax 0.00 - gift cards 24.00 = 4.00, but the order's total is 5.00: 1.00 apart"
            ])
    }

    @Test func `each identity that fails is a sentence`() throws {
        let order = try order(
            total: "100.00", tax: "20.00", lines: [(.product, "50.00", "1.00"), (.fee, "-5.00", "0")],
            taxes: ["3.00", "4.00"],
            shipping: "9.00", cartTax: "12.00", shippingTax: "1.00")
        #expect(
            findings(order) == [
                "lines 50.00 + shipping 0.00 + fees -5.00 + tax 20.00 = 65.00, but the order's total is 100.00: 35.00 apart",
                "cart tax 12.00 + shipping tax 1.00 = 13.00, but the order's total tax is 20.00: 7.00 apart",
                "VAT 3.00 + VAT 4.00 = 7.00, but the order's total tax is 20.00: 13.00 apart",
                "no shipping lines = 0.00, but the order's shipping total is 9.00: 9.00 apart",
                "tax 1.00 = 1.00, but the order's total tax is 20.00: 19.00 apart",
            ])
    }

    @Test func `tolerance grows with the number of amounts rounded, and no further`() throws {
        let three = [(LineKind.product, "1.00", "0"), (.product, "1.00", "0"), (.product, "1.00", "0")]
        #expect(findings(try order(total: "3.02", lines: three)).isEmpty)
        #expect(findings(try order(total: "3.03", lines: three)).count == 1)
        #expect(
            findings(try order(total: "0.01", tax: "0.01", lines: [(.product, "0", "0")], taxes: ["0.01"])).count == 1)
    }

    @Test func `yen are whole`() throws {
        #expect(
            findings(
                try order(
                    total: "1101", tax: "100", lines: [(.product, "1000", "100")], taxes: ["100"], currency: "JPY")
            ).isEmpty)
        #expect(
            findings(
                try order(
                    total: "1102", tax: "100", lines: [(.product, "1000", "100")], taxes: ["100"], currency: "JPY")
            ).count == 1)
    }
}
