extension SchemaMigrations {
    /// Circuit breakers and the apps' minutes, shared by all replicas; and what lets documents and orgs recover.
    static let breakers = """
        -- Whether calls are held back because the last ones failed (DESIGN.md rule 9).
        CREATE TABLE breaker (
            id              text PRIMARY KEY,       -- 'xero', or 'org/ID'
            failures        integer NOT NULL DEFAULT 0, -- consecutive
            failed_orgs     text[] NOT NULL DEFAULT '{}', -- whom they were about
            last_failure_at timestamptz,
            openings        integer NOT NULL DEFAULT 0, -- since it was closed last
            open_until      timestamptz,            -- null: closed; past: one call at a time is tried
            probe_holder    text,                   -- who tries
            probe_until     timestamptz,
            reason          text,                   -- what the last failure was
            held_by         text,                   -- an operator holds it open
            held_reason     text,
            held_at         timestamptz,
            changed_at      timestamptz NOT NULL DEFAULT now()
        );
        ALTER TABLE org_budget DROP COLUMN breaker_failures, DROP COLUMN breaker_until;

        -- Calls of an app over all its orgs, in the present part of a minute.
        CREATE TABLE app_minute (
            app_id        text PRIMARY KEY,
            began_at      timestamptz NOT NULL,
            used          integer NOT NULL,
            blocked_until timestamptz
        );

        -- Set while an org is paused because Xero refused access: it resumes by itself when Xero grants it again.
        ALTER TABLE org ADD COLUMN access_refused_at timestamptz;

        -- An e-mail address that Xero refused: the contact goes without it.
        ALTER TABLE document ADD COLUMN refused_email text;

        -- What the plan wanted, where desired says the same with the tax of its lines stated.
        ALTER TABLE document ADD COLUMN planned text;

        -- Which database this is: a restored backup is another one, and Xero knows more than it does.
        CREATE TABLE database_identity (
            only_one      boolean PRIMARY KEY DEFAULT true CHECK (only_one),
            name          text NOT NULL,
            restored_at   timestamptz,
            restored_from timestamptz           -- the last thing recorded in the backup
        );
        """
}
