import Accounting
import JSON
import Xero

/// Compares what was sent with what Xero has. Pure.
struct PostedContent {
    /// Xero's ids by document key.
    let xeroIDs: [String: String]

    /// Whether Xero's element carries everything that is wanted. What it says beyond that does not count; a line more does.
    func carries(_ wanted: JSONValue, _ has: JSONValue?) -> Bool {
        switch wanted {
        case .object(let object):
            if let (idField, key) = BatchComposer.reference(object) {
                return has?[idField]?.string == xeroIDs[key]
            }
            return object.allSatisfy { member in
                if member.key == "LineItemID" { return true }
                if member.key == "Status" { return Self.isAlive(has?["Status"]?.string) }
                if member.key.hasSuffix("Date") {
                    return Self.date(member.value) == has.flatMap { Self.date($0, member.key) }
                }
                return carries(member.value, has?[member.key])
            }
        case .array(let array):
            guard let list = has?.array, list.count == array.count else { return array.isEmpty && has?.array == nil }
            return zip(array, list).allSatisfy { carries($0, $1) }
        case .number: return wanted.decimal == has?.decimal
        case .string(let text): return (has?.string ?? "") == text
        default: return wanted == (has ?? .null)
        }
    }

    private static func isAlive(_ status: String?) -> Bool { status != "VOIDED" && status != "DELETED" }

    private static func date(_ value: JSONValue) -> CalendarDate? { value.string.flatMap { XeroDate.date($0) } }

    /// Xero tells dates in two members: `Date` in one of its own forms, `DateString` in ISO.
    private static func date(_ element: JSONValue, _ name: String) -> CalendarDate? {
        (element[name]?.string ?? element["\(name)String"]?.string).flatMap { XeroDate.date($0) }
    }
}

extension XeroElement {
    /// Whether it was voided or deleted; a quote, declined.
    var isGone: Bool {
        let status = value["Status"]?.string ?? ""
        return status == "VOIDED" || status == "DELETED" || status == "DECLINED"
    }
}
