-- What a release holds, for maintenance to compare; and by how many weeks a delivery was shifted.

-- How many weeks later than it did everything in the delivery happens.
ALTER TABLE ledger.deliveries ADD COLUMN IF NOT EXISTS shift_weeks integer NOT NULL DEFAULT 0;
CREATE OR REPLACE VIEW ledger.judged_deliveries AS
SELECT DISTINCT ON (source, dataset, night, content_hash) *
FROM ledger.deliveries
ORDER BY source, dataset, night, content_hash, recorded_seq DESC;
ALTER TABLE ledger.releases ADD COLUMN IF NOT EXISTS shift_weeks integer NOT NULL DEFAULT 0;

-- What each table and view of a release holds: rows, and the sum of their hashes.
CREATE TABLE IF NOT EXISTS ledger.release_contents (
    release_id text NOT NULL REFERENCES ledger.releases (release_id),
    relation text NOT NULL,
    row_count bigint NOT NULL,
    content_hash text NOT NULL,
    PRIMARY KEY (release_id, relation)
);
