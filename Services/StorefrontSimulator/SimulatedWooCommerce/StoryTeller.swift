import Accounting
import JSON

/// Turns an order and its story into steps, and says how it should end.
struct StoryTeller {
    private var document: OrderDocument
    private let story: OrderGenerator.Story
    private var steps: [OrderStep] = []
    private var refunds: [JSONObject] = []
    private var credited = ExactDecimal.zero

    init(document: OrderDocument, story: OrderGenerator.Story) {
        self.document = document
        self.story = story
    }

    func tell(_ random: inout SeededGenerator) -> OrderStory {
        var teller = self
        teller.live(&random)
        return OrderStory(expected: teller.expected, steps: teller.steps)
    }

    // MARK: Life

    private mutating func live(_ random: inout SeededGenerator) {
        switch story {
        case .unpaid: save()
        case .cancelled:
            save()
            save(status: "cancelled")
        case .abandoned: save(status: "checkout-draft")
        case .paid:
            if random.chance(50) { save() }
            pay()
        case .completed:
            save()
            pay()
            complete()
        case .paidLater:
            save()
            save(status: "on-hold")
            pay(after: 86_400)
        case .editedBeforePayment:
            save()
            edit(&random)
            save()
            pay()
        case .failedThenPaid:
            save()
            save(status: "failed")
            pay()
        case .cashOnDelivery: save(status: "processing")
        case .free: pay()
        case .hiddenSurcharge, .neverCalculated, .taxDisagrees: goWrong()
        case .raisedAfterPayment, .loweredAfterPayment:
            save()
            pay()
            story == .raisedAfterPayment ? edit(&random) : editDown()
            save()
        default: payAndRefund(&random)
        }
    }

    private mutating func save(status: String? = nil) {
        if let status { document.status = status }
        let topic = steps.isEmpty ? "order.created" : "order.updated"
        steps.append(OrderStep(topic: topic, order: document.json, refunds: refunds))
    }

    private mutating func pay(after seconds: Int = 240) {
        document.paidAt = document.createdAt + .seconds(seconds)
        save(status: "processing")
    }

    private mutating func complete() {
        document.completedAt = document.createdAt + .seconds(1_800)
        save(status: "completed")
    }

    private mutating func edit(_ random: inout SeededGenerator) {
        var cart = document.cart
        cart.items[0].quantity = cart.items[0].quantity + ExactDecimal(1)
        if story == .editedBeforePayment, cart.items.count > 1, random.chance(50) { cart.items.removeLast() }
        document.recalculate(cart)
    }

    private mutating func editDown() {
        var cart = document.cart
        cart.items[0].unitPrice = cart.items[0].unitPrice.divided(by: ExactDecimal(2), scale: 2)
        if cart.items.count > 1 { cart.items.removeLast() }
        document.recalculate(cart)
    }

    private mutating func goWrong() {
        document.paidAt = document.createdAt + .seconds(240)
        document.status = "processing"
        if story == .hiddenSurcharge { document.surcharge = ExactDecimal(units: 533, scale: 2) }
        var order = document.json
        if story == .neverCalculated {
            order["total"] = "0.00"
            order["shipping_total"] = "0.00"
        }
        if story == .taxDisagrees, var taxLine = order["tax_lines"]?[0]?.object {
            let tax = (taxLine["tax_total"]?.decimal ?? ExactDecimal.zero) + ExactDecimal(units: 375, scale: 2)
            taxLine["tax_total"] = money(tax)
            order["tax_lines"] = .array([.object(taxLine)] + (order["tax_lines"]?.array ?? []).dropFirst())
        }
        steps.append(OrderStep(topic: "order.created", order: order, refunds: []))
    }

    // MARK: Refunds

    private mutating func payAndRefund(_ random: inout SeededGenerator) {
        save()
        pay()
        if random.chance(40) { complete() }
        switch story {
        case .refundedByLine: refundFirstLine()
        case .refundedShipping: refund(parts: [nextRefund.shipping(0)], reason: "Late")
        case .refundedTwice:
            refundFirstLine()
            refundRestByLine()
        case .refundedInFull: refund(parts: nextRefund.everything(), reason: "Returned")
        case .cancelledAfterPayment:
            refund(parts: nextRefund.everything(), reason: "Cancelled")
            save(status: "cancelled")
        case .refundDeleted:
            refundFirstLine()
            refunds = []
            credited = .zero
            save(status: "processing")
        case .refundedWithoutLines: refund(parts: [], reason: "Goodwill", amount: document.total)
        default:
            refundFirstLine()
            let rest = document.total - credited
            if rest > .zero { refund(parts: [], reason: "Goodwill", amount: rest) }
        }
    }

    private var nextRefund: RefundDocument {
        let index = refunds.count + 1
        return RefundDocument(
            order: document, index: index,
            createdAt: (document.paidAt ?? document.createdAt) + .seconds(1_200 * index))
    }

    private var half: ExactDecimal {
        let quantity = document.cart.items[0].quantity
        return quantity > ExactDecimal(1) && quantity.significantScale == 0 ? ExactDecimal(1) : quantity
    }

    private mutating func refundFirstLine() {
        let part = nextRefund.product(0, quantity: half)
        // A discount that is a fee belongs to the whole order: what exceeds the rest is refunded with everything.
        let isEverything = part.amount >= document.total
        refund(parts: isEverything ? nextRefund.everything() : [part], reason: "Broken")
    }

    private mutating func refundRestByLine() {
        guard credited < document.total else { return }
        let refund = nextRefund
        var parts = refund.everything().dropFirst()
        let left = document.cart.items[0].quantity - half
        if left > .zero { parts.insert(refund.product(0, quantity: left, isRest: true), at: parts.startIndex) }
        if !parts.isEmpty { self.refund(parts: Array(parts), reason: "Returned") }
    }

    private mutating func refund(
        parts: [RefundDocument.Part], reason: String, amount: ExactDecimal? = nil
    ) {
        let amount = amount ?? parts.map(\.amount).sum()
        refunds.append(nextRefund.json(amount: amount, reason: reason, parts: parts))
        credited += amount
        save(status: credited == document.total ? "refunded" : nil)
    }

    // MARK: The end

    private var expected: ExpectedOrder {
        let outcome: ExpectedOutcome
        switch story {
        case .unpaid, .cancelled, .abandoned: outcome = .ignored
        case .hiddenSurcharge, .neverCalculated, .taxDisagrees: outcome = .held
        default: outcome = .posted
        }
        let books = ExpectedBooks(
            total: document.total, tax: document.calculated.totalTax,
            paid: document.paidAt == nil ? .zero : document.total, credited: credited, creditNotes: refunds.count,
            isChangedAfterPayment: [.raisedAfterPayment, .loweredAfterPayment, .refundDeleted].contains(story))
        let buyer = document.buyer
        let contact =
            buyer.customerID > 0
            ? "c:\(buyer.customerID)" : buyer.email.isEmpty ? "guest:\(document.id)" : "e:\(buyer.email.lowercased())"
        return ExpectedOrder(
            orderID: document.id, number: String(document.id), currency: document.currency, story: story.rawValue,
            outcome: outcome, books: outcome == .posted ? books : nil, contact: contact)
    }
}
