-- What each attempt of a job took of the machine. Measurements, not decisions: no lease stands before them.
CREATE TABLE IF NOT EXISTS ledger.costs (
    cost_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job text NOT NULL,
    model text,
    night date NOT NULL,
    run_id text NOT NULL,
    is_success boolean NOT NULL,
    wall_seconds double precision NOT NULL CHECK (wall_seconds >= 0),
    cpu_seconds double precision NOT NULL CHECK (cpu_seconds >= 0),
    bytes_read bigint NOT NULL CHECK (bytes_read >= 0),
    bytes_written bigint NOT NULL CHECK (bytes_written >= 0),
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS costs_by_night ON ledger.costs (night);
