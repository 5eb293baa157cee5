extension SchemaMigrations {
    /// Items as documents of the organisation, and dependencies that are done without once Xero refused what is needed.
    static let items = """
        ALTER TABLE document DROP CONSTRAINT document_kind_check;
        ALTER TABLE document ADD CONSTRAINT document_kind_check CHECK
            (kind IN ('contact', 'invoice', 'payment', 'credit_note', 'refund', 'allocation', 'item'));

        -- Satisfied, too, when what is needed is held or dead.
        ALTER TABLE document_dependency ADD COLUMN is_soft boolean NOT NULL DEFAULT false;
        """
}
