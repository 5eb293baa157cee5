import JSON
import Postgres

extension PostgresSession {
    /// Runs a statement whose only column is JSON text, and reads it.
    /// - Throws: `PostgresError`; `CommandFailure` if the text is no JSON.
    func json(_ query: PostgresQuery) async throws -> JSONValue {
        guard let text = try await self.query(query).first?[0] else { return .null }
        return try JSONValue(parsing: Array(text.utf8))
    }
}

extension JSONValue {
    /// A member as text for a table: strings as they are, numbers verbatim, nothing for null.
    func cell(_ name: String) -> String {
        switch self[name] {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let value): value ? "yes" : "no"
        default: ""
        }
    }

    /// A member that is a list; empty if it is none.
    func list(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }

    /// A member that is a whole number; 0 if it is none.
    func count(_ name: String) -> Int { self[name]?.int ?? 0 }
}
