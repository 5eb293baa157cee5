extension SchemaMigrations {
    /// What storefronts said (`event`, raw, by day), what is to be read because of it (`hint`), what is to be announced
    /// (`outbox`), and how far each store has been swept.
    static let events = """
        -- Raw deliveries, partitioned by day so that old ones are dropped by partition.
        CREATE TABLE event (
            id           uuid NOT NULL,             -- version 7: ordered by time
            received_at  timestamptz NOT NULL DEFAULT now(),
            store_id     text NOT NULL,             -- as addressed; for a reject it may be no store of ours
            outcome      text NOT NULL CHECK (outcome IN ('accepted', 'duplicate', 'ignored', 'rejected')),
            reason       text,                      -- why it was ignored or rejected, in a person's words
            status       smallint NOT NULL,         -- the HTTP status that was answered
            topic        text,                      -- the platform's word, e.g. order.updated
            entity       text,                      -- order, customer, product
            entity_id    text,
            delivery_key bytea,                     -- identical deliveries share it
            headers      jsonb NOT NULL,            -- the few that matter, never credentials
            body         bytea NOT NULL,            -- a reject's at most 1 KB
            body_bytes   integer NOT NULL,          -- the length as received
            source       text,                      -- remote address
            PRIMARY KEY (received_at, id)
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX event_by_store ON event (store_id, received_at DESC);
        CREATE INDEX event_by_entity ON event (store_id, entity, entity_id, received_at DESC);
        CREATE TABLE event_default PARTITION OF event DEFAULT;

        -- Makes the partitions of today and the days to come; safe to call at any time, by anybody, at once.
        CREATE FUNCTION ensure_event_partitions(days integer) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            day date;
            made integer := 0;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('event_partitions'));
            FOR day IN SELECT generate_series((now() AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date + days, '1 day')::date LOOP
                IF to_regclass('event_' || to_char(day, 'YYYYMMDD')) IS NULL
                   AND NOT EXISTS (SELECT 1 FROM event_default
                                   WHERE received_at >= day::timestamp AT TIME ZONE 'UTC'
                                     AND received_at < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
                    EXECUTE format('CREATE TABLE %I PARTITION OF event FOR VALUES FROM (%L) TO (%L)',
                        'event_' || to_char(day, 'YYYYMMDD'),
                        day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
                    made := made + 1;
                END IF;
            END LOOP;
            RETURN made;
        END $$;

        -- Drops the partitions whose every event is older than so many days.
        CREATE FUNCTION drop_event_partitions(keep_days integer) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            name text;
            dropped integer := 0;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('event_partitions'));
            FOR name IN SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                        WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_[0-9]{8}$'
                          AND to_date(right(c.relname, 8), 'YYYYMMDD') < (now() AT TIME ZONE 'UTC')::date - keep_days LOOP
                EXECUTE format('DROP TABLE %I', name);
                dropped := dropped + 1;
            END LOOP;
            RETURN dropped;
        END $$;

        SELECT ensure_event_partitions(14);

        -- The last time an identical delivery came; only flags and coalesces, it never drops.
        CREATE TABLE delivery (
            store_id     text NOT NULL,
            delivery_key bytea NOT NULL,
            event_id     uuid NOT NULL,             -- the first one
            seen_at      timestamptz NOT NULL DEFAULT now(),
            times        integer NOT NULL DEFAULT 1,
            PRIMARY KEY (store_id, delivery_key)
        );
        CREATE INDEX delivery_by_age ON delivery (seen_at);

        -- Rejects beyond 60 a minute per store and source are only counted.
        CREATE TABLE reject_count (
            minute   timestamptz NOT NULL,
            store_id text NOT NULL,
            reason   text NOT NULL,
            times    bigint NOT NULL,
            PRIMARY KEY (minute, store_id, reason)
        );

        -- "Something about this document changed": one row a document, whatever said so and however often.
        CREATE TABLE hint (
            store_id      text NOT NULL,
            entity        text NOT NULL,
            entity_id     text NOT NULL,
            generation    bigint NOT NULL DEFAULT 1, -- grows with every hint; a reader deletes only the one it read
            due_at        timestamptz NOT NULL DEFAULT now(),
            again_at      timestamptz[] NOT NULL DEFAULT '{}', -- further reads after this one, soonest first
            hinted_at     timestamptz NOT NULL DEFAULT now(),
            event_id      uuid,
            reason        text NOT NULL,             -- webhook, sweep, reread, resync, backfill, reconcile
            claimed_by    text,
            claimed_until timestamptz,
            attempts      integer NOT NULL DEFAULT 0, -- counted before the attempt is made
            last_error    text,
            PRIMARY KEY (store_id, entity, entity_id)
        );
        CREATE INDEX hint_by_due ON hint (due_at);
        CREATE INDEX hint_by_store ON hint (store_id, due_at);

        -- A store's sweep: everything modified before the watermark has been read.
        CREATE TABLE sweep (
            store_id      text PRIMARY KEY REFERENCES store,
            watermark     timestamptz,              -- null: nothing swept yet, begin at the store's start
            due_at        timestamptz NOT NULL DEFAULT now(),
            claimed_by    text,
            claimed_until timestamptz,
            last_started  timestamptz,
            last_finished timestamptz,
            last_found    integer,
            failures      integer NOT NULL DEFAULT 0,
            last_error    text
        );

        -- What a transaction announces; a relay of the same origin publishes it and deletes it on the broker's confirm.
        CREATE TABLE outbox (
            id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            origin        text NOT NULL,            -- the service whose relay publishes it
            exchange      text NOT NULL,
            routing_key   text NOT NULL,
            message_id    uuid NOT NULL,
            type          text NOT NULL,            -- CloudEvents type
            subject       text NOT NULL,
            traceparent   text,
            body          text NOT NULL,            -- JSON
            created_at    timestamptz NOT NULL DEFAULT now(),
            claimed_until timestamptz,
            attempts      integer NOT NULL DEFAULT 0
        ) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
        CREATE INDEX outbox_by_origin ON outbox (origin, id);
        """
}
