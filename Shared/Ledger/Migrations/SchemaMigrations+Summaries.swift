extension SchemaMigrations {
    /// What orders add to the daily summaries of their stores. A summary itself is a row of `sale`, so that it is planned,
    /// posted, shown and retried as an order is.
    static let summaries = """
        CREATE TABLE summary_entry (
            id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            store_id        text NOT NULL REFERENCES store,
            order_id        text NOT NULL,
            source          text NOT NULL,          -- what of the order: sale, or refund:ID
            happened_on     date NOT NULL,          -- when it was sold or given back, in the org's time zone
            day             date NOT NULL,          -- the date of the document it goes into
            closes          date NOT NULL,          -- posted after this day is over
            currency        text NOT NULL,
            total           numeric NOT NULL,       -- negative if given back
            total_tax       numeric NOT NULL,
            content         text NOT NULL,          -- lines and money as JSON
            mapping_version bigint NOT NULL,
            revision        integer NOT NULL,       -- the order's snapshot
            entered_at      timestamptz NOT NULL,
            summary_id      text,                   -- the summary it is in (order_id of its sale); null while the day is open
            settled         boolean NOT NULL DEFAULT false -- its summary is in Xero
        );
        CREATE INDEX summary_entry_by_order ON summary_entry (store_id, order_id);
        CREATE INDEX summary_entry_open ON summary_entry (store_id, day, currency) WHERE summary_id IS NULL;
        CREATE INDEX summary_entry_unsettled ON summary_entry (store_id, summary_id)
            WHERE summary_id IS NOT NULL AND NOT settled;
        CREATE INDEX summary_entry_by_summary ON summary_entry (store_id, summary_id) WHERE summary_id IS NOT NULL;
        """
}
