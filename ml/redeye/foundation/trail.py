"""The trail of the ledgers: whether they are as they were written, and heads of it kept outside of the database.

Triggers of the database write it (`schema/r0003_trail.sql`); here it is only read. An anchor is a line of JSON, added
to a file and posted to a URL. Whoever can write the database as its superuser cannot take back what lies elsewhere.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import psycopg2
from psycopg2 import extensions, sql
from psycopg2.extras import Json

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.logic.trail import Anchor, Entry, RowDifference, describe_difference, find_breaks
from redeye.foundation.logic.visible_text import hide_passwords
from redeye.foundation.postgres import ledger_transaction, read_rows
from redeye.foundation.schema.running import FOLDER
from redeye.foundation.settings import settings

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 5000
# As long as a collector of lineage gets: a night must not wait for either.
POST_SECONDS = 5
_ENTRY = (
    "entry, ledger, row_key::text, content::text, CASE WHEN is_inherited THEN 't' ELSE 'f' END, "
    "to_json(recorded_at)::text, to_json(recorded_by)::text, hash"
)

# Columns that a later revision added are in no entry of a row that was there.
_DIFFERENCES = """
    WITH live AS MATERIALIZED (
        SELECT {row_key} AS row_key, to_jsonb(t) AS content FROM ledger.{ledger} AS t
    ),
    kept AS MATERIALIZED (SELECT entry, row_key, content FROM ledger.trail WHERE ledger = {name}),
    pairs AS (
        SELECT entry, row_key, kept.content AS was, CASE WHEN entry IS NULL THEN live.content ELSE (
            SELECT jsonb_object_agg(key, value) FROM jsonb_each(live.content) WHERE kept.content ? key
        ) END AS now
        FROM kept FULL JOIN live USING (row_key)
    )
    SELECT entry, row_key::text, was::text, now::text FROM pairs
    WHERE was::text IS DISTINCT FROM now::text ORDER BY entry
