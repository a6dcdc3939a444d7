-- The trail: one entry for every row that comes into a ledger of this database, in the order of commit. Each entry
-- has the hash of the one before it, so none can be changed, taken out or moved without all that follow; heads of
-- the chain are written down outside the database (foundation/trail.py). The form is that of a hash chain as in
-- Schneier and Kelsey, Secure audit logs to support computer forensics, 1999, without their forward-secure keys.

CREATE TABLE IF NOT EXISTS ledger.trail (
    entry bigint PRIMARY KEY CHECK (entry >= 1),
    ledger text NOT NULL,
    row_key jsonb NOT NULL,
    -- The row as it was written. A column that a later revision adds is not in it.
    content jsonb NOT NULL,
    -- Whether the row was there when the trail began: nobody knows then when it was written, or by whom.
    is_inherited boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- The database role that was logged in, whatever role the statement ran as.
    recorded_by text NOT NULL,
    hash text NOT NULL
);

CREATE INDEX IF NOT EXISTS trail_by_ledger ON ledger.trail (ledger, entry);

-- Numbers are gapless and the hash is of the entry before: writers take turns from here to their commit. The clock,
-- time zone and form of numbers are stated, so that a row has one text whoever writes it.
CREATE OR REPLACE FUNCTION ledger.append_to_trail(of_ledger text, row_key jsonb, content jsonb, is_inherited boolean)
RETURNS void LANGUAGE plpgsql SET search_path = ledger, pg_temp SET timezone = 'UTC' SET extra_float_digits = 1 AS $$
DECLARE
    last ledger.trail%ROWTYPE;
    at timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger.trail'));
    SELECT * INTO last FROM ledger.trail ORDER BY entry DESC LIMIT 1;
    at := clock_timestamp();
    INSERT INTO ledger.trail VALUES (
        coalesce(last.entry, 0) + 1, of_ledger, row_key, content, is_inherited, at, session_user,
        encode(sha256(convert_to(concat_ws(
            E'\n', coalesce(last.hash, ''), coalesce(last.entry, 0) + 1, of_ledger, row_key, content, is_inherited,
            to_json(at)::text, to_json(session_user::text)::text
        ), 'UTF8')), 'hex')
    );
END;
$$;

-- Its arguments are the columns of the table's key; a table without one is known by the whole row.
CREATE OR REPLACE FUNCTION ledger.record_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
SET timezone = 'UTC' SET extra_float_digits = 1 AS $$
DECLARE
    content jsonb := to_jsonb(NEW);
BEGIN
    IF TG_TABLE_SCHEMA <> 'ledger' THEN
        RAISE EXCEPTION '%.% is no ledger', TG_TABLE_SCHEMA, TG_TABLE_NAME;
    END IF;
    PERFORM ledger.append_to_trail(
        TG_TABLE_NAME,
        coalesce((SELECT jsonb_object_agg(name, content -> name) FROM unnest(TG_ARGV) AS name), content),
        content,
        false
    );
    RETURN NULL;
END;
$$;

-- The ledgers, and the columns of each one's key.
CREATE OR REPLACE VIEW ledger.followed_ledgers AS
SELECT
    c.relname::text AS name,
    coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attname IS NOT NULL), '{}') AS key_columns,
    EXISTS (
        SELECT 1 FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'record' AND t.tgenabled IN ('O', 'A')
    ) AS is_followed
FROM pg_class AS c
LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('lease', 'trail')
GROUP BY c.oid, c.relname;

-- Called after every migration: each ledger has its trigger, and each row of it an entry.
CREATE OR REPLACE FUNCTION ledger.follow_ledgers() RETURNS void
LANGUAGE plpgsql SET search_path = ledger, pg_temp SET timezone = 'UTC' SET extra_float_digits = 1 AS $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT name, key_columns FROM ledger.followed_ledgers
        WHERE to_regclass(format('ledger.%I', name)) NOT IN (SELECT tgrelid FROM pg_trigger WHERE tgname = 'record')
        ORDER BY name
    LOOP
        EXECUTE format(
            'CREATE TRIGGER record AFTER INSERT ON ledger.%I FOR EACH ROW EXECUTE FUNCTION ledger.record_row(%s)',
            each.name, (SELECT string_agg(quote_literal(part), ', ') FROM unnest(each.key_columns) AS part)
        );
        EXECUTE format(
            'SELECT ledger.append_to_trail(%L, coalesce((SELECT jsonb_object_agg(name, to_jsonb(t) -> name) '
            'FROM unnest(%L::text[]) AS name), to_jsonb(t)), to_jsonb(t), true) '
            'FROM (SELECT * FROM ledger.%I ORDER BY 1) AS t', each.name, each.key_columns, each.name
        );
    END LOOP;
END;
$$;
