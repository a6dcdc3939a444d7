"""A sandbox at the last release, and building models in it over all of its nights."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from redeye.foundation.errors import ConfigError, NotReleased
from redeye.review.sandboxes import sandbox_catalog as sandbox
from redeye.review.sandboxes.sandbox_catalog import Sandbox
from redeye.sources.configured_source import find_schedule, load_source
from redeye.warehouse import dbt, lake, raw_tables, release_store
from redeye.warehouse.dbt import PROJECT, DbtResult
from redeye.warehouse.logic.releases import Release

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

log = logging.getLogger(__name__)


def release_to_copy(release_id: str = "") -> Release:
    """The release of that name, or the newest one.

    Raises:
        NotReleased: if there is none.
    """
    found = release_store.release_named(release_id) if release_id else release_store.latest_release()
    if found is None:
        raise NotReleased(f"there is no release {release_id or 'yet'}: run `make run` first")
    return found


def first_night(release: Release) -> date:
    """The first night that a release holds."""
    source = load_source()
    table = raw_tables.table_name(source, find_schedule(source) or source.datasets[0])
    with lake.connect_at(release.snapshot_id, threads=1) as con:
        found = con.execute(f"SELECT min(arrival_night) FROM warehouse.raw.{table}").fetchone()
    return found[0] if found and found[0] else release.first_night


def make(name: str, *, release_id: str = "") -> Sandbox:
    """Make a sandbox at a release, the newest one by default.

    Raises:
        NotReleased: if there is no release.
        ConfigError: if the name is taken or cannot be used.
    """
    release = release_to_copy(release_id)
    return sandbox.make(name, release, first_night=first_night(release))


def rebuild(
    at: Sandbox,
    models: Sequence[str],
    *,
    project: Path = PROJECT,
    first: date | None = None,
    last: date | None = None,
    is_tested: bool = True,
    tests: Sequence[str] = (),
    manifest: Manifest | None = None,
) -> DbtResult:
    """Build models anew in a sandbox; every other model is read as the release has it.

    Args:
        at: the sandbox.
        models: unique ids of dbt.
        project: folder of the dbt project.
        first: the first night to build; by default all nights, in place of what the tables hold.
        last: the last night; by default that of the release.
        is_tested: whether the models' data tests run.
        tests: names of data tests that run too, whatever they test.
        manifest: the project, if it is parsed already.

    Raises:
        DbtError: if a model or test fails.
        ConfigError: if there is nothing to build.
    """
    if not models and not tests:
        raise ConfigError("no model to build: name one with --select, or change one")
    if manifest is None:
        with dbt.environment("none", "none"):
            manifest = dbt.parse(at.state, project=project)
    nodes = manifest.nodes
    with at.connect(is_writable=True) as con:
        if first is None:
            relations = {f"{nodes[each].schema}.{nodes[each].alias}" for each in models}
            tables = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'warehouse'"
            for (table,) in con.execute(tables).fetchall():
                if table in relations:
                    con.execute(f"DROP TABLE warehouse.{table}")
        raw_tables.set_build_window(con, first or at.first_night, last or at.night)
    return dbt.build(
        attach=at.attach,
        data_path=at.data_path,
        target_dir=at.state,
        select=[*(nodes[each].name for each in models), *tests],
        project=project,
        is_tested=is_tested,
        manifest=manifest,
    )
