-- The lease over a lake's head, and the fence that makes it bite. In each lake's database, before that
-- database's own tables.
--
-- A lease has a token that grows with every acquisition. Each connection that writes to the lake carries
-- its token as the setting redeye.token; the trigger on ducklake_snapshot refuses a commit whose token is
-- not the lease's. A process that was paused, lost its lease and woke up again can therefore not commit.

CREATE SCHEMA IF NOT EXISTS ledger;

CREATE TABLE IF NOT EXISTS ledger.lease (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    token bigint NOT NULL,
    holder text,
    expires_at timestamptz NOT NULL
);
INSERT INTO ledger.lease (token, expires_at) VALUES (0, now()) ON CONFLICT DO NOTHING;

-- Returns the new token, or NULL while another holder has the lease. The same holder gets it again at
-- once, with a new token: a retry takes over from its own dead predecessor.
CREATE OR REPLACE FUNCTION ledger.acquire_lease(wanted_by text, ttl_seconds integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    UPDATE ledger.lease
    SET token = token + 1, holder = wanted_by, expires_at = clock_timestamp() + make_interval(secs => ttl_seconds)
    WHERE holder IS NULL OR holder = wanted_by OR expires_at < clock_timestamp()
    RETURNING token;
$$;

CREATE OR REPLACE FUNCTION ledger.renew_lease(mine bigint, ttl_seconds integer) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    WITH renewed AS (
        UPDATE ledger.lease SET expires_at = clock_timestamp() + make_interval(secs => ttl_seconds)
        WHERE token = mine AND holder IS NOT NULL RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM renewed);
$$;

CREATE OR REPLACE FUNCTION ledger.release_lease(mine bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    UPDATE ledger.lease SET holder = NULL, expires_at = clock_timestamp() WHERE token = mine;
$$;

-- FOR SHARE makes a concurrent acquisition wait until the commit that is being checked has ended.
CREATE OR REPLACE FUNCTION ledger.assert_token(mine bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    held ledger.lease%ROWTYPE;
BEGIN
    SELECT * INTO held FROM ledger.lease FOR SHARE;
    IF mine IS NULL OR held.holder IS NULL OR mine <> held.token THEN
        RAISE EXCEPTION 'stale lease: token % is not the lease''s (token %, held by %)',
            coalesce(mine::text, 'none'), held.token, coalesce(held.holder, 'nobody')
            USING ERRCODE = 'RE001';
    END IF;
END;
$$;

CREATE OR REPLACE FUNCTION ledger.fence_commit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM ledger.assert_token(nullif(current_setting('redeye.token', true), '')::bigint);
    RETURN NEW;
END;
$$;
CREATE OR REPLACE TRIGGER fence BEFORE INSERT ON public.ducklake_snapshot
FOR EACH ROW EXECUTE FUNCTION ledger.fence_commit();

-- For ledger tables with a column fencing_token.
CREATE OR REPLACE FUNCTION ledger.fence_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM ledger.assert_token(NEW.fencing_token);
    RETURN NEW;
END;
$$;
