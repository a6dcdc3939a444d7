-- The release ledger, in the warehouse catalog's database. Append-only: the role `warehouse` may insert
-- and select, not update or delete. Run after r0001_lease.sql.

-- One row per judgement of a delivery; the last one counts. A night that was refused as a whole is
-- judged again after its deliveries had been accepted one by one.
CREATE TABLE IF NOT EXISTS ledger.deliveries (
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    dataset text NOT NULL,
    night date NOT NULL,
    content_hash text NOT NULL,
    is_accepted boolean NOT NULL,
    path text NOT NULL,
    row_count bigint NOT NULL,
    is_stated_empty boolean NOT NULL,
    arrival_night date NOT NULL,
    audit jsonb
);
CREATE INDEX IF NOT EXISTS deliveries_by_content
ON ledger.deliveries (source, dataset, night, content_hash, recorded_seq);
CREATE OR REPLACE VIEW ledger.judged_deliveries AS
SELECT DISTINCT ON (source, dataset, night, content_hash) *
FROM ledger.deliveries
ORDER BY source, dataset, night, content_hash, recorded_seq DESC;

-- A release fixes one snapshot of the catalog. The foreign key is what keeps maintenance from expiring it.
CREATE TABLE IF NOT EXISTS ledger.releases (
    release_id text PRIMARY KEY,
    night date NOT NULL,
    revision integer NOT NULL CHECK (revision >= 1),
    first_night date NOT NULL CHECK (first_night <= night),
    kind text NOT NULL CHECK (kind IN ('history', 'nightly', 'repair', 'rebuild')),
    snapshot_id bigint NOT NULL REFERENCES public.ducklake_snapshot (snapshot_id) ON DELETE RESTRICT,
    parent_release_id text REFERENCES ledger.releases (release_id),
    delivery_set_hash text NOT NULL,
    code_hash text NOT NULL,
    git_sha text NOT NULL,
    audit jsonb NOT NULL,
    built_by text NOT NULL,
    fencing_token bigint NOT NULL,
    created_at timestamp NOT NULL,
    recorded_seq bigint GENERATED ALWAYS AS IDENTITY,
    UNIQUE (night, revision)
);
CREATE OR REPLACE TRIGGER fence BEFORE INSERT ON ledger.releases
FOR EACH ROW EXECUTE FUNCTION ledger.fence_row();

CREATE TABLE IF NOT EXISTS ledger.release_deliveries (
    release_id text NOT NULL REFERENCES ledger.releases (release_id),
    source text NOT NULL,
    dataset text NOT NULL,
    night date NOT NULL,
    content_hash text NOT NULL,
    PRIMARY KEY (release_id, source, dataset, night, content_hash)
);

-- A night that the warehouse goes on without, and why.
CREATE TABLE IF NOT EXISTS ledger.gaps (
    night date PRIMARY KEY,
    reason text NOT NULL,
    recorded_by text NOT NULL
);

-- Every audit of a candidate release, refused ones included.
CREATE TABLE IF NOT EXISTS ledger.audits (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    night date NOT NULL,
    snapshot_id bigint NOT NULL,
    is_success boolean NOT NULL,
    detail jsonb NOT NULL
);

-- How far the online store has been brought, per feature view: forward only.
CREATE TABLE IF NOT EXISTS ledger.materializations (
    feature_view text NOT NULL,
    night date NOT NULL,
    release_id text NOT NULL REFERENCES ledger.releases (release_id),
    PRIMARY KEY (feature_view, night, release_id)
);
