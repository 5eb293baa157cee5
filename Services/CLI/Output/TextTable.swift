/// Rows in aligned columns, for people.
struct TextTable {
    enum Alignment {
        case left
        case right
    }

    private let headers: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// Makes a table; columns are left-aligned unless named.
    init(_ headers: [String], right: Set<String> = []) {
        self.headers = headers
        alignments = headers.map { right.contains($0) ? .right : .left }
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The lines, headers first.
    var lines: [String] {
        let all = [headers] + rows
        let widths = headers.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += alignments[column] == .right ? padding + cell : cell + padding
                if column < row.count - 1 { line += "  " }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
