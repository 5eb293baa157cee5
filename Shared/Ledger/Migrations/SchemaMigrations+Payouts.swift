extension SchemaMigrations {
    /// What payment providers paid out. The documents of a payout belong to rows of `sale`, one for each month it spans, so
    /// that they are planned, posted, shown and retried as those of an order are.
    static let payouts = """
        CREATE TABLE payout (
            store_id    text NOT NULL REFERENCES store,
            payout_id   text NOT NULL,              -- the provider's
            provider    text NOT NULL,
            currency    text NOT NULL,
            paid_on     date NOT NULL,
            net         numeric NOT NULL,           -- what came to the bank; negative if it was taken
            state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'held', 'booked')),
            reason      text,                       -- why it is held
            findings    jsonb,                      -- the arithmetic behind that: an array of sentences
            imported_at timestamptz NOT NULL DEFAULT now(),
            imported_by text NOT NULL,
            booked_at   timestamptz,
            PRIMARY KEY (store_id, payout_id)
        );
        CREATE INDEX payout_open ON payout (imported_at) WHERE state <> 'booked';

        CREATE TABLE payout_line (
            store_id    text NOT NULL,
            payout_id   text NOT NULL,
            position    integer NOT NULL,           -- in the file, from 1
            kind        text NOT NULL CHECK (kind IN ('charge', 'refund', 'fee', 'adjustment')),
            order_name  text,                       -- the order as the provider names it
            amount      numeric NOT NULL,           -- what it adds to the payout before its fee
            fee         numeric NOT NULL,           -- what the provider keeps of it
            fee_tax     numeric,
            happened_on date,
            description text NOT NULL,
            order_id    text,                       -- the order it is of, once booked
            part        text,                       -- the documents it is in (order_id of their sale), once booked
            part_date   date,                       -- their date
            settled_in  text,                       -- the account its money is in already, if the order was posted otherwise
            PRIMARY KEY (store_id, payout_id, position),
            FOREIGN KEY (store_id, payout_id) REFERENCES payout ON DELETE CASCADE
        );
        CREATE INDEX payout_line_by_order ON payout_line (store_id, order_id) WHERE order_id IS NOT NULL;
        CREATE INDEX payout_line_by_part ON payout_line (store_id, part) WHERE part IS NOT NULL;

        -- What waits for its payout closes with no day.
        ALTER TABLE summary_entry ALTER COLUMN closes DROP NOT NULL;
        """
}
