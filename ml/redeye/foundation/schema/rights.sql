-- After every migration, in its transaction. {role} is the role of the database, which tasks write as: it may add to a
-- ledger and never rewrite one, what it adds goes into the trail, and no table of the lake's catalog is its own, so
-- that it can drop neither fence nor key. What a revision has made is covered without its saying so.
SELECT ledger.follow_ledgers();
GRANT USAGE ON SCHEMA ledger TO {role};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ledger TO {role};
REVOKE INSERT ON ledger.lease, ledger.trail FROM {role};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger TO {role};
-- Only its own triggers may append to the trail.
REVOKE EXECUTE ON FUNCTION ledger.record_row, ledger.append_to_trail, ledger.follow_ledgers FROM PUBLIC, {role};

-- Of the catalog, DuckLake updates the snapshot that ends a row, and statistics; expiry deletes. Where a file lies and
-- what a snapshot is are written once.
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT
            c.oid::regclass AS name,
            CASE
                WHEN EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'end_snapshot')
                    THEN 'SELECT, INSERT, DELETE, UPDATE (end_snapshot)'
                WHEN c.relname IN ('ducklake_table_stats', 'ducklake_table_column_stats')
                    THEN 'SELECT, INSERT, DELETE, UPDATE'
                ELSE 'SELECT, INSERT, DELETE'
            END AS rights
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND starts_with(c.relname, 'ducklake_')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO CURRENT_USER', each.name);
        EXECUTE format('REVOKE ALL ON %s FROM {role}', each.name);
        EXECUTE format('GRANT %s ON %s TO {role}', each.rights, each.name);
    END LOOP;
END;
$$;
REVOKE CREATE ON SCHEMA public FROM {role};
