import Accounting
import JSON

extension WooCommerceOrderParser {
    /// Reads the refunds of a snapshot, oldest first, after making sure that they are all there.
    static func refunds(
        _ snapshot: JSONValue, header: WooCommerceOrderHeader
    ) throws(StorefrontError) -> [CanonicalRefund] {
        let details = try PayloadFields(snapshot, path: "")
        var refunds: [CanonicalRefund] = []
        var seen: Set<String> = []
        for item in try details.objects("refunds") {
            // A refund that was deleted may leave an entry without id behind.
            guard item.optionalID("id") != nil else { continue }
            let refund = try refund(item)
            if seen.insert(refund.id).inserted { refunds.append(refund) }
        }
        try requireAll(header.refunds, in: refunds)
        let read = details["refunds"]?.array != nil
        if !read, header.status == "refunded", refunds.isEmpty {
            throw StorefrontError(.incomplete, "refund details not read yet: the order is refunded")
        }
        return refunds.oldestFirst()
    }

    private static func refund(_ item: PayloadFields) throws(StorefrontError) -> CanonicalRefund {
        guard let createdAt = try item.optionalInstant("date_created_gmt") else {
            throw StorefrontError(.malformed, "a refund has no date_created_gmt")
        }
        var lines: [RefundLine] = []
        for (key, kind) in [("line_items", LineKind.product), ("shipping_lines", .shipping), ("fee_lines", .fee)] {
            for entry in try item.objects(key) {
                let line = try line(entry, kind: kind)
                if line.net.isZero, line.tax.isZero { continue }
                let refunded = entry.meta("_refunded_item_id").flatMap { Int($0) }.map { String($0) }
                lines.append(RefundLine(line, refundedLineID: refunded))
            }
        }
        return CanonicalRefund(
            id: try item.id("id"), createdAt: createdAt, amount: try item.amount("amount").magnitude,
            reason: item.text("reason", limit: 1000), lines: lines)
    }

    /// The order names its refunds with their amounts; each must be among those read, and the same.
    private static func requireAll(
        _ named: [WooCommerceOrderHeader.Refund], in refunds: [CanonicalRefund]
    ) throws(StorefrontError) {
        let missing = named.filter { one in
            !refunds.contains { $0.id == one.id && (one.amount == nil || $0.amount == one.amount) }
        }
        guard !missing.isEmpty else { return }
        throw StorefrontError(
            .incomplete, "refund details not read yet: \(missing.map { "refund \($0.id)" }.joined(separator: ", "))")
    }
}

extension PayloadFields {
    /// The value of a `meta_data` entry that is text or a number.
    fileprivate func meta(_ name: String) -> String? {
        for entry in self["meta_data"]?.array ?? [] where entry["key"]?.string == name {
            return entry["value"]?.string ?? entry["value"]?.number?.text
        }
        return nil
    }
}
