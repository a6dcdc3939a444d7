"""What the next night would say of a change: it builds forward only, audits what it built, and may refuse it.

The sandbox of an impact is built anew over all nights. A night does not do that: it adds its rows to tables that are
there, and refuses a type that cannot hold what stands in them. So the last night is built once more on the release as a
night builds it, and judged by the suites that judge a release.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from redeye.audits.audit import audit_many
from redeye.foundation.errors import ConfigError
from redeye.review.impact_change import Change, lend_parsed
from redeye.review.logic.model_diff import Origin
from redeye.review.sandboxes.sandbox import rebuild
from redeye.review.sandboxes.sandbox_catalog import Sandbox
from redeye.review.sandboxes.temporary_sandboxes import hold_sandbox
from redeye.warehouse import dbt
from redeye.warehouse.logic.releases import Release
from redeye.warehouse.release_frames import release_frames

_HEAD, _NIGHT = "head", "warehouse"
_CARRIED = "the model selects it from its own table"


@dataclass(frozen=True)
class NightOutcome:
    """What the night would say.

    Attributes:
        refusals: why it would not publish a release, one sentence each.
        kept: columns that are otherwise where nights add to a table than where it is built anew, one sentence each.
    """

    refusals: tuple[str, ...]
    kept: tuple[str, ...] = ()


def play_night(head: Sandbox, change: Change, release: Release, *, suites: Path) -> NightOutcome:
    """Build the release's last night with the change on the release itself, and audit it as a night is audited.

    Args:
        head: the sandbox in which the change is built over all nights.
        change: the models to build, and the tests that are new or others.
        release: that stands before the night.
        suites: folder of the audits' suites.
    """
    with hold_sandbox("-night", release, first_night=head.first_night) as night:
        lend_parsed(head.state, night.state)
        with night.connect(is_writable=True) as con:
            _take_out_night(con, change, release)
        try:
            if change.origins or change.tests:
                rebuild(
                    night,
                    list(change.origins),
                    project=change.project,
                    first=release.night,
                    last=release.night,
                    tests=change.tests,
                    manifest=change.head,
                )
        except dbt.DbtError as error:
            return NightOutcome((f"the build: {str(error).removeprefix('dbt failed:').strip()}",))
        with night.connect() as con:
            head.attach_to(con, _HEAD)
            return NightOutcome(tuple(_audit(con, release, suites)), tuple(_find_kept(con, change)))


def run_unit_tests(head: Sandbox, change: Change) -> str:
    """Which unit tests of the change fail, with the rows expected and found; empty if none does."""
    built = {change.head.nodes[each].name for each in change.origins} | set(change.unit_tested)
    names = sorted(built & {each.model for each in change.head.unit_tests.values()})
    if not names:
        return ""
    try:
        dbt.run_unit_tests(
            attach=head.attach,
            data_path=head.data_path,
            target_dir=head.state,
            models=names,
            project=change.project,
            manifest=change.head,
        )
    except dbt.DbtError as error:
        return str(error).removeprefix("dbt failed:").strip()
    return ""


def _take_out_night(con: duckdb.DuckDBPyConnection, change: Change, release: Release) -> None:
    """Take the night out of the tables that are built again, so that it comes into them as a new one does."""
    built = {(change.head.nodes[each].schema, change.head.nodes[each].alias) for each in change.origins}
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_columns() JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) WHERE database_name = 'warehouse' AND column_name = 'night'"
    ).fetchall()
    for schema, table in tables:
        if (schema, table) in built and schema != "intermediate":
            con.execute(f"DELETE FROM warehouse.{schema}.{table} WHERE night >= ?", [release.night])


def _audit(con: duckdb.DuckDBPyConnection, release: Release, suites: Path) -> Iterator[str]:
    try:
        frames = release_frames(con, release.night, release.night, root=suites)
    except ConfigError as error:
        yield f"an audit cannot be made: {error}"
        return
    except duckdb.Error as error:
        yield f"an audit cannot read what it judges: {str(error).splitlines()[0]}"
        return
    for result in audit_many(frames, subject="what the change builds", root=suites).values():
        for failure in result.failures:
            yield f"{result.suite}: {failure.line()}"


def _find_kept(con: duckdb.DuckDBPyConnection, change: Change) -> Iterator[str]:
    """Columns of which a model that reads its own table carries on presence or type from night to night."""
    for each, origin in change.origins.items():
        if origin is Origin.NEW:
            continue
        node = change.head.nodes[each]
        anew, there = (_read_types(con, alias, node.schema, node.alias) for alias in (_HEAD, _NIGHT))
        for name in sorted(there.keys() - anew.keys()):
            yield f"{node.name}.{name} is in no table built anew and stays where nights add to one: {_CARRIED}"
        for name in sorted(anew.keys() & there.keys()):
            if anew[name] != there[name]:
                yield (
                    f"{node.name}.{name} is {anew[name]} in a table built anew and {there[name]} where nights add to "
                    f"one: {_CARRIED}"
                )


def _read_types(con: duckdb.DuckDBPyConnection, alias: str, schema: str, table: str) -> dict[str, str]:
    return dict(
        con.execute(
            "SELECT column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = ? AND schema_name = ? AND table_name = ?",
            [alias, schema, table],
        ).fetchall()
    )
