"""A night on ten times the history: its build must not depend on how long the warehouse has run.

The source has one year. Nine more are copies of its raw, intermediate, mart and feature rows, put that many
weeks earlier by SQL in the lake; the release that holds them is the head on which the night is built again.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
from figures import Figure
from one_night import BUILD, costs_of
from prepared import HOLDER

TIMES, TARGET = 10, 1.5
# What a line is of, and its steps.
BUILT, MONITORED = ("build", BUILD), ("monitoring", ("monitor",))
SCHEMAS = ("raw", "intermediate", "marts", "features")
# Delivered once, whatever the history.
ONCE = ("nycflights13__planes", "nycflights13__airports", "nycflights13__airlines")
FLIGHT_DATE_LENGTH = 10


def multiply(times: int, nightly_files: bool) -> dict[str, Any]:
    """Give the head a past of `times` as many nights, or one file per night as nightly builds leave it.

    Run as a child, on a checkpoint that is to be thrown away. Releases the result as a revision of the head.
    """
    from redeye.foundation import lease
    from redeye.foundation.catalogs import Catalog
    from redeye.warehouse import lake, release_content, release_store
    from redeye.warehouse.logic.releases import Candidate, ReleaseKind

    head = release_store.latest_release()
    assert head is not None
    token = lease.acquire(Catalog.WAREHOUSE, HOLDER)
    con = lake.connect()
    lake.attach(con, Catalog.WAREHOUSE, token=token)
    weeks = -(-((head.night - head.first_night).days + 1) // 7)
    rows = 0
    for table in tables_by_night(con):
        if nightly_files:
            split_by_night(con, table)
        for years_back in range(1, times):
            con.execute(
                f"INSERT INTO {table} SELECT {shifted(con, table, 7 * weeks * years_back)} FROM "
                f"(FROM {table} WHERE night >= DATE '{head.first_night}')"
            )
        rows += (con.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,))[0]
    files = con.execute(
        "SELECT count(*) FROM __ducklake_metadata_warehouse.ducklake_data_file WHERE end_snapshot IS NULL"
    ).fetchone()
    snapshot_id = lake.head(con, Catalog.WAREHOUSE)
    con.close()
    made = Candidate(
        first=head.first_night,
        last=head.night,
        kind=ReleaseKind(head.kind),
        snapshot_id=snapshot_id,
        token=token,
        holder=HOLDER,
        code_hash=head.code_hash,
        delivery_set_hash=head.delivery_set_hash,
    )
    # As every release has them: without the parent's, the measured night would read all of the history for its own.
    contents = release_content.digest_snapshot(snapshot_id)
    release_store.publish(made, audit={}, git_sha="", parent=head, taken_in=[], contents=contents)
    lease.release(Catalog.WAREHOUSE, token)
    return {
        "nights": 7 * weeks * (times - 1) + (head.night - head.first_night).days + 1,
        "rows": rows,
        "files": files[0] if files else 0,
    }


def tables_by_night(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The warehouse's tables that grow with every night."""
    found = con.execute(
        "SELECT schema_name, table_name FROM duckdb_columns() WHERE database_name = 'warehouse' "
        "AND column_name = 'night' AND schema_name IN (SELECT unnest(?)) "
        "AND (schema_name, table_name) IN (SELECT (schema_name, table_name) FROM duckdb_tables()) ORDER BY ALL",
        [list(SCHEMAS)],
    ).fetchall()
    return [f"warehouse.{schema}.{table}" for schema, table in found if table not in ONCE]


def shifted(con: duckdb.DuckDBPyConnection, table: str, days: int) -> str:
    """The columns of a table with every date and instant, also those in keys, so many days earlier."""
    columns = []
    for name, kind in con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall():
        value = f'"{name}"'
        if kind == "DATE":
            value = f"{value} - {days}"
        elif kind == "TIMESTAMP":
            value = f"{value} - to_days({days})"
        elif name in ("flight_id", "flight_date_id"):
            day = f"CAST(left({value}, {FLIGHT_DATE_LENGTH}) AS DATE) - {days}"
            value = f"CAST({day} AS VARCHAR) || substr({value}, {FLIGHT_DATE_LENGTH + 1})"
        columns.append(f'{value} AS "{name}"')
    return ", ".join(columns)


def split_by_night(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Write a table anew with a file per night."""
    con.execute("BEGIN")
    con.execute(f"CREATE TEMP TABLE rows_of AS FROM {table}")
    con.execute(f"ALTER TABLE {table} SET PARTITIONED BY (night)")
    con.execute("COMMIT")
    con.execute("BEGIN")
    con.execute(f"DELETE FROM {table}")
    con.execute(f"INSERT INTO {table} FROM rows_of ORDER BY night")
    con.execute("COMMIT")
    con.execute(f"ALTER TABLE {table} RESET PARTITIONED BY")
    con.execute("DROP TABLE rows_of")


def figure(
    part: tuple[str, tuple[str, ...]],
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    made: dict[str, Any],
    date_: date,
) -> Figure:
    """The line of `BUILT` or `MONITORED`: on ten times the history, against the same night without it."""
    name, steps = part
    one, ten = costs_of(before, steps), costs_of(after, steps)
    parts = {
        step: {"before": costs_of(before, (step,)).seconds, "after": costs_of(after, (step,)).seconds}
        for step in steps
    }
    cpu = (ten.cpu_seconds + ten.postgres_cpu_seconds) / (one.cpu_seconds + one.postgres_cpu_seconds)
    ratio = ten.seconds / one.seconds
    return Figure(
        f"the night's {name} on {made['nights']:,} nights",
        "s",
        ours=ten.seconds,
        plain=one.seconds,
        ratio=ratio,
        target=f"at most {TARGET}x",
        is_met=ratio <= TARGET,
        note=f"{made['rows']:,} rows in {made['files']:,} files; processor time {cpu:.2f}x",
        detail={
            "steps": parts,
            "cpu_ratio": cpu,
            "night": date_.isoformat(),
            **made,
            "failures": [each for run in (*before, *after) for each in run["failures"]],
        },
    )
