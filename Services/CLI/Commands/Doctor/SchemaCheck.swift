import Postgres

/// Whether the schema is the one this program knows, and the role may use it.
struct SchemaCheck: Sendable {
    let client: PostgresClient
    let migrations: [Migration]

    /// What was found, and whether the tables can be read at all.
    func examine() async -> (findings: [DoctorFinding], isReadable: Bool) {
        do {
            let pending = try await Migrator.pending(client, migrations)
            let permissions = try await permissions()
            guard pending.isEmpty else {
                let names = pending.count > 4 ? pending.prefix(3) + ["…"] : pending[...]
                let message =
                    "\(pending.count) of \(migrations.count) migrations are not applied: "
                    + names.joined(separator: ", ")
                let finding = DoctorFinding.problem("database", "migrations", message, "counterfoil migrate")
                return ([finding] + permissions, false)
            }
            if !permissions.isEmpty { return (permissions, !permissions.contains { $0.check == "permission.read" }) }
            return ([.ok("database", "migrations", "all \(migrations.count) migrations applied")], true)
        } catch let error as PostgresError where error.sqlState == .insufficientPrivilege {
            return ([await noRights()], false)
        } catch let error as PostgresError where error.code == .migration {
            return (
                [.problem("database", "migrations", sentence: error.message, otherwise: "run the version that fits")],
                true
            )
        } catch {
            return (
                [.problem("database", "migrations", "the schema cannot be read: \(error)", "look at the server's log")],
                false
            )
        }
    }

    private func noRights() async -> DoctorFinding {
        let role = (try? await client.query("SELECT quote_ident(current_user)"))?.first?[0] ?? "ROLE"
        return .problem(
            "database", "permission.read", "the role \(role) may not read the schema",
            "as the owner: GRANT USAGE, CREATE ON SCHEMA public TO \(role); "
                + "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(role)")
    }

    private func permissions() async throws -> [DoctorFinding] {
        let rows = try await client.query(
            """
            WITH home AS (
                SELECT relnamespace AS schema FROM pg_class WHERE oid = to_regclass('schema_migration')
            ), mine AS (
                SELECT c.relname, c.relkind, has_table_privilege(c.oid, 'SELECT') AS readable,
                    has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                        AND has_table_privilege(c.oid, 'DELETE') AS writable,
                    pg_has_role(c.relowner, 'USAGE') AS owned
                FROM pg_class c JOIN home ON c.relnamespace = home.schema
                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
            )
            SELECT quote_ident(current_user) AS role, coalesce((SELECT quote_ident(nspname) FROM pg_namespace n
                    JOIN home ON n.oid = home.schema), 'public') AS schema,
                coalesce(array_to_string(ARRAY(SELECT relname::text FROM mine WHERE NOT readable ORDER BY 1), ' '), '')
                    AS unreadable,
                coalesce(array_to_string(ARRAY(SELECT relname::text FROM mine
                    WHERE readable AND NOT writable AND relname <> 'schema_migration' ORDER BY 1), ' '), '')
                    AS unwritable,
                coalesce(array_to_string(ARRAY(SELECT relname::text FROM mine WHERE relkind = 'p' AND NOT owned), ' '),
                    '') AS foreign_partitions
            """)
        guard let row = rows.first else { return [] }
        let (role, schema) = (try row.decode("role", as: String.self), try row.decode("schema", as: String.self))
        let grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) TO \(role)"
        var findings: [DoctorFinding] = []
        for (column, verb, check) in [
            ("unreadable", "read", "permission.read"), ("unwritable", "change", "permission.write"),
        ] {
            let tables = try row.decode(column, as: String.self).split(separator: " ")
            guard !tables.isEmpty else { continue }
            let more = tables.count > 3 ? " and \(tables.count - 3) more tables" : ""
            findings.append(
                .problem(
                    "database", check,
                    "the role \(role) may not \(verb) \(tables.prefix(3).joined(separator: ", "))\(more)",
                    "as the owner: \(grant)"))
        }
        let foreign = try row.decode("foreign_partitions", as: String.self)
        if findings.isEmpty, !foreign.isEmpty {
            findings.append(
                .problem(
                    "database", "permission.partitions",
                    "the role \(role) does not own \(foreign), so it cannot make and drop its daily partitions",
                    "as a superuser: ALTER TABLE \(foreign) OWNER TO \(role)"))
        }
        return findings
    }
}
