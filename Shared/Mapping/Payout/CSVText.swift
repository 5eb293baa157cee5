/// Comma-separated values as RFC 4180 has them: fields in quotation marks may hold commas, line breaks and doubled marks.
enum CSVText {
    /// A row with the number of the line it begins on.
    struct Row: Sendable, Hashable {
        var line: Int
        var fields: [String]
    }

    /// A quotation mark that is not closed, by the line it stands on.
    struct Unclosed: Error, Sendable, Hashable {
        var line: Int
    }

    /// Reads all rows; empty ones are left out.
    static func rows(_ text: String) throws(Unclosed) -> [Row] {
        var reader = Reader()
        for scalar in text.unicodeScalars { reader.take(scalar) }
        return try reader.finish()
    }

    private struct Reader {
        private var rows: [Row] = []
        private var row = Row(line: 1, fields: [])
        private var field = String.UnicodeScalarView()
        private var line = 1
        private var opened: Int?
        /// A quotation mark within quotation marks: the end, or the first of two.
        private var mayEnd = false

        mutating func take(_ scalar: Unicode.Scalar) {
            if scalar == "\n" { line += 1 }
            if opened != nil {
                if mayEnd {
                    mayEnd = false
                    if scalar == "\"" { return field.append(scalar) }
                    opened = nil
                } else if scalar == "\"" {
                    mayEnd = true
                    return
                } else {
                    return field.append(scalar)
                }
            }
            switch scalar {
            case "\"" where field.isEmpty: opened = line
            case ",": endField()
            case "\n": endRow()
            case "\r", "\u{FEFF}": break
            default: field.append(scalar)
            }
        }

        private mutating func endField() {
            row.fields.append(String(field).trimmed)
            field = String.UnicodeScalarView()
        }

        private mutating func endRow() {
            endField()
            if row.fields.contains(where: { !$0.isEmpty }) { rows.append(row) }
            row = Row(line: line, fields: [])
        }

        mutating func finish() throws(Unclosed) -> [Row] {
            if let opened, !mayEnd { throw Unclosed(line: opened) }
            endRow()
            return rows
        }
    }
}

extension String {
    /// Without blanks at the ends.
    fileprivate var trimmed: String {
        var text = Substring(self)
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
