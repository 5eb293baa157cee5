public import Postgres

/// Every change the schema has ever had, oldest first: append-only, applied by `counterfoil migrate`.
///
/// A migration that has been released is never edited (the migrator compares checksums and refuses); what it got wrong is
/// put right by the next one.
public enum SchemaMigrations {
    /// All migrations in the order in which they are applied.
    public static let all: [Migration] = [
        Migration(name: "0001-configuration", sql: configuration),
        Migration(name: "0002-events", sql: events),
        Migration(name: "0003-sales", sql: sales),
        Migration(name: "0004-documents", sql: documents),
        Migration(name: "0005-calls", sql: calls),
        Migration(name: "0006-operations", sql: operations),
        Migration(name: "0008-breakers", sql: breakers),
        Migration(name: "0010-grants", sql: grants),
        Migration(name: "0040-lz4", sql: lz4),
        Migration(name: "0041-mapping", sql: mapping),
        Migration(name: "0047-traces", sql: traces),
        Migration(name: "0048-summaries", sql: summaries),
        Migration(name: "0049-items", sql: items),
        Migration(name: "0050-quotes", sql: quotes),
        Migration(name: "0051-contacts", sql: contacts),
        Migration(name: "0052-payments", sql: payments),
        Migration(name: "0053-payouts", sql: payouts),
        Migration(name: "0054-anomalies", sql: anomalies),
        Migration(name: "0055-rates", sql: rates),
        Migration(name: "0055-remapping", sql: remapping),
    ]
}
