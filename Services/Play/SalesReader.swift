import JSON
import Postgres

/// Reads what Counterfoil says of the orders.
struct SalesReader: Sendable {
    let database: PostgresClient

    /// All orders.
    func sales() async throws -> [SaleKey: SaleRow] {
        let rows = try await database.query(
            "SELECT store_id, order_id, state, reason, findings::text AS findings FROM sale")
        var sales: [SaleKey: SaleRow] = [:]
        for row in rows {
            let key = SaleKey(store: row["store_id"] ?? "", orderID: row["order_id"] ?? "")
            let findings = row["findings"].flatMap { try? JSONValue(parsing: $0) }?.array?.compactMap(\.string)
            sales[key] = SaleRow(
                state: row["state"] ?? "", reason: row["reason"] ?? "", findings: findings ?? [])
        }
        return sales
    }

    /// How many orders the database holds already; 0 without its tables.
    func count() async throws -> Int {
        let exists = try await database.query("SELECT to_regclass('sale')::text AS name").first?["name"] ?? nil
        guard exists != nil else { return 0 }
        return try await database.query("SELECT count(*) AS n FROM sale").first?["n"].flatMap { Int($0) } ?? 0
    }

    /// Dead letters that wait for a person.
    func deadLetters() async throws -> [String] {
        try await database.query(
            "SELECT class, message, suggestion FROM dead_letter WHERE state IN ('open', 'held') ORDER BY id LIMIT 20"
        ).map { "\($0["class"] ?? ""): \($0["message"] ?? "") (\($0["suggestion"] ?? ""))" }
    }

    /// Contacts in the plan.
    func contacts() async throws -> Int {
        try await database.query("SELECT count(*) AS n FROM document WHERE kind = 'contact'")
            .first?["n"].flatMap { Int($0) } ?? 0
    }
}
