"""The SQL of the point-in-time join: for each entity row the newest feature row known by its time.

DuckDB's ASOF join does the work once per feature view, over the distinct (key, time) pairs of the
entity rows only: rows of one night share their keys, so there are far fewer pairs than rows.
An ASOF join picks any one of several equal rows, and looks at one time only; what makes it exact here
is the preparation of its right-hand side (`_candidates`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

ROW = "entity_row"
TIME = "entity_time"
ENTITY = "entity_rows"
EVENT = "_event"
AVAILABLE = "_available"


@dataclass(frozen=True)
class ViewQuery:
    """One feature view, as the join needs it.

    Attributes:
        name: for messages.
        relation: quoted SQL name of what holds the feature rows.
        keys: column of the relation -> column of the entity frame.
        event: column with the instant for which a row holds.
        created: column with the instant at which a row became known, if there is one.
        features: column of the relation -> column of the result.
        tie_breakers: columns that decide between rows equal in key and both times.
        ttl: how long a row may be served after its event; None for ever.
    """

    name: str
    relation: str
    keys: Mapping[str, str]
    event: str
    created: str | None
    features: Mapping[str, str]
    tie_breakers: Sequence[str]
    ttl: timedelta | None


def quote(name: str) -> str:
    """`name` as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def format_literal(instant: datetime) -> str:
    """A naive UTC instant as a SQL literal."""
    return f"TIMESTAMP '{instant.isoformat(sep=' ')}'"


def join(
    con: duckdb.DuckDBPyConnection,
    entities: pa.Table,
    time_column: str,
    views: Sequence[ViewQuery],
    *,
    only_known: bool = False,
) -> pa.Table:
    """The entity rows, in their order and all of them, with the views' features to their right.

    The connection's time zone is UTC, and a time without a zone is taken as UTC. With `only_known` a row is served
    only from its created instant on ("as known then").

    Returns:
        The columns of `entities` as they came, then the features. A feature is null where the key is
        null or unknown, where the time is null, and where the newest row is older than its TTL.
    """
    # The planner takes a registered frame for one row, and joins that by a nested loop: quadratic. Hence a
    # table, which it can count, and no loop join whatever it believes.
    con.execute("SET asof_loop_join_threshold = 0")
    con.register("entity_frame", _entity_rows(entities, time_column, views))
    con.execute(f"CREATE OR REPLACE TEMP TABLE {ENTITY} AS FROM entity_frame")
    con.unregister("entity_frame")
    try:
        bounds = con.execute(f"SELECT min({TIME}), max({TIME}) FROM {ENTITY}").fetchone() or (None, None)
        sql = join_sql(con, _key_columns(views), bounds, views, only_known=only_known)
        found = con.execute(sql).to_arrow_table()
    finally:
        con.execute(f"DROP TABLE {ENTITY}")
    # Sorting the narrow row numbers and taking costs less than an ORDER BY over wide rows.
    found = found.take(pc.sort_indices(found[ROW])).drop_columns([ROW])
    result = entities
    for name in found.column_names:
        result = result.append_column(name, found[name])
    return result


def join_sql(
    con: duckdb.DuckDBPyConnection,
    key_columns: Mapping[str, str],
    bounds: tuple[datetime | None, datetime | None],
    views: Sequence[ViewQuery],
    *,
    only_known: bool,
) -> str:
    """The one query: a common table expression with an ASOF join for each view, then their left joins.

    `key_columns` are those of the table `entity_rows` by entity column, `bounds` its first and last time.
    """
    steps, columns, joins = [], [f"e.{ROW}"], []
    for number, view in enumerate(views):
        name = f"v{number}"
        keys = [(quote(column), key_columns[entity]) for column, entity in view.keys.items()]
        pair = [*(entity for _, entity in keys), TIME]
        values = [
            f"{_mask_expired(view, f'rows.{quote(column)}')} AS f{at}"
            for at, column in enumerate(view.features)
        ]
        on = [
            *(f"pairs.{entity} = rows.{column}" for column, entity in keys),
            f"pairs.{TIME} >= rows.{AVAILABLE}",
        ]
        steps.append(
            f"{name} AS (\n"
            f"  SELECT {', '.join([*(f'pairs.{column}' for column in pair), *values])}\n"
            f"  FROM (SELECT DISTINCT {', '.join(pair)} FROM {ENTITY} WHERE {TIME} IS NOT NULL) AS pairs\n"
            f"  ASOF LEFT JOIN ({_candidates(con, view, bounds, only_known=only_known)}) AS rows\n"
            f"  ON {' AND '.join(on)}\n)"
        )
        columns += [f"{name}.f{at} AS {quote(label)}" for at, label in enumerate(view.features.values())]
        joins.append(
            f"LEFT JOIN {name} ON " + " AND ".join(f"e.{column} = {name}.{column}" for column in pair)
        )
    with_ = "WITH " + ",\n".join(steps) + "\n" if steps else ""
    return with_ + "\n".join([f"SELECT {', '.join(columns)}", f"FROM {ENTITY} AS e", *joins])


