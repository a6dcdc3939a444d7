"""A sandbox is a copy in which everything may be done, and nothing reaches what it was taken from."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prepared_installations import FIRST, THREE_WEEKS_END
from throwaway import Stack
from typer.testing import CliRunner

from redeye.cli import app
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.review.sandboxes import sandbox as job
from redeye.review.sandboxes import sandbox_catalog as sandbox
from redeye.review.sandboxes import temporary_sandboxes
from redeye.review.sandboxes.sandbox_sql import run_sql
from redeye.warehouse import dbt, lake
from redeye.warehouse.logic.releases import Release

FLIGHTS, DELAYS = "marts.fct_flights", "features.feat_carrier__delays"


@pytest.fixture
def anna(release: Release) -> Iterator[sandbox.Sandbox]:
    made = job.make("anna")
    yield made
    if made.folder.exists():
        sandbox.drop("anna")


def _digest(con: object, alias: str) -> dict[str, tuple[object, ...]]:
    """Count and content of every relation."""
    names = con.execute(  # type: ignore[attr-defined]
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = ? "
        "UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal",
        [alias, alias],
    ).fetchall()
    assert len(names) > 25
    return {
        name: con.execute(  # type: ignore[attr-defined]
            f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {alias}.{name} AS t"
        ).fetchone()
        for (name,) in names
    }


def _released(release: Release) -> dict[str, tuple[object, ...]]:
    with lake.connect_at(release.snapshot_id) as con:
        return _digest(con, "warehouse")


def _files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in sorted(folder.rglob("*.parquet"))
    }


def test_a_sandbox_holds_exactly_the_release_and_copies_no_row(
    release: Release, anna: sandbox.Sandbox
) -> None:
    with anna.connect() as con:
        assert _digest(con, "warehouse") == _released(release)
    links = list((anna.folder / "data").rglob("*.parquet"))
    assert links
    assert all(path.stat().st_nlink > 1 for path in links)
    # The catalog alone is its own.
    assert sandbox.own_bytes(anna) < 30_000_000


def test_whatever_is_done_in_a_sandbox_the_release_and_other_sandboxes_stay(
    release: Release, anna: sandbox.Sandbox
) -> None:
    other = job.make("bert")
    before, files = _released(release), _files(lake.data_path(Catalog.WAREHOUSE))
    con = anna.connect(is_writable=True)
    con.execute(f"DELETE FROM warehouse.{FLIGHTS} WHERE night < '2013-01-06'")
    con.execute(f"UPDATE warehouse.{FLIGHTS} SET is_late = NOT is_late")
    con.execute("INSERT INTO warehouse.raw.holidays VALUES ('2013-02-02', 'Groundhog Day')")
    con.execute(f"DROP TABLE warehouse.{DELAYS}")
    con.execute("CALL ducklake_merge_adjacent_files('warehouse')").fetchall()
    con.execute("CALL ducklake_expire_snapshots('warehouse', older_than => now())").fetchall()
    con.execute("CALL ducklake_cleanup_old_files('warehouse', cleanup_all => true)").fetchall()
    con.execute("CALL ducklake_delete_orphaned_files('warehouse', cleanup_all => true)").fetchall()
    # The files that the deleted rows lay in are gone from the sandbox: the test has bite.
    mine = {path.stat().st_ino for path in (anna.folder / "data").rglob("*.parquet")}
    assert {inode for inode, _ in files.values()} - mine
    con.close()

    assert _released(release) == before
    assert _files(lake.data_path(Catalog.WAREHOUSE)) == files
    with other.connect() as con:
        assert _digest(con, "warehouse") == before
    sandbox.drop("bert")


def test_a_sandbox_has_no_way_to_any_database_of_the_stack(stack_env: Stack, anna: sandbox.Sandbox) -> None:
    secrets = [
        value for name, value in vars(stack_env.secrets).items() if "password" in name and len(str(value)) > 8
    ]
    assert secrets
    for path in anna.folder.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            content = path.read_bytes()
            assert not [each for each in secrets if str(each).encode() in content], path
    with anna.connect(is_writable=True) as con:
        attached = {row[0] for row in con.execute("SELECT type FROM duckdb_databases()").fetchall()}
    assert "postgres" not in attached


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_text('{outside}')",
        "FROM '{outside}'",
        "FROM glob('{outside}')",
        "CREATE TABLE stolen AS SELECT * FROM read_csv('{outside}')",
        "SELECT * FROM read_text('{inside}/../../../{name}')",
        "SELECT 1; COPY (SELECT 1) TO '{outside}'",
        "COPY (SELECT 1) TO '{inside}/x.parquet' (USE_TMP_FILE false)",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{inside}/x.csv'",
        "EXPORT DATABASE '{outside}'",
        "ATTACH '{outside}' AS other",
        "SET enable_external_access = true",
        "RESET allowed_directories",
        "LOAD postgres_scanner",
        "INSTALL httpfs",
        "FROM postgres_scan('host=127.0.0.1 port={port} user=warehouse dbname=warehouse', 'ledger', 'releases')",
        "FROM postgres_query('warehouse', 'SELECT 1')",
        "CALL ducklake_add_data_files('warehouse', 'raw.holidays', '{outside}')",
    ],
)
def test_sql_that_is_typed_reaches_nothing_outside(
    stack_env: Stack, anna: sandbox.Sandbox, query: str
) -> None:
    outside = stack_env.settings.home / "outside.csv"
    outside.write_text("canary\n7\n", encoding="utf-8")
    files = _files(anna.folder)
    told = query.format(
        outside=outside, inside=anna.folder, name=outside.name, port=stack_env.settings.postgres_port
    )
    with pytest.raises(ConfigError):
        run_sql(anna, told, limit=5)
    assert outside.read_text(encoding="utf-8") == "canary\n7\n"
    assert _files(anna.folder) == files
    assert not [path for path in anna.folder.iterdir() if path.suffix in (".csv", ".parquet")]


def test_sql_that_is_typed_may_do_all_within(anna: sandbox.Sandbox) -> None:
    run_sql(anna, f"CREATE TABLE marts.mine AS SELECT * FROM {FLIGHTS} WHERE night = '2013-01-06'", limit=1)
    run_sql(
        anna, "UPDATE marts.mine SET is_late = true; DELETE FROM marts.mine WHERE carrier_id = 'EV'", limit=1
    )
    heads, rows, _ = run_sql(
        anna, "SELECT bool_and(is_late) AS late, count(*) > 500 FROM marts.mine", limit=5
    )
    assert (heads[0], rows) == ("late", [(True, True)])
    assert len(run_sql(anna, f"FROM {FLIGHTS} ORDER BY ALL", limit=3)[1]) == 3
    assert run_sql(anna, "DESCRIBE marts.mine", limit=100)[0][0] == "column_name"


def test_the_warehouse_may_tidy_up_under_a_sandbox(release: Release, anna: sandbox.Sandbox) -> None:
    """It keeps its own links: a file that the warehouse lets go of is still there."""
    path = next((anna.folder / "data").rglob("*fct_flights*/*.parquet"))
    theirs = lake.data_path(Catalog.WAREHOUSE) / path.relative_to(anna.folder / "data")
    kept = theirs.with_suffix(".kept")
    theirs.rename(kept)
    try:
        with anna.connect() as con:
            assert con.execute(f"SELECT count(*) FROM warehouse.{FLIGHTS}").fetchone() != (0,)
    finally:
        kept.rename(theirs)


def test_dropping_leaves_nothing(anna: sandbox.Sandbox) -> None:
    sandbox.drop("anna")
    assert not sandbox.root().exists()
    with pytest.raises(ConfigError, match="no sandbox 'anna'"):
        sandbox.find_sandbox("anna")


def test_a_sandbox_is_at_the_release_that_is_named_and_lists_itself(
    release: Release, anna: sandbox.Sandbox
) -> None:
    assert [each.release_id for each in sandbox.sandboxes()] == [release.release_id]
    assert (anna.first_night, anna.night) == (FIRST, THREE_WEEKS_END)
    with pytest.raises(RedeyeError, match=r"there is no release 2013-01-09\.r1"):
        job.make("carl", release_id="2013-01-09.r1")


@pytest.mark.parametrize("name", ["../anna", "Anna", "a/b", "", ".x", "a" * 60])
def test_a_name_stays_within_the_folder(release: Release, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a sandbox"):
        job.make(name)


def test_a_taken_name_is_refused_and_the_sandbox_stays(release: Release, anna: sandbox.Sandbox) -> None:
    with pytest.raises(ConfigError, match="is there already"):
        job.make("anna")
    assert anna.folder.exists()


def test_dbt_builds_a_model_there_over_all_nights_and_reads_the_others_from_the_release(
    release: Release, anna: sandbox.Sandbox
) -> None:
    before = _released(release)
    result = job.rebuild(anna, ["model.redeye.feat_carrier__delays"])
    models = [node for node in result.nodes if node.startswith("model.")]
    assert models == ["model.redeye.feat_carrier__delays"]
    assert any("feature_rows_feat_carrier__delays" in node for node in result.nodes)
    with anna.connect() as con:
        rebuilt = _digest(con, "warehouse")
    # The same code over all nights at once gives what the release has.
    assert {name for name in before if rebuilt[name] != before[name]} <= {"raw.build_window"}
    assert _released(release) == before
    assert dbt.ATTACH not in os.environ


def test_what_a_killed_process_left_is_removed_and_what_is_held_or_a_persons_stays(
    release: Release, anna: sandbox.Sandbox
) -> None:
    first = job.first_night(release)
    code = (
        "import sys\n"
        "from redeye.review.sandboxes import sandbox, temporary_sandboxes as temporary\n"
        "release = sandbox.release_to_copy()\n"
        "with temporary.hold_sandbox('', release, first_night=sandbox.first_night(release)) as made:\n"
        "    print(made.name, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert temporary_sandboxes.drop_abandoned() == []
        assert (sandbox.root() / name / sandbox.NOTE).is_file()
        process.kill()
    with temporary_sandboxes.hold_sandbox("", release, first_night=first) as held:
        assert temporary_sandboxes.drop_abandoned() == [name]
        assert [each.name for each in sandbox.sandboxes()] == [anna.name, held.name]


def test_sql_says_how_many_rows_it_shows_of_how_many(anna: sandbox.Sandbox) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["dev", "sql", "--name", anna.name, *words])
        assert done.exit_code == 0, done.output
        return done.output

    assert "The first 40 of 20,001 rows" in run("select i from range(20001) as t (i)")
    assert "The first 2 of 3 rows" in run("from range(3)", "--limit", "2")
    assert "rows" not in run("select i from range(40) as t (i)")
    assert " 20000 " in run("select i from range(20001) as t (i)", "--limit", "0")
    written = list(
        csv.reader(io.StringIO(run("select i, null as n, 'a,b' as t from range(20001) as t (i)", "--csv")))
    )
    assert (written[0], written[-1], len(written)) == (["i", "n", "t"], ["20000", "", "a,b"], 20002)
