extension SchemaMigrations {
    /// Raw bodies and snapshots are compressed by LZ4 where the server has it: PostgreSQL's own method costs several times as
    /// much processor time a webhook. What is stored already stays as it is; new partitions inherit it.
    static let lz4 = """
        DO $$
        DECLARE
            name text;
        BEGIN
            FOR name IN SELECT 'event' UNION ALL SELECT 'snapshot' UNION ALL
                        SELECT c.relname::text FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                        WHERE i.inhparent = 'event'::regclass LOOP
                EXECUTE format('ALTER TABLE %I ALTER COLUMN body SET COMPRESSION lz4', name);
            END LOOP;
        EXCEPTION WHEN feature_not_supported THEN
            RAISE NOTICE 'this server was built without LZ4';
        END $$;
        """
}
