-- How each version of the dbt project defines its relations: `releases.code_hash` names the version.
CREATE TABLE IF NOT EXISTS ledger.code_definitions (
    code_hash text PRIMARY KEY,
    relations jsonb NOT NULL
);
