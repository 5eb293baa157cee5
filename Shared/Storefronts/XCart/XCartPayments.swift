import Accounting
import JSON

/// What an X-Cart order was paid with, and what went back.
///
/// Source: X-Cart 5.3, `XLite\Model\Payment\Transaction` and `BackendTransaction`: `S` is a success, whatever the type.
struct XCartPayments {
    /// The code of the payment status.
    let code: String
    /// Whether all of it was paid, whatever went back later.
    let isPaid: Bool
    /// When the last payment was made; `nil` where that is not known.
    private(set) var paidAt: Instant?
    private(set) var refunds: [CanonicalRefund] = []
    private var method: String
    private var reference = ""

    init(order: PayloadFields, snapshot: JSONValue) throws(StorefrontError) {
        let status = order["payment_status"] ?? order["paymentStatus"]
        code = status?["code"]?.string ?? status?.string ?? ""
        guard !code.isEmpty else {
            throw StorefrontError(.malformed, "payment_status is missing where a code should be")
        }
        method = order.text(firstOf: ["payment_method_name", "paymentMethod"], limit: 255)
        let list = snapshot["transactions"] ?? order["payment_transactions"]
        var found: [CanonicalRefund] = []
        for transaction in try PayloadFields(["transactions": list ?? .null], path: "").objects("transactions") {
            guard ["S", "SUCCESS"].contains(transaction.text("status").uppercased()) else { continue }
            let made = try transaction.instant(firstOf: ["date", "create_date"])
            let type = transaction.text("type").lowercased()
            if type.hasPrefix("refund") {
                found.append(
                    CanonicalRefund(
                        id: try transaction.id("id"), createdAt: made,
                        amount: try transaction.amount("value").magnitude))
            } else if ["sale", "capture", "capturepart"].contains(type) {
                paidAt = max(paidAt ?? made, made)
                let name = transaction.text(firstOf: ["method_name", "method_local_name"], limit: 255)
                if !name.isEmpty { method = name }
                reference = transaction.text(firstOf: ["public_id", "id"], limit: 255)
            }
        }
        refunds = found.oldestFirst()
        isPaid = code == "P" || code == "R" || (code == "PP" && !found.isEmpty)
        if code == "R" || code == "PP", list == nil || list?.isNull == true {
            throw StorefrontError(
                .incomplete, "transactions not read yet: payment status \(code) does not say what went back")
        }
    }

    /// How far the order is. What was paid and went back in part was paid.
    var status: String {
        if code == "PP" { return isPaid ? OrderStatus.processing : "partially-paid" }
        return Self.words[code] ?? code
    }

    private static let words = [
        "P": OrderStatus.processing, "R": OrderStatus.refunded, "Q": OrderStatus.pending, "A": "authorized",
        "D": OrderStatus.failed, "C": OrderStatus.cancelled,
    ]

    /// The money of the order.
    func tender(total: ExactDecimal) -> Tender {
        Tender(kind: .money, method: method, title: method, amount: total, reference: reference)
    }
}
