-- Signatures of rows of this database's ledgers, and of what else is stated about what lies beside them. A row has none
-- while the signer is away, and a second one after its key was withdrawn: whichever verifies counts.
CREATE TABLE IF NOT EXISTS ledger.signatures (
    signature_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    -- Of a row its key, as in the trail.
    subject jsonb NOT NULL,
    -- The statement with its signature, as it was signed (foundation/signing/logic/statements.py).
    signed text NOT NULL
);
CREATE INDEX IF NOT EXISTS signatures_by_subject ON ledger.signatures (kind, subject);
