import Accounting

extension Instant {
    /// The time so many seconds after 1970; `nil` for none, and for a number that no shop's clock has shown.
    init?(unix seconds: Int?) {
        guard let seconds, (100_000_000..<253_402_300_800).contains(seconds) else { return nil }
        self.init(seconds: Int64(seconds))
    }

    /// Reads a date of e-mail, such as `Tue, 05 Mar 2019 21:40:11 +0000`. Source: RFC 5322 section 3.3.
    init?(email text: String) {
        var words = text.split(separator: " ")
        if words.first?.hasSuffix(",") == true { words.removeFirst() }
        guard words.count == 5, let day = Int(words[0]), let year = Int(words[2]), words[2].utf8.count == 4,
            let month = Self.months.firstIndex(of: words[1].lowercased()),
            let date = CalendarDate(year: year, month: month + 1, day: day)
        else { return nil }
        let zone = words[4] == "GMT" || words[4] == "UT" ? "Z" : words[4]
        self.init(rfc3339: "\(date)T\(words[3])\(zone)")
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
}
