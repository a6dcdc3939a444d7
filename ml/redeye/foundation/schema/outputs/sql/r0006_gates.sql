-- What the gates said of a training's candidate, refused or not; empty where no candidate came before them.
ALTER TABLE ledger.trainings ADD COLUMN IF NOT EXISTS gates jsonb NOT NULL DEFAULT '{}';
