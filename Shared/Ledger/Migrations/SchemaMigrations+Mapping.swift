extension SchemaMigrations {
    /// What decided the fields of documents.
    static let mapping = """
        -- {"0.account": "rule 'Books'", "reference": "default"}: the rule, key or default behind each field; lines from 0.
        ALTER TABLE document ADD COLUMN decisions text;
        """
}
