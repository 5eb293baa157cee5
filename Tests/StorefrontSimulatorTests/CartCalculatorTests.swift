import Accounting
import Testing

@testable import SimulatedWooCommerce

@Suite("WooCommerce's arithmetic")
struct CartCalculatorTests {
    private let ten = TaxRate(id: 1, code: "AU-GST-1", label: "GST", percent: ExactDecimal(10))

    private func cart(_ price: String, quantity: Int, rates: [TaxRate], included: Bool = false) throws -> Cart {
        let price = try #require(ExactDecimal(price))
        var cart = Cart(items: [
            CartItem(
                name: "Mug", sku: "M", productID: 1, unitPrice: price, quantity: ExactDecimal(quantity), rates: rates)
        ])
        cart.pricesIncludeTax = included
        return cart
    }

    @Test("tax is added to prices without it")
    func exclusive() throws {
        let result = CartCalculator.calculate(try cart("19.95", quantity: 3, rates: [ten]))
        #expect(result.items[0].total == ExactDecimal("59.85"))
        #expect(result.totalTax == ExactDecimal("5.99"))
        #expect(result.total == ExactDecimal("65.84"))
        #expect(result.items[0].taxes[0].amount == ExactDecimal("5.985"))
    }

    @Test("tax is taken out of prices with it, halves of a cent going to the net amount")
    func inclusive() throws {
        let twenty = TaxRate(id: 2, code: "GB-VAT-1", label: "VAT", percent: ExactDecimal(20))
        let result = CartCalculator.calculate(try cart("19.99", quantity: 3, rates: [twenty], included: true))
        #expect(result.items[0].total == ExactDecimal("49.975"))
        #expect(result.totalTax == ExactDecimal("9.99"))
        #expect(result.total == ExactDecimal("59.97"))
    }

    @Test("a compound rate is taken on top of the rates before it")
    func compound() throws {
        let five = TaxRate(id: 4, code: "A", label: "A", percent: ExactDecimal(5))
        let percent = try #require(ExactDecimal("9.975"))
        let onTop = TaxRate(id: 5, code: "B", label: "B", percent: percent, isCompound: true)
        let result = CartCalculator.calculate(try cart("100.00", quantity: 1, rates: [five, onTop]))
        #expect(result.totalTax == ExactDecimal("15.47"))
        let included = CartCalculator.calculate(try cart("115.47", quantity: 1, rates: [five, onTop], included: true))
        #expect(included.total == ExactDecimal("115.47"))
    }

    @Test("taxes rounded once a rate may differ by a cent from taxes rounded by line")
    func roundingAtSubtotal() throws {
        var cart = try cart("11.25", quantity: 1, rates: [ten])
        cart.items.append(contentsOf: cart.items + cart.items)
        let byLine = CartCalculator.calculate(cart)
        cart.roundsAtSubtotal = true
        let byRate = CartCalculator.calculate(cart)
        #expect(byLine.totalTax == ExactDecimal("3.39"))
        #expect(byRate.totalTax == ExactDecimal("3.38"))
    }

    @Test("a fixed coupon is spread over the lines to the cent and never exceeds them")
    func fixedCoupon() throws {
        var cart = try cart("3.33", quantity: 1, rates: [ten])
        cart.items.append(contentsOf: cart.items + cart.items)
        cart.coupon = ("TEN", .fixed(ExactDecimal(5)))
        #expect(CartCalculator.calculate(cart).discount == ExactDecimal(5))
        cart.coupon = ("MORE", .fixed(ExactDecimal(500)))
        #expect(CartCalculator.calculate(cart).total == .zero)
    }

    @Test("halves are rounded towards zero", arguments: [("0.125", "0.12"), ("-0.125", "-0.12"), ("0.126", "0.13")])
    func halfDown(text: String, expected: String) throws {
        #expect(try #require(ExactDecimal(text)).roundedHalfDown(scale: 2) == ExactDecimal(expected))
    }
}
