-- Rollbacks: what a row of the promotion ledger is, which versions may not come back, what a night decided
-- about it, and candidates that passed the gates and await a person's approval.

ALTER TABLE ledger.promotions ADD COLUMN IF NOT EXISTS kind text;
UPDATE ledger.promotions SET kind = CASE WHEN previous_id IS NULL THEN 'first' ELSE 'promotion' END
WHERE kind IS NULL;
ALTER TABLE ledger.promotions ALTER COLUMN kind SET NOT NULL;
ALTER TABLE ledger.promotions ADD CONSTRAINT promotions_kind
CHECK (kind IN ('first', 'promotion', 'rollback') AND (kind = 'first') = (previous_id IS NULL));
-- What a row follows is of the same model.
ALTER TABLE ledger.promotions ADD CONSTRAINT promotions_of_model UNIQUE (model, promotion_id);
ALTER TABLE ledger.promotions ADD CONSTRAINT promotions_follow
FOREIGN KEY (model, previous_id) REFERENCES ledger.promotions (model, promotion_id);

-- Versions that may not come back; the last row of a version says whether it is barred. `night` is that of
-- the decision: what was decided about earlier nights does not depend on it.
CREATE TABLE IF NOT EXISTS ledger.bars (
    bar_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    is_barred boolean NOT NULL,
    night date NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    actor text NOT NULL,
    run_id text NOT NULL,
    promotion_id bigint REFERENCES ledger.promotions (promotion_id),
    fencing_token bigint NOT NULL
);
CREATE OR REPLACE TRIGGER fence BEFORE INSERT ON ledger.bars
FOR EACH ROW EXECUTE FUNCTION ledger.fence_row();

-- Whoever asks: a barred version becomes champion again only after a row that says it is barred no more.
CREATE OR REPLACE FUNCTION ledger.refuse_barred() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    bar ledger.bars%ROWTYPE;
BEGIN
    SELECT * INTO bar FROM ledger.bars
    WHERE model = NEW.model AND version = NEW.version ORDER BY bar_id DESC LIMIT 1;
    IF bar.is_barred THEN
        RAISE EXCEPTION '%: version % is barred since night % (%)', NEW.model, NEW.version, bar.night, bar.reason
            USING ERRCODE = 'RE002';
    END IF;
    RETURN NEW;
END;
$$;
CREATE OR REPLACE TRIGGER refuse_barred BEFORE INSERT ON ledger.promotions
FOR EACH ROW EXECUTE FUNCTION ledger.refuse_barred();

-- A night may also decide to return to a version, and may ask for a successor of one that was returned to.
ALTER TABLE ledger.retraining_decisions ADD COLUMN IF NOT EXISTS returns_to integer;
ALTER TABLE ledger.retraining_decisions ADD COLUMN IF NOT EXISTS is_successor_due boolean NOT NULL DEFAULT false;
ALTER TABLE ledger.retraining_decisions DROP CONSTRAINT retraining_decisions_check1;
ALTER TABLE ledger.retraining_decisions ADD CONSTRAINT decisions_rest_on_a_verdict CHECK (
    (NOT is_requested OR is_successor_due OR verdict IN ('retrain', 'roll back'))
    AND (returns_to IS NULL OR verdict = 'roll back')
);

-- Candidates that passed every gate and await a person: what will be promoted, exactly as it was judged.
CREATE TABLE IF NOT EXISTS ledger.proposals (
    proposal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    night date NOT NULL,
    training_key text NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    algorithm text NOT NULL,
    feature_service text NOT NULL,
    artifact_uri text NOT NULL,
    artifact_sha256 text NOT NULL,
    effective_night date NOT NULL CHECK (effective_night > night),
    follows_id bigint NOT NULL REFERENCES ledger.promotions (promotion_id),
    asked text NOT NULL,
    reason text NOT NULL,
    evidence jsonb NOT NULL,
    actor text NOT NULL,
    run_id text NOT NULL,
    mlflow_run_id text NOT NULL,
    fencing_token bigint NOT NULL,
    UNIQUE (model, night, training_key)
);
CREATE OR REPLACE TRIGGER fence BEFORE INSERT ON ledger.proposals
FOR EACH ROW EXECUTE FUNCTION ledger.fence_row();
