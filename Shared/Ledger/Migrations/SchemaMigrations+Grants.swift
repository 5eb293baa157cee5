extension SchemaMigrations {
    /// Consents that are kept alive by refresh tokens, and the organisations they reach.
    static let grants = """
        ALTER TABLE app
            ADD COLUMN redirect text,               -- where Xero sends people back after their consent
            ADD COLUMN scopes   text;               -- what is asked for; null: what writing orders needs

        ALTER TABLE xero_grant
            ADD COLUMN previous_until timestamptz,  -- the refresh token before counts until then
            ADD COLUMN refreshed_at   timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN refreshing_by  text,         -- who refreshes, until refreshing_until
            ADD COLUMN generation     bigint NOT NULL DEFAULT 1, -- grows with every refresh
            ADD COLUMN state          text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'revoked')),
            ADD COLUMN state_reason   text,
            ADD COLUMN connections    jsonb NOT NULL DEFAULT '[]', -- as Xero listed them last: id, tenant, name
            ADD COLUMN granted_by     text;         -- who ran connect

        -- The grant by which an org is reached. A custom connection needs none.
        CREATE TABLE xero_connection (
            org_id        text PRIMARY KEY REFERENCES org,
            grant_id      text NOT NULL REFERENCES xero_grant,
            connection_id text NOT NULL,            -- Xero's, by which it is removed
            tenant_id     text NOT NULL,
            tenant_name   text NOT NULL,
            connected_at  timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX xero_connection_by_grant ON xero_connection (grant_id);

        ALTER TABLE org_reference
            ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(), -- when its content last differed
            ADD COLUMN is_stale   boolean NOT NULL DEFAULT false;     -- an error said that it changed
        """
}
