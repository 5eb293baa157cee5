extension SchemaMigrations {
    /// What storefronts sold: every version of their documents (`snapshot`, for good), and one row an order (`sale`).
    static let sales = """
        -- Every version of a storefront's document that was ever planned from. An order's body is
        -- {"order": {...}, "refunds": [...]} as the storefront worded them.
        CREATE TABLE snapshot (
            store_id        text NOT NULL REFERENCES store,
            entity          text NOT NULL,
            entity_id       text NOT NULL,
            revision        integer NOT NULL,       -- 1, 2, ... in the order in which they were accepted
            modified_at     timestamptz NOT NULL,   -- the platform's stamp
            read_started_at timestamptz NOT NULL,
            content_hash    bytea NOT NULL,
            source          text NOT NULL,          -- read, sweep, webhook
            event_id        uuid,
            body            text NOT NULL,
            observed_at     timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (store_id, entity, entity_id, revision)
        );

        -- One order: the newest version known, and what became of it.
        CREATE TABLE sale (
            store_id        text NOT NULL REFERENCES store,
            order_id        text NOT NULL,
            order_number    text NOT NULL,
            org_id          text NOT NULL,
            revision        integer NOT NULL,       -- newest snapshot
            planned_revision integer NOT NULL DEFAULT 0,  -- snapshot the plan was made from; less than revision = to be planned
            mapping_version bigint,                 -- mapping the plan was made with
            state           text NOT NULL DEFAULT 'observed'
                            CHECK (state IN ('observed', 'ignored', 'held', 'planned', 'posted', 'dead')),
            reason          text,                   -- why it is ignored, held or dead, in a person's words
            findings        jsonb,                  -- the arithmetic behind a hold: an array of sentences
            store_status    text,
            currency        text,
            total           numeric,
            total_tax       numeric,
            refunded        numeric,
            created_at      timestamptz,            -- by the store's clock
            modified_at     timestamptz NOT NULL,
            paid_at         timestamptz,
            first_seen_at   timestamptz NOT NULL DEFAULT now(),
            planned_at      timestamptz,
            attempts        integer NOT NULL DEFAULT 0, -- of planning this revision, counted before
            retry_at        timestamptz,
            PRIMARY KEY (store_id, order_id)
        );
        CREATE INDEX sale_to_plan ON sale (retry_at) WHERE planned_revision < revision;
        CREATE INDEX sale_by_number ON sale (store_id, order_number);
        CREATE INDEX sale_by_state ON sale (state, store_id, modified_at DESC);
        """
}
