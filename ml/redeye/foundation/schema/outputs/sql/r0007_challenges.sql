-- A night may ask for a training because of age or drift alone: a challenge, whatever its verdict.
ALTER TABLE ledger.retraining_decisions ADD COLUMN IF NOT EXISTS is_challenge boolean NOT NULL DEFAULT false;
ALTER TABLE ledger.retraining_decisions DROP CONSTRAINT decisions_rest_on_a_verdict;
ALTER TABLE ledger.retraining_decisions ADD CONSTRAINT decisions_rest_on_a_verdict CHECK (
    (NOT is_requested OR is_successor_due OR is_challenge OR verdict IN ('retrain', 'roll back'))
    AND (returns_to IS NULL OR verdict = 'roll back')
);

-- Each attempt at a training counts, not the first one; one that is taken up again and comes to the same is one.
ALTER TABLE ledger.trainings DROP CONSTRAINT IF EXISTS trainings_model_night_training_key_key;
CREATE UNIQUE INDEX IF NOT EXISTS trainings_by_attempt
ON ledger.trainings (model, night, training_key, run_id, md5(reason));
