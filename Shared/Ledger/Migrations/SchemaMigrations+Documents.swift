extension SchemaMigrations {
    /// The Xero documents that orders should have (DESIGN.md rule 10), what they wait for, and the names contacts have claimed.
    static let documents = """
        CREATE TABLE document (
            id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            org_id          text NOT NULL,
            store_id        text NOT NULL,
            kind            text NOT NULL CHECK (kind IN ('contact', 'invoice', 'payment', 'credit_note', 'refund', 'allocation')),
            source_id       text NOT NULL,          -- the storefront's document: order, refund or customer
            part            text NOT NULL,          -- numbers what one source may rightly have several of
            key             text NOT NULL UNIQUE,   -- ORG/STORE/KIND/SOURCE/PART
            order_id        text,                   -- the order it belongs to; null for a contact
            number          text,                   -- InvoiceNumber or CreditNoteNumber: made once, never used again
            state           text NOT NULL CHECK (state IN
                            ('planned', 'waiting', 'ready', 'sending', 'uncertain', 'posted', 'held', 'dead', 'voided', 'superseded')),
            state_reason    text,                   -- what it waits for, or why it is held or dead
            desired_version integer NOT NULL DEFAULT 1,
            sent_version    integer NOT NULL DEFAULT 0,
            posted_version  integer NOT NULL DEFAULT 0,
            desired         text NOT NULL,          -- the Xero element as JSON, other documents as {"$invoice": KEY}
            desired_void    boolean NOT NULL DEFAULT false, -- the desired state is: not there
            posted          text,                   -- what Xero returned for posted_version
            xero_id         text,
            mapping_version bigint,
            snapshot_revision integer,
            currency        text,
            total           numeric,
            total_tax       numeric,
            document_date   date,
            lane            smallint NOT NULL DEFAULT 0, -- 0 live, 1 refund, 2 update, 3 backfill
            ready_at        timestamptz NOT NULL DEFAULT now(), -- not to be sent before
            attempts        integer NOT NULL DEFAULT 0, -- counted before they are made
            open_call       uuid,                   -- the call that carries it now
            lookup_first    boolean NOT NULL DEFAULT false, -- Xero may have it already: look before sending
            content_at      timestamptz,            -- a contact's: creation of the order that its content is from
            operation       text NOT NULL GENERATED ALWAYS AS
                            (CASE WHEN xero_id IS NULL THEN 'create' WHEN desired_void THEN 'void' ELSE 'update' END) STORED,
            created_at      timestamptz NOT NULL DEFAULT now(),
            changed_at      timestamptz NOT NULL DEFAULT now(),
            posted_at       timestamptz,
            UNIQUE (org_id, store_id, kind, source_id, part)
        ) WITH (fillfactor = 80);
        CREATE UNIQUE INDEX document_number ON document (org_id, kind, number) WHERE number IS NOT NULL;
        CREATE INDEX document_unposted ON document (org_id, kind, lane, id)
            WHERE state IN ('planned', 'waiting', 'ready', 'sending', 'uncertain');
        CREATE INDEX document_ready ON document (org_id, kind, operation, lane, id) WHERE state = 'ready';
        CREATE INDEX document_by_order ON document (store_id, order_id);
        CREATE INDEX document_troubled ON document (org_id, state) WHERE state IN ('held', 'dead');

        CREATE TABLE document_dependency (
            document_id bigint NOT NULL REFERENCES document ON DELETE CASCADE,
            depends_on  bigint NOT NULL REFERENCES document ON DELETE CASCADE,
            PRIMARY KEY (document_id, depends_on)
        );
        CREATE INDEX document_dependants ON document_dependency (depends_on);

        -- A contact's name is claimed before any call: unique as Xero compares names.
        CREATE TABLE contact_name (
            org_id      text NOT NULL,
            folded_name text NOT NULL,
            document_id bigint NOT NULL REFERENCES document ON DELETE CASCADE,
            name        text NOT NULL,
            PRIMARY KEY (org_id, folded_name)
        );
        CREATE INDEX contact_name_by_document ON contact_name (document_id);

        -- Every transition of a document or order, with its cause; never changed, never deleted.
        CREATE TABLE audit (
            id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at       timestamptz NOT NULL DEFAULT now(),
            actor    text NOT NULL,                 -- a service, or the person who asked
            subject  text NOT NULL,                 -- document KEY, STORE/ORDER, or org id
            change   text NOT NULL,                 -- e.g. 'ready -> sending'
            cause    text NOT NULL,
            call_id  uuid
        );
        CREATE INDEX audit_by_subject ON audit (subject, id);
        """
}
