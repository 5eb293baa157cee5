extension SchemaMigrations {
    /// Xero's contacts as they were last read, and how ours stand to them.
    static let contacts = """
        -- Xero's contacts as they were last read or written.
        CREATE TABLE xero_contact (
            org_id      text NOT NULL,
            xero_id     text NOT NULL,
            name        text NOT NULL,
            folded_name text NOT NULL,          -- as Xero compares names
            number      text,                   -- ContactNumber
            email       text,                   -- in small letters
            status      text NOT NULL,          -- ACTIVE, ARCHIVED, GDPRREQUEST
            merged_to   text,                   -- the contact that it was merged into
            content     text NOT NULL,          -- its members that are written from here, as JSON
            is_followed boolean NOT NULL,       -- whether contacts of ours follow what was last read of it
            read_at     timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (org_id, xero_id)
        );
        CREATE INDEX xero_contact_by_name ON xero_contact (org_id, folded_name) WHERE status = 'ACTIVE';
        CREATE INDEX xero_contact_by_number ON xero_contact (org_id, number) WHERE number IS NOT NULL;
        CREATE INDEX xero_contact_by_email ON xero_contact (org_id, email) WHERE email IS NOT NULL AND status = 'ACTIVE';
        CREATE INDEX xero_contact_unfollowed ON xero_contact (org_id) WHERE NOT is_followed;

        -- How far an org's contacts have been read.
        CREATE TABLE contact_reading (
            org_id      text PRIMARY KEY,
            watermark   timestamptz,            -- everything that changed before was read; null: never read as a whole
            began_at    timestamptz,            -- the reading under way
            next_page   integer NOT NULL DEFAULT 1,
            finished_at timestamptz,            -- the last reading
            is_cut      boolean NOT NULL DEFAULT false -- there are more contacts than are read
        );

        -- What is known of the Xero contact behind a contact of ours.
        CREATE TABLE contact_link (
            document_id  bigint PRIMARY KEY REFERENCES document ON DELETE CASCADE,
            written      text NOT NULL DEFAULT '{}', -- what was last written from here, as Xero returned it
            is_renamed   boolean NOT NULL DEFAULT false, -- it has a name in Xero that was not given here
            is_restoring boolean NOT NULL DEFAULT false, -- it is archived, and the next change makes it active again
            replacements integer NOT NULL DEFAULT 0 -- contacts that were made in the place of archived ones
        );
        INSERT INTO contact_link (document_id, written)
        SELECT id, posted FROM document WHERE kind = 'contact' AND posted IS NOT NULL;

        -- A contact's: it is archived in Xero, and nothing can be posted to it.
        ALTER TABLE document ADD COLUMN is_archived boolean NOT NULL DEFAULT false;
        CREATE INDEX document_archived ON document (org_id) WHERE is_archived;
        CREATE INDEX document_contact ON document (org_id, xero_id) WHERE kind = 'contact' AND xero_id IS NOT NULL;
        """
}
