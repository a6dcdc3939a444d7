-- The promotion ledger, in the outputs catalog's database. Append-only: the role `outputs` may insert and
-- select, not update or delete. Run after r0001_lease.sql.

-- Which version is champion from which night on. Each row names the row it follows; the unique constraint
-- on it lets one of two promotions at once through, and no more.
CREATE TABLE IF NOT EXISTS ledger.promotions (
    promotion_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    previous_id bigint REFERENCES ledger.promotions (promotion_id),
    version integer NOT NULL CHECK (version >= 1),
    algorithm text NOT NULL,
    feature_service text NOT NULL,
    artifact_uri text NOT NULL,
    artifact_sha256 text NOT NULL,
    decided_night date NOT NULL,
    effective_night date NOT NULL CHECK (effective_night > decided_night),
    reason text NOT NULL,
    evidence jsonb NOT NULL,
    actor text NOT NULL,
    run_id text NOT NULL,
    fencing_token bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (model, previous_id)
);
CREATE OR REPLACE TRIGGER fence BEFORE INSERT ON ledger.promotions
FOR EACH ROW EXECUTE FUNCTION ledger.fence_row();
