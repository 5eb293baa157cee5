import Accounting
import JSON

/// What is wrong with a file of payouts; every mistake, each with where it is.
public struct PayoutFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The mistakes, at least one, such as `line 3: amount must be a number, such as 110.00`.
    public let problems: [String]

    /// Every mistake on a line of its own.
    public var description: String { problems.joined(separator: "\n") }
}

/// Reads payouts from a file: CSV with a row for each line of a payout, or JSON.
///
/// The columns and members are described in docs/summaries.md.
public enum PayoutFile {
    /// The columns of the CSV form, in the order in which they are written here.
    public static let columns = payoutColumns + lineColumns

    static let payoutColumns = ["payout", "provider", "currency", "paid_on", "net"]
    static let lineColumns = ["type", "order", "amount", "fee", "fee_tax", "date", "description"]

    /// How many mistakes are listed at most.
    private static let mostProblems = 50

    /// Reads a file.
    /// - Parameter bytes: The file; JSON if it begins with a brace, else CSV.
    /// - Returns: The payouts, in the order of the file.
    /// - Throws: ``PayoutFileError`` naming every mistake with its line; then nothing of the file is to be taken.
    public static func read(_ bytes: [UInt8]) throws(PayoutFileError) -> [Payout] {
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        var reader = PayoutReader()
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            readJSON(bytes, &reader)
        } else {
            readCSV(bytes, &reader)
        }
        let payouts = reader.finish()
        guard reader.problems.isEmpty else {
            let more = reader.problems.count - mostProblems
            throw PayoutFileError(
                problems: reader.problems.prefix(mostProblems) + (more > 0 ? ["and \(more) more mistakes"] : []))
        }
        return payouts
    }

    private static func readCSV(_ bytes: [UInt8], _ reader: inout PayoutReader) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return reader.report("the file", "is not UTF-8 text; save it as CSV (UTF-8)")
        }
        let rows: [CSVText.Row]
        do {
            rows = try CSVText.rows(text)
        } catch {
            return reader.report("line \(error.line)", "a quotation mark is not closed")
        }
        guard let header = rows.first else { return reader.report("the file", "is empty") }
        let names = header.fields.map { $0.lowercased() }
        for (position, name) in names.enumerated()
        where !columns.contains(name) || names.firstIndex(of: name) != position {
            let wrong =
                columns.contains(name) ? "is there twice" : "is not known\(NearestWord.hint(name, among: columns))"
            reader.report("line \(header.line)", "column '\(name)' \(wrong)")
        }
        for name in columns where !names.contains(name) && !["fee", "fee_tax", "date", "description"].contains(name) {
            reader.report("line \(header.line)", "column '\(name)' is missing")
        }
        guard reader.problems.isEmpty else { return }
        for row in rows.dropFirst() {
            guard row.fields.count <= names.count else {
                reader.report(
                    "line \(row.line)", "has \(row.fields.count) fields, but there are \(names.count) columns")
                continue
            }
            var fields: [String: String] = [:]
            for (name, field) in zip(names, row.fields) where !field.isEmpty { fields[name] = field }
            reader.row(fields, at: "line \(row.line)")
        }
    }

    private static func readJSON(_ bytes: [UInt8], _ reader: inout PayoutReader) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes)
        } catch {
            let line = bytes.prefix(error.offset).count { $0 == UInt8(ascii: "\n") } + 1
            return reader.report("line \(line)", "is no JSON: \(error.message)")
        }
        guard let payouts = json["payouts"]?.array ?? json.array else {
            return reader.report("the file", "must be {\"payouts\": [...]}")
        }
        for (position, payout) in payouts.enumerated() {
            let place = "payouts[\(position + 1)]"
            let members = ["id", "lines"] + payoutColumns.dropFirst()
            var head = self.fields(payout, among: members, at: place, &reader)
            head["payout"] = head.removeValue(forKey: "id")
            guard let lines = payout["lines"]?.array, !lines.isEmpty else {
                reader.report(place, "must have lines: [{ \"type\": \"charge\", ... }]")
                continue
            }
            for (number, line) in lines.enumerated() {
                let place = "\(place).lines[\(number + 1)]"
                let own = self.fields(line, among: lineColumns, at: place, &reader)
                reader.row(head.merging(own) { $1 }, at: place)
            }
        }
    }

    private static func fields(
        _ object: JSONValue, among names: [String], at place: String, _ reader: inout PayoutReader
    ) -> [String: String] {
        var fields: [String: String] = [:]
        for (name, value) in object.object ?? [:] where name != "lines" && !value.isNull {
            guard names.contains(name) else {
                reader.report(place, "'\(name)' is not known\(NearestWord.hint(name, among: names))")
                continue
            }
            guard let text = value.string ?? value.number?.text else {
                reader.report(place, "\(name) must be text or a number")
                continue
            }
            if !text.isEmpty { fields[name] = text }
        }
        return fields
    }
}

/// Makes payouts of rows; those of one payout may stand anywhere in the file.
struct PayoutReader {
    private(set) var problems: [String] = []
    private var payouts: [Payout] = []
    private var places: [String: Int] = [:]