def _mask_expired(view: ViewQuery, value: str) -> str:
    """`value`, or null once it is older than the view's TTL. After the join: an old row hides older ones."""
    if not view.ttl:
        return value
    expires = f"rows.{EVENT} + to_microseconds({_microseconds(view.ttl)})"
    return f"CASE WHEN {expires} >= pairs.{TIME} THEN {value} END"


def _candidates(
    con: duckdb.DuckDBPyConnection,
    view: ViewQuery,
    bounds: tuple[datetime | None, datetime | None],
    *,
    only_known: bool,
) -> str:
    """The right-hand side of a view's ASOF join: at most one row per key and `available` instant.

    `available` is when a row may first be served: its event, or with `only_known` the later of event
    and created. Of rows that become available together the one with the newest event, then created,
    then the greatest values is kept; and a row that becomes available after one with a newer event
    never was the newest, so it goes. Then the last available row is the right one at any time.
    """
    event = f"CAST({quote(view.event)} AS TIMESTAMP)"
    created = f"CAST({quote(view.created)} AS TIMESTAMP)" if view.created else None
    keys = ", ".join(quote(column) for column in view.keys)
    conditions = [_within(event, bounds, view.ttl)]
    available = event
    if only_known and created:
        conditions.append(f"{created} <= {format_literal(bounds[1])}" if bounds[1] else "FALSE")
        available = f"greatest({event}, {created})"
    where = " AND ".join(conditions)

    columns = dict.fromkeys([*view.keys, *view.features])
    kept = ", ".join(quote(column) for column in columns)
    selected = f"SELECT {kept}, {event} AS {EVENT}, {available} AS {AVAILABLE} FROM {view.relation}"
    if not _needs_choice(con, view, available, created if only_known else None, where):
        return f"{selected} WHERE {where}"
    group = f"{keys}, {available}" if keys else available
    order = [f"{event} DESC"]
    order += [f"{created} DESC NULLS LAST"] if created else []
    order += [f"{quote(column)} DESC NULLS LAST" for column in view.tie_breakers]
    partition = f"PARTITION BY {keys} " if keys else ""
    return (
        f"{selected} WHERE {where}\n"
        f"  QUALIFY row_number() OVER (PARTITION BY {group} ORDER BY {', '.join(order)}) = 1\n"
        f"  AND {event} = max({event}) OVER ({partition}ORDER BY {available})"
    )


def _needs_choice(
    con: duckdb.DuckDBPyConnection, view: ViewQuery, available: str, created: str | None, where: str
) -> bool:
    """Whether there are rows to choose between. Asking costs a tenth of choosing, and rarely finds any."""
    keys = ", ".join(quote(column) for column in view.keys)
    group = f"{keys}, {available}" if keys else available
    late = f" OR bool_or({created} > CAST({quote(view.event)} AS TIMESTAMP))" if created else ""
    found = con.execute(
        f"SELECT 1 FROM {view.relation} WHERE {where} GROUP BY {group} HAVING count(*) > 1{late} LIMIT 1"
    ).fetchone()
    return found is not None


def _within(event: str, bounds: tuple[datetime | None, datetime | None], ttl: timedelta | None) -> str:
    """Only events that some entity row can see: this bounds what is read, not what is answered."""
    first, last = bounds
    if first is None or last is None:
        return "FALSE"
    oldest = f" AND {event} >= {format_literal(first)} - to_microseconds({_microseconds(ttl)})" if ttl else ""
    return f"{event} <= {format_literal(last)}{oldest}"


def _microseconds(ttl: timedelta) -> int:
    return ttl // timedelta(microseconds=1)


def _key_columns(views: Sequence[ViewQuery]) -> dict[str, str]:
    """Entity column -> a name of our own, so that no entity column can collide with the query's."""
    entity_columns = dict.fromkeys(entity for view in views for entity in view.keys.values())
    return {entity: f"k{number}" for number, entity in enumerate(entity_columns)}


def _entity_rows(entities: pa.Table, time_column: str, views: Sequence[ViewQuery]) -> pa.Table:
    """What the query needs of the entity rows: their number, their time in naive UTC, their keys."""
    times = entities[time_column]
    if pa.types.is_timestamp(times.type) and times.type.tz is not None:
        times = times.cast(pa.timestamp(times.type.unit, tz="UTC"))
        times = times.cast(pa.timestamp(times.type.unit))
    columns = {
        ROW: pa.array(range(entities.num_rows), pa.int64()),
        # Below a microsecond the lake knows nothing: floor, so that nothing later is ever seen.
        TIME: pc.cast(pc.floor_temporal(times, unit="microsecond"), pa.timestamp("us"), safe=False),
    }
    for entity, name in _key_columns(views).items():
        columns[name] = entities[entity]
    return pa.table(columns)
