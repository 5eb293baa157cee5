extension SchemaMigrations {
    /// What orders are compared with others by, and what looked odd.
    static let anomalies = """
        -- One row an order that is posted, or would be.
        CREATE TABLE sale_trait (
            store_id   text NOT NULL,
            order_id   text NOT NULL,
            created_at timestamptz NOT NULL,        -- by the store's clock
            currency   text NOT NULL,
            total      numeric NOT NULL,            -- of all lines, however it was paid
            country    text NOT NULL,               -- the customer's
            rates      text[] NOT NULL,             -- combined tax rates of its lines, in percent
            likeness   bytea,                       -- hash of who bought what for how much
            PRIMARY KEY (store_id, order_id)
        );
        CREATE INDEX sale_trait_latest ON sale_trait (store_id, created_at DESC);

        -- The two latest orders of each likeness. That it is unique makes two that are planned at once see each other.
        CREATE TABLE sale_likeness (
            store_id        text NOT NULL,
            likeness        bytea NOT NULL,
            order_id        text NOT NULL,
            former_order_id text,
            PRIMARY KEY (store_id, likeness)
        );

        -- What looked odd about an order when it was planned first, or changed.
        CREATE TABLE anomaly (
            store_id    text NOT NULL,
            order_id    text NOT NULL,
            kind        text NOT NULL CHECK (kind IN ('total', 'tax_rate', 'duplicate')),
            subject     text NOT NULL,              -- what exactly: accepted is accepted for this
            message     text NOT NULL,
            flagged_at  timestamptz NOT NULL DEFAULT now(),
            accepted_at timestamptz,
            accepted_by text,
            PRIMARY KEY (store_id, order_id, kind, subject)
        );
        CREATE INDEX anomaly_open ON anomaly (store_id, flagged_at) WHERE accepted_at IS NULL;
        """
}
