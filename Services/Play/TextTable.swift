/// A table for a terminal: columns as wide as their widest cell.
struct TextTable: Sendable {
    /// How a column's cells stand.
    enum Alignment: Sendable { case left, right }

    /// A column's heading and how its cells stand.
    struct Column: Sendable {
        let title: String
        let alignment: Alignment

        static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; missing cells are empty.
    mutating func add(_ cells: [String]) {
        rows.append((0..<columns.count).map { $0 < cells.count ? cells[$0] : "" })
    }

    /// The lines, indented.
    func rendered(indent: Int = 2) -> String {
        let widths = columns.indices.map { index in
            max(columns[index].title.count, rows.map { $0[index].count }.max() ?? 0)
        }
        let margin = String(repeating: " ", count: indent)
        func line(_ cells: [String]) -> String {
            let padded = columns.indices.map { index -> String in
                let space = String(repeating: " ", count: max(0, widths[index] - cells[index].count))
                return columns[index].alignment == .left ? cells[index] + space : space + cells[index]
            }
            let text = padded.joined(separator: "  ")
            return margin + String(text.reversed().drop { $0 == " " }.reversed())
        }
        let rule = margin + widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
        return ([line(columns.map(\.title)), rule] + rows.map(line)).joined(separator: "\n")
    }
}
