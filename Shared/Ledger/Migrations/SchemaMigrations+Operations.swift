extension SchemaMigrations {
    /// What needs a person (dead letters), and comparisons of storefront, own state and Xero (reconciliations).
    static let operations = """
        -- One thing that failed for good until a person or a fixed mapping retries it.
        CREATE TABLE dead_letter (
            id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            created_at   timestamptz NOT NULL DEFAULT now(),
            updated_at   timestamptz NOT NULL DEFAULT now(),
            service      text NOT NULL,             -- who gave up
            org_id       text,
            store_id     text,
            order_id     text,
            document_id  bigint REFERENCES document,
            message_id   text,                      -- a message that no handler could take
            call_id      uuid,
            class        text NOT NULL,             -- e.g. mapping.account, duplicate.contact, unknown
            message      text NOT NULL,             -- the other side's own words
            suggestion   text NOT NULL,             -- what to do about it
            detail       text,                      -- payload or element, bounded
            group_key    text NOT NULL,             -- same class, org and shape of message
            occurrences  integer NOT NULL DEFAULT 1,
            state        text NOT NULL DEFAULT 'open'
                         CHECK (state IN ('open', 'retrying', 'resolved', 'discarded', 'held')),
            note         text
        );
        CREATE UNIQUE INDEX dead_letter_open_document ON dead_letter (document_id) WHERE state IN ('open', 'retrying', 'held');
        CREATE UNIQUE INDEX dead_letter_message ON dead_letter (message_id) WHERE message_id IS NOT NULL;
        CREATE INDEX dead_letter_by_state ON dead_letter (state, group_key, id);

        CREATE TABLE reconciliation (
            id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            requested_at timestamptz NOT NULL DEFAULT now(),
            requested_by text NOT NULL,
            org_id       text,
            store_id     text,
            since        timestamptz,
            state        text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'running', 'done', 'failed')),
            claimed_by   text,
            claimed_until timestamptz,
            progress     text,
            finished_at  timestamptz,
            summary      jsonb,                     -- counts by finding
            error        text
        );
        CREATE INDEX reconciliation_waiting ON reconciliation (id) WHERE state IN ('requested', 'running');

        CREATE TABLE reconciliation_finding (
            reconciliation_id bigint NOT NULL REFERENCES reconciliation ON DELETE CASCADE,
            position     integer NOT NULL,
            kind         text NOT NULL,             -- missing_in_xero, doubled_in_xero, differs_in_xero, not_observed, gone_from_store ...
            subject      text NOT NULL,             -- document KEY or STORE/ORDER
            message      text NOT NULL,
            repaired     boolean NOT NULL DEFAULT false,
            PRIMARY KEY (reconciliation_id, position)
        );

        CREATE FUNCTION work_asked() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('work', TG_TABLE_NAME);
            RETURN NULL;
        END $$;
        CREATE TRIGGER reconciliation_asked AFTER INSERT ON reconciliation
            FOR EACH STATEMENT EXECUTE FUNCTION work_asked();
        """
}
