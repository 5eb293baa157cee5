extension SchemaMigrations {
    /// The table of daily rates: how many units of a currency one of the base was worth.
    static let rates = """
        CREATE TABLE currency_rate (
            base        text NOT NULL,          -- an organisation's own currency
            currency    text NOT NULL,
            day         date NOT NULL,
            rate        numeric NOT NULL CHECK (rate > 0),
            imported_at timestamptz NOT NULL DEFAULT now(),
            imported_by text NOT NULL,
            PRIMARY KEY (base, currency, day)
        );
        """
}
