"""The coming day's schedule as rows to score: from its release, or, on a bad night, from where there is one.

The keys that join a row to its features are derived in one place, the staging view in dbt. Where the
night has no release, that same view's SQL, as the last good release holds it, runs over the landing
file instead of the raw table. Where no dataset announces rows, those of the last released night are moved.
"""

from __future__ import annotations

import logging
from datetime import date, timedelta

import duckdb
import pandas as pd
import sqlglot
from sqlglot import exp

from redeye.declarations.calendar import coming_day, cutoff, find_night_on
from redeye.declarations.project import project
from redeye.declarations.specs import ENTITY_TIME, Spec
from redeye.foundation.errors import DeliveryError, RedeyeError
from redeye.sources import delivery_store
from redeye.sources.configured_source import find_schedule, load_source
from redeye.sources.logic.deliveries import KNOWN_AT, Dataset
from redeye.warehouse import raw_tables

log = logging.getLogger(__name__)

A_WEEK = timedelta(days=7)


def read_released(con: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> pd.DataFrame:
    """The schedule of the day after `night`, from the release attached to `con`; empty if it has none."""
    return _select(con, spec, night, f"warehouse.{spec.schedule}")


def read_known_then(con: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> pd.DataFrame:
    """The schedule of the day after `night` as it was known at its cutoff, from a release of a later night.

    What was restated since is in the release too, and the view itself would give that.
    """
    if (dataset := find_schedule(load_source())) is None:
        return read_released(con, spec, night)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE landed_schedule AS SELECT * FROM warehouse.raw.{_name_raw_table(dataset)} "
        f"WHERE night = ? AND {KNOWN_AT} <= ?",
        [night, cutoff(night).replace(tzinfo=None)],
    )
    return _through_the_view(con, spec, night, dataset)


def read_landed(con: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> pd.DataFrame | None:
    """The schedule from its own delivery as accepted by the night's cutoff, without a release; None if there is none.

    Raises:
        DeliveryError: if the file is not what its manifest says.
    """
    ref, dataset = delivery_store.find_accepted_schedule(night), find_schedule(load_source())
    if ref is None or dataset is None:
        return None
    with raw_tables.open_files(con, [ref], first=night) as files:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE landed_schedule AS {raw_tables.select_typed_rows(dataset, files)}"
        )
    return _through_the_view(con, spec, night, dataset)


def read_accepted(
    con: duckdb.DuckDBPyConnection, spec: Spec, night: date, released: pd.DataFrame
) -> pd.DataFrame | None:
    """The rows of the accepted schedule, if a release has others of that day; None if it has the same.

    A schedule whose file cannot be read any more is no reason not to score what is released.
    """
    try:
        accepted = read_landed(con, spec, night)
    except DeliveryError as error:
        log.warning("the released schedule of night %s is not compared with its delivery: %s", night, error)
        return None
    key = spec.population.key
    if accepted is None or accepted.empty or set(accepted[key]) == set(released[key]):
        return None
    log.error(
        "night %s: the release has %s rows of the day, its accepted schedule %s: these are scored",
        night,
        len(released),
        len(accepted),
    )
    return accepted


def assume_schedule(con: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> pd.DataFrame:
    """The schedule of the same weekday a week before, moved to the coming day: the last resort.

    Where no dataset announces rows, it is the schedule of the last released night: those go on from day to day.

    Raises:
        DeliveryError: if the release has no schedule of that day either.
    """
    if (dataset := find_schedule(load_source())) is None:
        return _move_last_night(con, spec, night)
    before = find_night_on(night - A_WEEK)
    moved = {
        "night": "$night::DATE",
        "arrival_night": "$night::DATE",
        KNOWN_AT: f"{KNOWN_AT} + INTERVAL {(night - before).days} DAY",
    }
    moved |= {
        column: f"{sql.format(day='$day')}::{dataset.types[column]}" for column, sql in dataset.of_day.items()
    }
    con.execute(
        "CREATE OR REPLACE TEMP TABLE landed_schedule AS SELECT * REPLACE ("
        + ", ".join(f"{sql} AS {column}" for column, sql in moved.items())
        + f") FROM warehouse.raw.{_name_raw_table(dataset)} WHERE night = $before",
        {"night": night, "before": before} | ({"day": coming_day(night)} if dataset.of_day else {}),
    )
    frame = _through_the_view(con, spec, night, dataset)
    if frame.empty:
        raise DeliveryError(
            f"the day after night {night} has no schedule, and neither has the week before it"
        )
    return frame


def _move_last_night(con: duckdb.DuckDBPyConnection, spec: Spec, night: date) -> pd.DataFrame:
    subject, population = project().subject, spec.population
    relation = f"warehouse.{spec.schedule}"
    newest = con.execute(
        f"SELECT max({population.night}) FROM {relation} WHERE {population.night} < ?", [night]
    ).fetchone()
    if newest is None or newest[0] is None:
        raise DeliveryError(
            f"no night before {night} has rows in {spec.schedule}: there is nothing to assume"
        )
    frame = _select(con, spec, newest[0], relation)
    days = coming_day(night) - coming_day(newest[0])
    day = f"({subject.day}::DATE + {days.days})"
    moved = {
        population.night: "$night::DATE",
        ENTITY_TIME: "$cutoff::TIMESTAMP",
        subject.day: day,
        subject.time: f"{subject.time} + INTERVAL {days.days} DAY",
    }
    moved |= {column: sql.format(day=day) for column, sql in subject.of_day.items()}
    con.register("last_schedule", frame)
    listed = ", ".join(f"{sql} AS {column}" for column, sql in moved.items())
    given = {"night": night, "cutoff": cutoff(night).replace(tzinfo=None)}
    return con.execute(
        f"SELECT * REPLACE ({listed}) FROM last_schedule ORDER BY {population.key}", given
    ).df()


def _name_raw_table(dataset: Dataset) -> str:
    return raw_tables.table_name(load_source(), dataset)


def _through_the_view(
    con: duckdb.DuckDBPyConnection, spec: Spec, night: date, dataset: Dataset
) -> pd.DataFrame:
    table = _name_raw_table(dataset)
    schema, view = spec.schedule.split(".")
    found = con.execute(
        "SELECT sql FROM duckdb_views() WHERE database_name = 'warehouse' AND schema_name = ? AND view_name = ?",
        [schema, view],
    ).fetchone()
    if found is None:
        raise RedeyeError(
            f"the release holds no view {spec.schedule}, which spec {spec.model} names as its schedule"
        )
    created = sqlglot.parse_one(found[0], dialect="duckdb")
    query = created.expression if isinstance(created, exp.Create) else created
    replaced = 0
    for relation in list(query.find_all(exp.Table)):
        if relation.name == table:
            relation.replace(exp.to_table("landed_schedule").as_(relation.alias or table))
            replaced += 1
    if not replaced:
        raise RedeyeError(
            f"the view {spec.schedule} does not read raw.{table}: it must, to score without a release"
        )
    return _select(con, spec, night, f"({query.sql(dialect='duckdb')})")


def _select(con: duckdb.DuckDBPyConnection, spec: Spec, night: date, relation: str) -> pd.DataFrame:
    # All that the schedule states: a version that serves may read what the spec of now does not name any more.
    population = spec.population
    return con.execute(
        f"SELECT * RENAME ({population.entity_time} AS {ENTITY_TIME}) FROM {relation} "
        f"WHERE {population.night} = ? ORDER BY {population.key}",
        [night],
    ).df()