    mutating func report(_ place: String, _ message: String) { problems.append("\(place): \(message)") }

    func finish() -> [Payout] { payouts }

    /// One line of a payout, with what is said of the payout itself; the rows after its first need not repeat that.
    mutating func row(_ fields: [String: String], at place: String) {
        guard let id = fields["payout"] else { return report(place, "the payout's id is missing") }
        guard PayoutPart.isID(id) else {
            return report(place, "'\(id)' is no payout's id: 1 to 64 letters, digits, dots, hyphens and underscores")
        }
        if let known = places[id] {
            repeated(fields, of: payouts[known], at: place)
        } else {
            guard let payout = payout(id, fields, at: place) else { return }
            places[id] = payouts.count
            payouts.append(payout)
        }
        guard let position = places[id], let line = line(fields, payouts[position].currency, at: place) else { return }
        payouts[position].lines.append(line)
    }

    private mutating func payout(_ id: String, _ fields: [String: String], at place: String) -> Payout? {
        let before = problems.count
        let provider = fields["provider"]?.lowercased() ?? ""
        if provider.isEmpty || provider.utf8.count > 40
            || !provider.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/%[],:\"".utf8.contains($0) })
        {
            report(place, "provider must be one word of up to 40 letters, such as stripe")
        }
        let currency = fields["currency"].flatMap { Currency($0.uppercased()) }
        if currency == nil { report(place, "currency must be three letters, such as AUD") }
        let paidOn = fields["paid_on"].flatMap { CalendarDate($0) }
        if paidOn == nil { report(place, "paid_on must be a date, such as 2026-11-30") }
        guard let currency, let paidOn else { return nil }
        let net = amount("net", fields, currency, at: place)
        if net == nil, fields["net"] == nil { report(place, "net is missing; it is what came to the bank") }
        guard problems.count == before, let net else { return nil }
        return Payout(id: id, provider: provider, currency: currency, paidOn: paidOn, net: net)
    }

    private mutating func repeated(_ fields: [String: String], of payout: Payout, at place: String) {
        let same: [(String, String, Bool)] = [
            ("provider", payout.provider, fields["provider"]?.lowercased() == payout.provider),
            ("currency", payout.currency.code, fields["currency"]?.uppercased() == payout.currency.code),
            ("paid_on", payout.paidOn.description, fields["paid_on"] == payout.paidOn.description),
            ("net", payout.net.fixed(2), fields["net"].flatMap { ExactDecimal($0) } == payout.net),
        ]
        for (name, value, isSame) in same where fields[name] != nil && !isSame {
            report(place, "\(name) of payout \(payout.id) is \(value) in a line before this one")
        }
    }

    private mutating func line(_ fields: [String: String], _ currency: Currency, at place: String) -> PayoutLine? {
        let kinds = PayoutLine.Kind.allCases.map(\.rawValue)
        let word = fields["type"]?.lowercased() ?? ""
        guard let kind = PayoutLine.Kind(rawValue: word) else {
            report(place, "type '\(word)' is not known\(NearestWord.hint(word, among: kinds))")
            return nil
        }
        let before = problems.count
        let amount = amount("amount", fields, currency, at: place)
        if fields["amount"] == nil { report(place, "amount is missing") }
        let fee = self.amount("fee", fields, currency, at: place)
        let tax = self.amount("fee_tax", fields, currency, at: place)
        var order = fields["order"]
        if order?.hasPrefix("#") == true { order?.removeFirst() }
        if order?.isEmpty ?? true, kind == .charge || kind == .refund {
            report(place, "a \(kind.rawValue) needs its order's number; give what has none as an adjustment")
        }
        if let amount, kind == .charge, !(amount > .zero) {
            report(place, "a charge adds to the payout: its amount must be more than 0.00, not \(amount.fixed(2))")
        }
        if let amount, kind == .refund, !amount.isNegative {
            report(place, "a refund takes from the payout: its amount must be negative, such as -\(amount.fixed(2))")
        }
        let date = fields["date"].flatMap { CalendarDate($0.prefix(10)) }
        if fields["date"] != nil, date == nil { report(place, "date must be a date, such as 2026-11-30") }
        guard problems.count == before, let amount else { return nil }
        return PayoutLine(
            kind, order: order, amount: amount, fee: fee ?? .zero, feeTax: tax, date: date,
            text: XeroText.name(fields["description"] ?? "", limit: 200))
    }

    /// An amount; missing is `nil` and no mistake.
    private mutating func amount(
        _ name: String, _ fields: [String: String], _ currency: Currency, at place: String
    ) -> ExactDecimal? {
        guard let text = fields[name] else { return nil }
        guard let amount = ExactDecimal(text) else {
            report(
                place,
                "\(name) must be a number without thousands separators, such as 1234.50, not '\(text.prefix(40))'")
            return nil
        }
        let decimals = min(2, currency.minorUnits)
        guard amount.significantScale <= decimals, amount.magnitude < ExactDecimal(1_000_000_000_000) else {
            report(
                place, "\(name) is \(amount.normalized), but amounts in \(currency) have at most \(decimals) decimals")
            return nil
        }
        return amount
    }
}
