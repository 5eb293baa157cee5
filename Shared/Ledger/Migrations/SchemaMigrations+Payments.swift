extension SchemaMigrations {
    /// Orders that an operator took back.
    static let payments = """
        ALTER TABLE sale ADD COLUMN voided_by text;           -- the operator who had it voided; null for nobody
        ALTER TABLE sale ADD COLUMN voided_at timestamptz;
        ALTER TABLE sale ADD COLUMN void_reason text;         -- in the operator's words
        ALTER TABLE sale DROP CONSTRAINT sale_state_check;
        ALTER TABLE sale ADD CONSTRAINT sale_state_check
            CHECK (state IN ('observed', 'ignored', 'held', 'planned', 'posted', 'dead', 'voided'));
        """
}
