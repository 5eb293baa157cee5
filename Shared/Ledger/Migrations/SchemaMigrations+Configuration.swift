extension SchemaMigrations {
    /// What `counterfoil apply` makes true. Secrets are sealed with COUNTERFOIL_KEY; `settings` holds the rest of the entry
    /// as the configuration file words it. Ids match `[a-z0-9-]{1,32}`.
    static let configuration = """
        CREATE TABLE configuration (
            version     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            applied_at  timestamptz NOT NULL DEFAULT now(),
            applied_by  text NOT NULL,
            document    text NOT NULL,              -- the file with its ${ENV} references, literal secrets masked
            changes     text[] NOT NULL
        );

        CREATE TABLE app (
            id          text PRIMARY KEY,
            client_id   text NOT NULL,
            type        text NOT NULL CHECK (type IN ('web', 'pkce', 'custom_connection')),
            tier        text NOT NULL,
            secrets     bytea NOT NULL,             -- sealed JSON: {"client_secret": ...}
            version     bigint NOT NULL REFERENCES configuration,
            removed_at  timestamptz
        );

        CREATE TABLE org (
            id           text PRIMARY KEY,
            app_id       text NOT NULL REFERENCES app,
            tenant_id    text,                      -- Xero's tenant; null for a custom connection, which has just one
            settings     jsonb NOT NULL,            -- {"daily_calls": 1000, "policies": {...}, "mapping": {...}}
            version      bigint NOT NULL REFERENCES configuration,
            state        text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disconnected')),
            state_reason text,                      -- in a person's words, with what to do
            state_at     timestamptz NOT NULL DEFAULT now(),
            removed_at   timestamptz
        );

        CREATE TABLE store (
            id              text PRIMARY KEY CHECK (id <> 'xero'),
            platform        text NOT NULL,
            org_id          text NOT NULL REFERENCES org,
            url             text NOT NULL,          -- without a trailing slash
            since           timestamptz NOT NULL,   -- orders created earlier are recorded as ignored
            settings        jsonb NOT NULL,         -- {"number_prefix", "sweep_seconds", "reread_seconds": [..], "mapping": {...}}
            secrets         bytea NOT NULL,         -- sealed JSON: {"webhook_secret", "consumer_key", "consumer_secret"}
            mapping_version bigint NOT NULL,        -- the configuration version at which the store's merged mapping last changed
            version         bigint NOT NULL REFERENCES configuration,
            removed_at      timestamptz
        );

        -- Told on every change of the four tables above, so that services reload at once; they also poll.
        CREATE FUNCTION configuration_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('configuration', NEW.version::text);
            RETURN NULL;
        END $$;
        CREATE TRIGGER configuration_changed AFTER INSERT ON configuration
            FOR EACH ROW EXECUTE FUNCTION configuration_changed();
        """
}
