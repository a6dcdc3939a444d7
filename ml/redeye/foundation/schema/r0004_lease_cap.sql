-- A lease ends within a day whatever is asked for: who takes one for years keeps everybody else from writing.
CREATE OR REPLACE FUNCTION ledger.find_lease_end(ttl_seconds integer) RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = ledger, pg_temp AS $$
    SELECT clock_timestamp() + make_interval(secs => least(ttl_seconds, 86400));
$$;

CREATE OR REPLACE FUNCTION ledger.acquire_lease(wanted_by text, ttl_seconds integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    UPDATE ledger.lease
    SET token = token + 1, holder = wanted_by, expires_at = ledger.find_lease_end(ttl_seconds)
    WHERE holder IS NULL OR holder = wanted_by OR expires_at < clock_timestamp()
    RETURNING token;
$$;

CREATE OR REPLACE FUNCTION ledger.renew_lease(mine bigint, ttl_seconds integer) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    WITH renewed AS (
        UPDATE ledger.lease SET expires_at = ledger.find_lease_end(ttl_seconds)
        WHERE token = mine AND holder IS NOT NULL RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM renewed);
$$;
