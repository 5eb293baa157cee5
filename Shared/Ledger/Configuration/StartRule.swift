public import Accounting

/// A store has a start (DESIGN.md rule 16): orders created earlier are in the books already, or were never meant to be.
public enum StartRule {
    /// What the rule says of an order.
    public enum Verdict: Sendable, Hashable {
        /// The order belongs to the store's time here.
        case applies
        /// The order is older; it is left alone.
        case ignored(reason: String)
        /// The order is older, and what happened to it since concerns the books: a person decides.
        case held(reason: String)
    }

    /// What has happened to an order since it was first seen.
    public struct History: Sendable, Hashable {
        /// When it was created, by the store's clock.
        public var createdAt: Instant
        /// When its refunds were made.
        public var refundedAt: [Instant]
        /// Whether its total, tax or currency differ from when it was first seen.
        public var amountsChanged: Bool
        /// Whether it has documents here already, from a time when the start was another one.
        public var hasDocuments: Bool

        /// A history.
        /// - Parameters:
        ///   - createdAt: when the order was created.
        ///   - refundedAt: when its refunds were made.
        ///   - amountsChanged: whether its amounts differ from when it was first seen. Defaults to false.
        ///   - hasDocuments: whether it has documents already. Defaults to false.
        public init(
            createdAt: Instant, refundedAt: [Instant], amountsChanged: Bool = false, hasDocuments: Bool = false
        ) {
            self.createdAt = createdAt
            self.refundedAt = refundedAt
            self.amountsChanged = amountsChanged
            self.hasDocuments = hasDocuments
        }
    }

    /// Applies the rule.
    /// - Parameters:
    ///   - history: what happened to the order.
    ///   - since: the store's start.
    ///   - date: the day it is in the org's time zone.
    /// - Returns: whether the order is planned, ignored or held, naming the rule.
    public static func verdict(
        _ history: History, since: Instant, date: (Instant) -> CalendarDate
    ) -> Verdict {
        guard history.createdAt < since, !history.hasDocuments else { return .applies }
        let rule = "created \(date(history.createdAt)), before the store's start (since \(date(since)))"
        let later = history.refundedAt.filter { $0 >= since }
        if !later.isEmpty {
            return .held(
                reason: "refunded after the store's start but \(rule): "
                    + "its invoice is not ours; enter the refund in Xero by hand, or set an earlier since")
        }
        if history.amountsChanged {
            return .held(
                reason: "its amounts changed after the store's start but it was \(rule): "
                    + "its invoice is not ours; correct it in Xero by hand, or set an earlier since")
        }
        return .ignored(reason: rule)
    }
}
