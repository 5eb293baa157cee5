extension SchemaMigrations {
    /// Quotes are documents like the others. No row is read again: every kind there was is still one.
    static let quotes = """
        ALTER TABLE document DROP CONSTRAINT document_kind_check, ADD CONSTRAINT document_kind_check
            CHECK (kind IN ('contact', 'invoice', 'payment', 'credit_note', 'refund', 'allocation', 'item', 'quote'))
            NOT VALID;
        """
}
