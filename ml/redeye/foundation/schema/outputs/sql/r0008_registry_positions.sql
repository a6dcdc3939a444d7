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

-- What was decided before this table is taken for shown: each night's monitor has reconciled it so far.
INSERT INTO ledger.registry_positions (model, promotion_id, bar_id)
SELECT
    p.model,
    max(p.promotion_id),
    coalesce((SELECT max(b.bar_id) FROM ledger.bars AS b WHERE b.model = p.model), 0)
FROM ledger.promotions AS p
WHERE NOT EXISTS (SELECT 1 FROM ledger.registry_positions AS r WHERE r.model = p.model)
GROUP BY p.model;
