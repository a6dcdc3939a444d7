-- How far MLflow has followed the promotions and blocks of a model. News, not decisions: no lease stands before them.
CREATE TABLE IF NOT EXISTS ledger.registry_positions (
    position_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    -- The newest rows of both ledgers that it shows; 0: none.
    promotion_id bigint NOT NULL CHECK (promotion_id >= 0),
    bar_id bigint NOT NULL CHECK (bar_id >= 0),
    reconciled_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS registry_positions_by_model ON ledger.registry_positions (model, position_id);
