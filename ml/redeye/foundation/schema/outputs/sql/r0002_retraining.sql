-- The ledgers of retraining decisions and of trainings.

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
