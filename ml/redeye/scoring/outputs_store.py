"""The outputs lake: predictions and monitoring. Written once per model and night; the first write wins.

Every row says by how many weeks the calendar of its installation is shifted (`LABEL`); 0 is the data's own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from redeye.declarations.project import project
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.renamed_values import VERDICTS
from redeye.foundation.settings import settings
from redeye.models.kinds.interface import Kind
from redeye.scoring.logic.predictions import LABEL, LIVE, REHEARSAL, prediction_columns
from redeye.warehouse import lake

_TABLES = {
    "quality": """
        model VARCHAR, lane VARCHAR, night DATE, scored_night DATE, metric VARCHAR, champion DOUBLE,
        heuristic DOUBLE, rows BIGINT, model_version BIGINT, release_id VARCHAR, run_id VARCHAR,
        created_at TIMESTAMP, revision BIGINT
    """,
    "comparisons": """
        model VARCHAR, lane VARCHAR, night DATE, scored_night DATE, model_version BIGINT, other_version BIGINT,
        difference DOUBLE, rows BIGINT, release_id VARCHAR, run_id VARCHAR, created_at TIMESTAMP
    """,
    "drift": """
        model VARCHAR, lane VARCHAR, night DATE, span VARCHAR, column_name VARCHAR, kind VARCHAR,
        statistic VARCHAR, value DOUBLE, threshold DOUBLE, is_drifted BOOLEAN, rows BIGINT, reference_rows BIGINT,
        empty_share DOUBLE, note VARCHAR, model_version BIGINT, release_id VARCHAR, run_id VARCHAR,
        created_at TIMESTAMP
    """,
    "feature_quality": """
        model VARCHAR, lane VARCHAR, night DATE, column_name VARCHAR, rows BIGINT, null_share DOUBLE, mean DOUBLE,
        minimum DOUBLE, maximum DOUBLE, distinct_values BIGINT, release_id VARCHAR, run_id VARCHAR,
        created_at TIMESTAMP
    """,
    "verdicts": """
        model VARCHAR, lane VARCHAR, night DATE, verdict VARCHAR, reasons VARCHAR, release_id VARCHAR,
        run_id VARCHAR, created_at TIMESTAMP, champion_version BIGINT, returns_to BIGINT,
        labels_final_until DATE, causes VARCHAR, is_challenge_due BOOLEAN
    """,
    "recalibrations": """
        model VARCHAR, lane VARCHAR, night DATE, model_version BIGINT, intercept DOUBLE, slope DOUBLE, nights BIGINT,
        rows BIGINT, judged_nights BIGINT, improvement DOUBLE, lower DOUBLE, is_in_use BOOLEAN, release_id VARCHAR,
        run_id VARCHAR, created_at TIMESTAMP
    """,
}

STANDING = ("probability", "baseline_probability", "raw_probability")
"""Columns of predictions that were there before there were kinds: every table has them, if only empty."""

_TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "instant": "TIMESTAMP",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
}


@dataclass(frozen=True)
class WriteResult:
    """What `write_once` did: the rows as they stand, and whether this call wrote them."""

    frame: pd.DataFrame
    is_new: bool


def read(
    table: str,
    model: str,
    first: date,
    last: date,
    *,
    run_type: str = LIVE,
    con: duckdb.DuckDBPyConnection | None = None,
) -> pd.DataFrame:
    """Rows of an outputs table for a model, of the nights `first` to `last`; empty if there are none.

    An open connection of the lake may be given: making one takes a quarter of a second.
    """
    with nullcontext(con) if con else lake.connect_outputs() as own:
        lake.attach(own, Catalog.OUTPUTS)
        return _read(own, table, model, first, last, run_type)


def read_prediction(model: str, run_type: str, prediction_id: str) -> pd.DataFrame:
    """The row of one prediction, of whichever night; empty if there is none."""
    with lake.connect_outputs() as con:
        return _read(con, "predictions", model, date.min, date.max, run_type, prediction_id=prediction_id)


def find_last_scored_night(model: str) -> date | None:
    """The latest night that has live predictions of a model."""
    return max(list_scored_nights(model), default=None)


def find_first_scored_night(model: str) -> date | None:
    """The earliest night that has live predictions of a model."""
    return min(list_scored_nights(model), default=None)


def list_scored_nights(model: str, first: date = date.min, last: date = date.max) -> list[date]:
    """The nights from `first` to `last` that have live predictions of a model."""
    with lake.connect_outputs() as con:
        if not _exists(con, "predictions"):
            return []
        rows = con.execute(
            "SELECT DISTINCT night FROM outputs.main.predictions "
            "WHERE model = ? AND lane = ? AND night BETWEEN ? AND ? ORDER BY night",
            [model, LIVE, first, last],
        ).fetchall()
        return [row[0] for row in rows]


def write_once(
    frames: dict[str, pd.DataFrame],
    *,
    model: str,
    night: date,
    run_id: str,
    run_type: str = LIVE,
    kind: Kind | None = None,
    check: Callable[[], None] | None = None,
) -> WriteResult:
    """Append frames to their tables in one transaction, unless the first of them has rows for the night.

    The check and the commit lie under the outputs' lease, whose holder is named by `run_id`, and the commit carries
    its token: of two processes that score a night at once, one writes. What the check raises keeps the rows from
    being written. Columns go by name; predictions have those of their kind.

    Returns:
        The rows of the first table as they stand afterwards.

    Raises:
        LeaseHeld: if another writer does not let go in time.
    """
    first = next(iter(frames))
    with lease.hold(Catalog.OUTPUTS, f"{first}/{model}/{night}/{run_id}") as token:
        with lake.open_for_writing(Catalog.OUTPUTS, token=token, threads=1) as con:
            standing = _read(con, first, model, night, night, run_type)
            if len(standing):
                return WriteResult(standing, is_new=False)
            if check is not None:
                check()
            rehearsal = _check_rehearsal(con)
            con.execute("BEGIN")
            for table, frame in frames.items():
                _prepare(con, table, kind)
                con.register("new_rows", frame)
                con.execute(
                    f"INSERT INTO outputs.main.{table} BY NAME "
                    f"SELECT *, ?::INTEGER AS {LABEL}, ?::VARCHAR AS {REHEARSAL} FROM new_rows",
                    [settings().shift_weeks, rehearsal],
                )
                con.unregister("new_rows")
            con.execute("COMMIT")
            return WriteResult(_read(con, first, model, night, night, run_type), is_new=True)


def _check_rehearsal(con: duckdb.DuckDBPyConnection) -> str:
    """The label of new rows. All rows of an installation carry the same: one of them tells.

    Raises:
        ConfigError: if the rows that are there were not made by this rehearsal, or by one at all.
    """
    from redeye.sources.configured_source import plan

    active = plan()
    label = active.name if active else ""
    if not _exists(con, "predictions"):
        return label
    _prepare(con, "predictions")
    row = con.execute(f"SELECT coalesce({REHEARSAL}, '') FROM outputs.main.predictions LIMIT 1").fetchone()
    if row is not None and row[0] != label:
        raise ConfigError(
            f"this installation holds rows of {row[0] or 'no rehearsal'}, REDEYE_REHEARSAL is "
            f"{label or 'not set'}: rehearse in an installation of its own (another REDEYE_HOME)"
        )
    return label


def columns(table: str, kind: Kind | None = None) -> str:
    """The columns of a table with their types, as they are created; of predictions those of a kind among them."""
    return f"{_list_columns(table, kind)}, {LABEL} INTEGER DEFAULT 0, {REHEARSAL} VARCHAR DEFAULT ''"


def _list_columns(table: str, kind: Kind | None = None) -> str:
    """The columns of a table as its frames have them."""
    if table != "predictions":
        return _TABLES[table]
    found = prediction_columns(project().subject, kind)
    stated = {name: _TYPES[form] for name, (form, _) in found.items()}
    # What is not of the kind stands after what is, so that a table is made as it always was.
    stated |= {name: _TYPES["number"] for name in STANDING if name not in stated}
    return ", ".join(f"{name} {form}" for name, form in stated.items())


def _prepare(con: duckdb.DuckDBPyConnection, table: str, kind: Kind | None = None) -> None:
    """Create a table that is not there yet; one of earlier code gets the columns it lacks, empty in its old rows."""
    stated = columns(table, kind)
    con.execute(f"CREATE TABLE IF NOT EXISTS outputs.main.{table} ({stated})")
    found = con.execute(
        "SELECT column_name FROM duckdb_columns() "
        "WHERE database_name = 'outputs' AND schema_name = 'main' AND table_name = ?",
        [table],
    ).fetchall()
    for column in stated.split(","):
        if (column.split()[0],) not in found:
            con.execute(f"ALTER TABLE outputs.main.{table} ADD COLUMN {column}")


def _exists(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'outputs' AND table_name = ?", [table]
    ).fetchone()
    return found is not None


def _read(
    con: duckdb.DuckDBPyConnection,
    table: str,
    model: str,
    first: date,
    last: date,
    run_type: str,
    **equal: str,
) -> pd.DataFrame:
    names = [*(column.split()[0] for column in _list_columns(table).split(",")), LABEL, REHEARSAL]
    if not _exists(con, table):
        return pd.DataFrame(columns=names)
    frame = con.execute(
        f"SELECT * FROM outputs.main.{table} WHERE model = ? AND lane = ? AND night BETWEEN ? AND ?"
        + "".join(f" AND {name} = ?" for name in equal)
        + " ORDER BY ALL",
        [model, run_type, first, last, *equal.values()],
    ).df()
    if table == "verdicts":
        frame["verdict"] = frame["verdict"].replace(VERDICTS)
    # A table of earlier code gets its new columns with the next rows that are written.
    frame = frame.assign(**{name: None for name in names if name not in frame})
    if table == "predictions":
        # Before there was a recalibration, every probability was served as it came.
        frame["raw_probability"] = frame["raw_probability"].astype("float64").fillna(frame["probability"])
    return frame
