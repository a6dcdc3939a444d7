-- The ledgers of promotions, of retraining decisions and of trainings, in the outputs catalog's database.
-- Append-only: the role `outputs` may insert and select, not update or delete. Run by the superuser after
-- lease.sql; may be run again.

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

-- Whether a night's verdict asked for a training, and why or why not: persistence, cooldown and budget stand
-- between the two. One row per model and night, each naming the row it follows: nights are decided forwards.
CREATE TABLE IF NOT EXISTS ledger.retraining_decisions (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    night date NOT NULL,
    previous_night date CHECK (previous_night < night),
    verdict text NOT NULL,
    is_requested boolean NOT NULL CHECK (NOT is_requested OR verdict = 'retrain'),
    reason text NOT NULL,
    evidence jsonb NOT NULL,
    run_id text NOT NULL,
    fencing_token bigint NOT NULL,
    UNIQUE (model, night),
    UNIQUE NULLS NOT DISTINCT (model, previous_night),
    FOREIGN KEY (model, previous_night) REFERENCES ledger.retraining_decisions (model, night)
);
CREATE OR REPLACE TRIGGER fence BEFORE INSERT ON ledger.retraining_decisions
FOR EACH ROW EXECUTE FUNCTION ledger.fence_row();

-- What each training came to, promoted or kept. The key stands for spec, release and code.
CREATE TABLE IF NOT EXISTS ledger.trainings (
    training_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    night date NOT NULL,
    training_key text NOT NULL,
    is_promoted boolean NOT NULL,
    champion_version integer NOT NULL,
    candidate_version integer,
    algorithm text,
    effective_night date,
    asked text NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    run_id text NOT NULL,
    mlflow_run_id text NOT NULL,
    fencing_token bigint NOT NULL,
    UNIQUE (model, night, training_key)
);
CREATE OR REPLACE TRIGGER fence BEFORE INSERT ON ledger.trainings
FOR EACH ROW EXECUTE FUNCTION ledger.fence_row();

GRANT USAGE ON SCHEMA ledger TO outputs;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO outputs;
REVOKE INSERT ON ledger.lease FROM outputs;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger TO outputs;
