-- Tokens of consumers of the prediction API. A token itself is never stored.
CREATE TABLE IF NOT EXISTS ledger.access_tokens (
    token_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    -- SHA-256 in hexadecimal digits.
    digest text NOT NULL UNIQUE CHECK (digest ~ '^[0-9a-f]{64}$'),
    -- Names of models, separated by commas; * is every model.
    models text NOT NULL CHECK (models <> ''),
    expires_at timestamptz,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS ledger.access_token_revocations (
    revocation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_id bigint NOT NULL REFERENCES ledger.access_tokens (token_id),
    revoked_by text NOT NULL,
    revoked_at timestamptz NOT NULL DEFAULT now()
);
