extension SchemaMigrations {
    /// Calls to Xero: their intents and results, who may make them (leases), and how many are left (budgets).
    static let calls = """
        -- One HTTP request, committed before it is sent (DESIGN.md rule 6).
        CREATE TABLE call (
            id              uuid PRIMARY KEY,
            org_id          text NOT NULL,
            purpose         text NOT NULL,          -- create, update, void, probe, reference, reconcile
            kind            text,                   -- the documents' kind
            method          text NOT NULL,
            path            text NOT NULL,          -- with its query
            body            text,                   -- the exact bytes sent
            idempotency_key text,
            holder          text NOT NULL,          -- the writer that made it
            sends           integer NOT NULL DEFAULT 1, -- times its bytes were sent under its key
            started_at      timestamptz NOT NULL DEFAULT now(),
            first_sent_at   timestamptz NOT NULL DEFAULT now(), -- of the first send under this idempotency key
            deadline        timestamptz NOT NULL,   -- until then its elements and its slot are taken, whoever holds the lease
            finished_at     timestamptz,            -- null: no result recorded yet
            status          integer,                -- HTTP status; null: none came
            outcome         text CHECK (outcome IN ('done', 'refused', 'throttled', 'uncertain', 'resolved')),
            response        text,                   -- cut to a bound
            error           text,
            settle_until    timestamptz             -- uncertain: look the elements up from then on
        );
        CREATE INDEX call_open ON call (org_id) WHERE finished_at IS NULL;
        CREATE INDEX call_unsettled ON call (org_id) WHERE outcome = 'uncertain';
        CREATE INDEX call_by_org ON call (org_id, started_at DESC);

        CREATE TABLE call_element (
            call_id     uuid NOT NULL REFERENCES call ON DELETE CASCADE,
            position    integer NOT NULL,
            document_id bigint NOT NULL REFERENCES document ON DELETE CASCADE,
            version     integer NOT NULL,           -- the document's version it carries
            outcome     text,                       -- posted, adopted, refused, unknown
            message     text,
            PRIMARY KEY (call_id, position)
        );
        CREATE INDEX call_element_by_document ON call_element (document_id);

        -- One holder an org at a time.
        CREATE TABLE org_lease (
            org_id     text PRIMARY KEY,
            holder     text NOT NULL,
            expires_at timestamptz NOT NULL,
            token      bigint NOT NULL DEFAULT 1    -- grows with every change of holder
        );

        -- What is left of an org's minute and day, as counted here and corrected by Xero's headers.
        CREATE TABLE org_budget (
            org_id           text PRIMARY KEY,
            minute_started   timestamptz NOT NULL DEFAULT now(),
            minute_used      integer NOT NULL DEFAULT 0,
            minute_remaining integer,               -- Xero's last word
            day_started      timestamptz NOT NULL DEFAULT now(),
            day_used         integer NOT NULL DEFAULT 0,
            day_remaining    integer,               -- Xero's last word
            blocked_until    timestamptz,           -- a limit's Retry-After
            blocked_reason   text,
            breaker_failures integer NOT NULL DEFAULT 0, -- consecutive
            breaker_until    timestamptz,           -- open until then; one probe after
            updated_at       timestamptz NOT NULL DEFAULT now()
        );

        -- Calls per org's day, endpoint and purpose.
        CREATE TABLE call_count (
            org_id   text NOT NULL,
            day      date NOT NULL,
            endpoint text NOT NULL,                 -- e.g. PUT Invoices
            purpose  text NOT NULL,
            calls    bigint NOT NULL DEFAULT 0,
            refused  bigint NOT NULL DEFAULT 0,     -- 429
            PRIMARY KEY (org_id, day, endpoint, purpose)
        );

        -- Tokens, sealed. One row a grant; a custom connection's grant reaches one org.
        CREATE TABLE xero_grant (
            id           text PRIMARY KEY,          -- app id, or app id and the person who consented
            app_id       text NOT NULL,
            tokens       bytea,                     -- sealed JSON
            expires_at   timestamptz,
            refreshing_until timestamptz,           -- single flight
            updated_at   timestamptz NOT NULL DEFAULT now()
        );

        -- Accounts, tax rates, organisation ...: cached with their age.
        CREATE TABLE org_reference (
            org_id     text NOT NULL,
            name       text NOT NULL,               -- Organisation, Accounts, TaxRates, ...
            body       text NOT NULL,
            fetched_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (org_id, name)
        );
        """
}
