/// One row of a result.
public struct PostgresRow: Sendable {
    let result: ResultStorage
    let index: Int

    /// The names of the columns, in order.
    public var columns: [String] { result.columns }

    /// A column's value by name.
    /// - Parameters:
    ///   - column: the column's name as the result spells it.
    ///   - type: what to read it as; an optional reads NULL as nil.
    /// - Throws: `decoding` when there is no such column, it is NULL, or it cannot be read as the type.
    public func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let position = result.columns.firstIndex(of: column) else {
            throw PostgresError(
                .decoding,
                "the result has no column \"\(column)\"; it has \(result.columns.joined(separator: ", "))")
        }
        return try decode(position, as: type)
    }

    /// A column's value by position, from 0.
    /// - Throws: `decoding` when there is no such column, it is NULL, or it cannot be read as the type.
    public func decode<T: PostgresDecodable>(_ position: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard result.columns.indices.contains(position) else {
            throw PostgresError(
                .decoding, "the result has no column \(position); it has \(result.columns.count)")
        }
        guard let text = result.text(row: index, column: position) else {
            if let null = T.postgresNull { return null }
            throw PostgresError(
                .decoding, "column \"\(result.columns[position])\" is NULL, which is no \(T.self)")
        }
        do {
            return try T(postgresText: text)
        } catch {
            throw PostgresError(
                .decoding, "column \"\(result.columns[position])\" cannot be read as \(T.self)")
        }
    }

    /// The text of a column by name; nil when it is NULL or there is no such column.
    public subscript(column: String) -> String? {
        result.columns.firstIndex(of: column).flatMap { result.text(row: index, column: $0) }
    }

    /// The text of a column by position, from 0; nil when it is NULL or there is no such column.
    public subscript(position: Int) -> String? {
        result.columns.indices.contains(position) ? result.text(row: index, column: position) : nil
    }
}

/// The cells of one result, copied out of libpq in one piece.
final class ResultStorage: Sendable {
    /// Where a cell's bytes are; a negative length is NULL.
    struct Cell: Sendable {
        let offset: Int
        let length: Int
    }

    let columns: [String]
    private let cells: [Cell]
    private let bytes: [UInt8]

    init(columns: [String], cells: [Cell], bytes: [UInt8]) {
        self.columns = columns
        self.cells = cells
        self.bytes = bytes
    }

    func text(row: Int, column: Int) -> String? {
        let cell = cells[row * columns.count + column]
        guard cell.length >= 0 else { return nil }
        return bytes.withUnsafeBufferPointer { all in
            String(decoding: UnsafeBufferPointer(rebasing: all[cell.offset..<cell.offset + cell.length]), as: UTF8.self)
        }
    }
}

/// What one statement gave.
struct StatementResult: Sendable {
    /// The rows, if it returns any.
    let rows: [PostgresRow]
    /// The rows it inserted, changed, deleted or returned.
    let affected: Int
    /// The server's command tag, e.g. `INSERT 0 1`.
    let tag: String
}
