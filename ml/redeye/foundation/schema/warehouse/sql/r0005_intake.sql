-- Rows that intake sets aside or marks, deliveries in doubt, what people decide, and deliveries that leave again.

-- A delivery that was taken in without some of its rows is a file of the others, with a hash of its own: `parent_hash`
-- is that of the whole one. Empty where it is whole.
ALTER TABLE ledger.deliveries ADD COLUMN IF NOT EXISTS parent_hash text NOT NULL DEFAULT '';
CREATE OR REPLACE VIEW ledger.judged_deliveries AS
SELECT DISTINCT ON (source, dataset, night, content_hash) *
FROM ledger.deliveries
ORDER BY source, dataset, night, content_hash, recorded_seq DESC;

CREATE OR REPLACE FUNCTION ledger.stamp_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;

-- Rows of an accepted delivery that people should know of: set aside from it, taken in though its counterpart is
-- missing elsewhere, or lacking in it. `position` is the place in what arrived of a row set aside, from 0; else -1.
CREATE TABLE IF NOT EXISTS ledger.marked_rows (
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    source text NOT NULL,
    dataset text NOT NULL,
    night date NOT NULL,
    content_hash text NOT NULL,
    treatment text NOT NULL CHECK (treatment IN ('set aside', 'taken in', 'lacking')),
    position bigint NOT NULL,
    row_key jsonb NOT NULL,
    reason text NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS marked_rows_once
ON ledger.marked_rows (source, dataset, night, content_hash, treatment, position, md5(row_key::text));
CREATE OR REPLACE TRIGGER stamp BEFORE INSERT ON ledger.marked_rows
FOR EACH ROW EXECUTE FUNCTION ledger.stamp_row();

-- What an accepted delivery of another dataset says against one that was accepted before.
CREATE TABLE IF NOT EXISTS ledger.doubts (
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    source text NOT NULL,
    dataset text NOT NULL,
    night date NOT NULL,
    raised_by_dataset text NOT NULL,
    raised_by_night date NOT NULL,
    raised_by_hash text NOT NULL,
    said text NOT NULL,
    UNIQUE (source, dataset, night, raised_by_dataset, raised_by_night, raised_by_hash)
);
CREATE OR REPLACE TRIGGER stamp BEFORE INSERT ON ledger.doubts
FOR EACH ROW EXECUTE FUNCTION ledger.stamp_row();

-- What a person decided against a judgement, and why.
CREATE TABLE IF NOT EXISTS ledger.actions (
    action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    action text NOT NULL CHECK (action <> ''),
    subject text NOT NULL CHECK (subject <> ''),
    reason text NOT NULL CHECK (btrim(reason) <> '')
);
CREATE OR REPLACE TRIGGER stamp BEFORE INSERT ON ledger.actions
FOR EACH ROW EXECUTE FUNCTION ledger.stamp_row();

-- Deliveries that a release holds no more, though one before it had taken them in: they were refused since.
CREATE TABLE IF NOT EXISTS ledger.release_withdrawals (
    release_id text NOT NULL REFERENCES ledger.releases (release_id),
    source text NOT NULL,
    dataset text NOT NULL,
    night date NOT NULL,
    content_hash text NOT NULL,
    PRIMARY KEY (release_id, source, dataset, night, content_hash)
);
