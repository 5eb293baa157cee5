extension SchemaMigrations {
    /// Somebody's consent that what is settled of an order becomes what a new mapping wants.
    static let remapping = """
        ALTER TABLE sale
            ADD COLUMN remap_version bigint,        -- the mapping that was agreed to; counts as long as no other holds
            ADD COLUMN remap_at      timestamptz;   -- when: what is posted for it has this date
        """
}
