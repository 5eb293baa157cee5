public import Logging

/// Brings a database's schema up to date.
///
/// Each migration is one transaction, under a lock that lets one process migrate at a time. The table
/// `schema_migration` remembers what was applied, with a checksum of its text.
public struct Migrator: Sendable {
    /// The key of the advisory lock: "cfoilmig" as a number.
    private static let lockKey: Int64 = 0x6366_6f69_6c6d_6967

    private struct Applied {
        let name: String
        let checksum: String
    }

    /// Applies what is missing.
    /// - Parameters:
    ///   - client: the database.
    ///   - migrations: all there are, in ascending order of name.
    ///   - logger: told of each migration applied, at info.
    /// - Returns: the names of those applied now.
    /// - Throws: `migration` when the database's history is not the beginning of `migrations`; the server's error when a
    ///   migration fails, and then that one has changed nothing.
    public static func migrate(
        _ client: PostgresClient, _ migrations: [Migration], logger: Logger
    ) async throws -> [String] {
        try checkOrder(migrations)
        var names: [String] = []
        while let name = try await applyNext(client, migrations) {
            logger.info("applied a migration", metadata: [PostgresLogKey.migration: "\(name)"])
            names.append(name)
        }
        return names
    }

    /// The names of the migrations that have not been applied; changes nothing.
    /// - Throws: `migration` when the database's history is not the beginning of `migrations`.
    public static func pending(_ session: some PostgresSession, _ migrations: [Migration]) async throws -> [String] {
        try checkOrder(migrations)
        let exists = try await session.query("SELECT to_regclass('schema_migration') IS NOT NULL")
        guard try exists.first?.decode(0, as: Bool.self) == true else { return migrations.map(\.name) }
        return try await missing(session, migrations).map(\.name)
    }

    private static func applyNext(_ client: PostgresClient, _ migrations: [Migration]) async throws -> String? {
        try await client.withTransaction { transaction -> String? in
            // As a script, because it may wait for another process for longer than a statement is given.
            try await transaction.executeScript(
                """
                SET LOCAL lock_timeout = 0;
                SET LOCAL statement_timeout = 0;
                SET LOCAL client_min_messages = warning;
                SELECT pg_advisory_xact_lock(\(lockKey));
                CREATE TABLE IF NOT EXISTS schema_migration (
                    name text PRIMARY KEY,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
                );
                """)
            guard let next = try await missing(transaction, migrations).first else { return nil }
            do {
                try await transaction.executeScript(next.sql)
            } catch let error as PostgresError {
                throw error.with(message: "migration \(next.name) failed: \(error.message)")
            }
            try await transaction.execute(
                "INSERT INTO schema_migration (name, checksum) VALUES (\(next.name), md5(\(next.sql)))")
            return next.name
        }
    }

    /// What has not been applied, after checking that what has been is what we know.
    private static func missing(
        _ session: some PostgresSession, _ migrations: [Migration]
    ) async throws(PostgresError) -> [Migration] {
        let rows = try await session.query("SELECT name, checksum FROM schema_migration ORDER BY name COLLATE \"C\"")
        var applied: [Applied] = []
        for row in rows { applied.append(Applied(name: try row.decode(0), checksum: try row.decode(1))) }
        let sums = try await session.query(
            "SELECT md5(sql) FROM unnest(\(migrations.map(\.sql))::text[]) WITH ORDINALITY AS m(sql, n) ORDER BY n")
        var known: [String: String] = [:]
        for (migration, row) in zip(migrations, sums) { known[migration.name] = try row.decode(0) }
        for entry in applied { try check(entry, known[entry.name]) }
        let done = Set(applied.map(\.name))
        let missing = migrations.filter { !done.contains($0.name) }
        if let first = missing.first, let last = applied.last, first.name < last.name {
            throw PostgresError(
                .migration,
                "migration \(first.name) is missing in the database although the later \(last.name) has been applied; "
                    + "give it a name that sorts after \(last.name), so that every database applies it last")
        }
        return missing
    }

    private static func check(_ applied: Applied, _ checksum: String?) throws(PostgresError) {
        guard let checksum else {
            throw PostgresError(
                .migration,
                "the database has the migration \(applied.name), which this program does not know: the database was "
                    + "migrated by a newer version; run that version, or restore a backup made before it")
        }
        guard checksum == applied.checksum else {
            throw PostgresError(
                .migration,
                "the migration \(applied.name) was changed after the database had applied it; restore its text, and "
                    + "put the change into a new migration that sorts after the others")
        }
    }

    private static func checkOrder(_ migrations: [Migration]) throws(PostgresError) {
        for (earlier, later) in zip(migrations, migrations.dropFirst()) where earlier.name >= later.name {
            throw PostgresError(
                .migration,
                "the migrations \(earlier.name) and \(later.name) are not in ascending order of name: rename one")
        }
    }
}