"""


@dataclass(frozen=True)
class TrailCheck:
    """What was found of the trail of one database.

    Attributes:
        entries: how many it has.
        inherited: of them, rows that were there when the trail began.
        unanchored: entries after the last anchor: a loss of these would not be found.
        faults: what is not as it was written, one sentence each.
    """

    database: str
    entries: int
    inherited: int
    unanchored: int
    faults: tuple[str, ...]


def check_trail(catalog: Catalog, anchors: Sequence[Anchor]) -> TrailCheck:
    """Hold the ledgers of a catalog against its trail, and the trail against its anchors, in one snapshot."""
    with ledger_transaction(catalog) as con:
        return check_connection(con, str(catalog), anchors)


def check_connection(con: extensions.connection, database: str, anchors: Sequence[Anchor]) -> TrailCheck:
    """`check_trail` on a connection that sees the ledgers, within its transaction."""
    own = [each for each in anchors if each.database == database]
    counts = [0, 0]

    def count(entries: Iterable[Entry]) -> Iterator[Entry]:
        for each in entries:
            counts[0] = max(counts[0], each.entry)
            counts[1] += each.is_inherited == "t"
            yield each

    with con.cursor() as at:
        # Also for what a function of the ledger returns: one row has one text.
        at.execute("SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1")
        faults = [*_find_schema_differences(at), *find_breaks(count(_read_entries(con)), own)]
        faults += [describe_difference(each) for each in _find_row_differences(at)]
    anchored = max((each.entry for each in own), default=0)
    return TrailCheck(database, counts[0], counts[1], max(counts[0] - anchored, 0), tuple(faults))


def _read_entries(con: extensions.connection) -> Iterator[Entry]:
    with con.cursor("trail") as rows:
        rows.itersize = ROWS_AT_ONCE
        rows.execute(f"SELECT {_ENTRY} FROM ledger.trail ORDER BY entry")
        for row in rows:
            yield Entry(*row)


def record_schema(at: extensions.cursor, revision: str) -> None:
    """Add to the trail what guards the ledgers, after a migration, where it is not as it was recorded before."""
    found = _describe_schema(at)
    if found != _read_recorded_schema(at):
        at.execute(
            "SELECT ledger.append_to_trail('schema', %s, %s, false)",
            (Json({"revision": revision}), Json(found)),
        )


def _describe_schema(at: extensions.cursor) -> dict[str, str]:
    # Names are written out whole, whatever the session's path.
    at.execute("SET LOCAL search_path = pg_catalog")
    at.execute((FOLDER / "describe.sql").read_text(encoding="utf-8"))
    ((found,),) = at.fetchall()
    return dict(found)


def _read_recorded_schema(at: extensions.cursor) -> dict[str, str]:
    at.execute("SELECT content FROM ledger.trail WHERE ledger = 'schema' ORDER BY entry DESC LIMIT 1")
    return dict(next(iter(at.fetchall()), ({},))[0])


def _find_schema_differences(at: extensions.cursor) -> Iterator[str]:
    """Triggers, keys, functions, owners and rights that are not as the last migration left them."""
    now, was = _describe_schema(at), _read_recorded_schema(at)
    for name in sorted(now.keys() | was.keys()):
        if now.get(name) != was.get(name):
            yield (
                f"{name} is not as the last migration left it: it was {was.get(name, 'not there')}, "
                f"it is {now.get(name, 'not there')}"
            )


def _find_row_differences(at: extensions.cursor) -> Iterator[RowDifference]:
    at.execute("SELECT name, key_columns FROM ledger.followed_ledgers ORDER BY name")
    for name, key in at.fetchall():
        pairs = sql.SQL(", ").join(
            sql.SQL("{}, to_jsonb(t) -> {}").format(sql.Literal(column), sql.Literal(column))
            for column in key
        )
        row_key = sql.SQL("jsonb_build_object({})").format(pairs) if key else sql.SQL("to_jsonb(t)")
        query = sql.SQL(_DIFFERENCES)
        at.execute(query.format(row_key=row_key, ledger=sql.Identifier(name), name=sql.Literal(name)))
        for entry, of_row, was, now in at.fetchall():
            yield RowDifference(name, of_row, entry, was, now)


@dataclass(frozen=True)
class Written:
    """A row that came into a ledger: when, by the database's clock, and by which of its roles.

    `actor` and `reason` are what the row itself says of them, empty where it says nothing.
    """

    recorded_at: datetime
    ledger: str
    row_key: str
    recorded_by: str
    is_inherited: bool
    actor: str
    reason: str


def read_newest(ledger: str = "", *, since: date | None = None, limit: int) -> list[Written]:
    """The newest rows of all ledgers, or of one, the newest last.

    Args:
        ledger: its name; every one's if empty.
        since: the first day, in UTC.
        limit: how many at most.
    """
    found = []
    for catalog in Catalog:
        rows = read_rows(
            catalog,
            "SELECT recorded_at AT TIME ZONE 'UTC', ledger, row_key::text, recorded_by, is_inherited, "
            "coalesce(content ->> 'actor', content ->> 'created_by', ''), coalesce(content ->> 'reason', '') "
            "FROM ledger.trail "
            "WHERE (%s = '' OR ledger = %s) AND recorded_at AT TIME ZONE 'UTC' >= %s ORDER BY entry DESC LIMIT %s",
            (ledger, ledger, since or date.min, limit),
        )
        found += [Written(*row) for row in rows]
    return sorted(found, key=lambda each: each.recorded_at)[-limit:]


def read_times(catalog: Catalog, ledger: str) -> dict[int, datetime]:
    """When the rows of a ledger were written, UTC, by their number; those from before the trail are left out.

    Args:
        catalog: whose ledger it is.
        ledger: one whose key is a number.
    """
    rows = read_rows(
        catalog,
        "SELECT (SELECT value::bigint FROM jsonb_each_text(row_key)), recorded_at AT TIME ZONE 'UTC' "
        "FROM ledger.trail WHERE ledger = %s AND NOT is_inherited",
        (ledger,),
    )
    return dict(rows)


def write_anchors(because: str) -> None:
    """Write down the heads of all trails outside of their databases.

    What was decided stands, whether or not this works: where it does not, that is logged, and the entries stay
    unanchored until the next time.

    Args:
        because: what has just been written, such as a release.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for catalog in Catalog:
        try:
            rows = read_rows(catalog, "SELECT entry, hash FROM ledger.trail ORDER BY entry DESC LIMIT 1")
        except (psycopg2.Error, ConfigError) as error:
            log.warning("the head of the trail of %s was not read: %s", catalog, hide_passwords(str(error)))
            continue
        for entry, digest in rows:
            _keep_anchor(Anchor(str(catalog), entry, digest, because, now))


def _keep_anchor(anchor: Anchor) -> None:
    path, url = settings().home / settings().anchors_file, settings().anchors_url.get_secret_value()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The home is written by tasks: root must not be led elsewhere by a link of theirs.
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(opened, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(anchor)) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.warning("the head of the trail of %s was not written to %s: %s", anchor.database, path, error)
    if not url:
        return
    try:
        httpx.post(url, json=asdict(anchor), timeout=POST_SECONDS).raise_for_status()
    except httpx.HTTPError as error:
        log.warning(
            "the head of the trail of %s was not posted: %s", anchor.database, hide_passwords(str(error))
        )


def read_anchors(path: Path) -> list[Anchor]:
    """The anchors of a file, oldest first; none where there is no file.

    Raises:
        ConfigError: naming the line that is no anchor.
    """
    if not path.is_file():
        return []
    names = {each.name for each in fields(Anchor)}
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            said = json.loads(line)
            if not isinstance(said, dict) or set(said) != names:
                raise ValueError(f"it does not have just {', '.join(sorted(names))}")
        except ValueError as error:
            raise ConfigError(f"{path}, line {number} is no anchor of a trail: {error}") from error
        found.append(Anchor(**said))
    return found
