-- Why nights that were released before were built again; empty for the first build of a night.
ALTER TABLE ledger.releases ADD COLUMN IF NOT EXISTS reason text NOT NULL DEFAULT '';

-- The models of each version of the dbt project that built a release: `releases.code_hash` names the version.
CREATE TABLE IF NOT EXISTS ledger.code_nodes (
    code_hash text NOT NULL,
    node_id text NOT NULL,
    relation text NOT NULL,
    checksum text NOT NULL,
    depends_on text [] NOT NULL,
    PRIMARY KEY (code_hash, node_id)
);
