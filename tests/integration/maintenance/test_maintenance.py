"""Maintenance leaves every release readable and equal, whatever came before it and wherever it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prepared_installations import FIRST, Kind, Prepared
from throwaway import installation
from waiting import PATIENCE_SECONDS

from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.disk import list_files
from redeye.foundation.errors import RedeyeError, ReleaseAltered
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.operations import build_nights, maintain
from redeye.sources import ingest
from redeye.warehouse import build, lake, lake_maintenance, release_content, release_store
from redeye.warehouse.logic.content import Content

pytestmark = pytest.mark.integration

# A short one: every release is read whole again and again.
HISTORY_LAST = FIRST + timedelta(days=2)
NIGHTS = [HISTORY_LAST + timedelta(days=number) for number in range(1, 5)]


@contextmanager
def opened(home: Path) -> Iterator[Any]:
    """An installation whose files may go at once: nobody else reads them."""
    with installation(home) as stack:
        os.environ["REDEYE_MAINTENANCE_GRACE_HOURS"] = "0"
        settings.cache_clear()
        yield stack


def built(night: date, *, first: date | None = None) -> dict[str, Content]:
    """Build and publish a night, or those since `first`, as one release; what it holds, read whole."""
    first = first or night
    ingest.ingest_nights(first, night)
    snapshot = build.publish(build_nights.transform(first, night, holder=f"test {night}"))["snapshot_id"]
    return release_content.digest_snapshot(int(snapshot))


@pytest.fixture(scope="module")
def undisturbed(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Content]]:
    """A home with history and one night, and what the second night holds where nothing happened in between."""
    home = tmp_path_factory.mktemp("redeye-before") / "home"
    calm = tmp_path_factory.mktemp("redeye-calm") / "home"
    prepared.copy(Kind.EMPTY, home)
    with opened(home):
        built(HISTORY_LAST, first=FIRST)
        built(NIGHTS[0])
    subprocess.run(["cp", "--archive", str(home), str(calm)], check=True)
    with opened(calm):
        return home, built(NIGHTS[1])


def test_nights_and_maintenance_runs_leave_every_release_equal(
    undisturbed: tuple[Path, dict[str, Content]],
) -> None:
    home, expected = undisturbed
    with opened(home):
        held = {
            each.release_id: release_store.contents(each.release_id) for each in release_store.all_releases()
        }
        assert all(held.values())

        # A build that is killed half-way, maintenance, and the build again: as if neither had been.
        ingest.ingest_nights(NIGHTS[1], NIGHTS[1])
        _killed(
            "redeye.foundation.lease.renew",
            f"night = date.fromisoformat('{NIGHTS[1]}'); build_nights.transform(night, night, holder='dead')",
            after=1,
        )
        assert _maintained("one")["warehouse"]["merged"] > 0
        assert built(NIGHTS[1]) == expected

        built(NIGHTS[2])
        # Killed between two tables, again: what was merged is merged, the rest follows.
        _killed("redeye.foundation.lease.renew", "maintain.compact_lakes('killed')", after=4)
        assert maintain.verify_releases(is_all=True)["verified"] == 4
        _maintained("two")

        built(NIGHTS[3])
        done = _maintained("three")
        assert done["outputs"]["snapshots"] == 1
        releases = release_store.all_releases()
        assert len(releases) == 5
        for each in releases:
            recorded = release_store.contents(each.release_id)
            assert recorded == release_content.digest_snapshot(each.snapshot_id)
            assert recorded == held.get(each.release_id, recorded)
        _no_file_too_many()
        assert maintain.check_disk()["level"] == "ok"


def test_a_release_that_is_not_what_it_was_is_named(undisturbed: tuple[Path, dict[str, Content]]) -> None:
    with opened(undisturbed[0]):
        release = release_store.all_releases()[0]
        wrong = {'"raw"."nothing"': Content(1)}
        release_store.record_contents(release.release_id, wrong)
        with pytest.raises(ReleaseAltered, match=rf'{release.release_id}: "raw"."nothing" is missing'):
            maintain.verify_releases(is_all=True)


def test_what_a_release_names_cannot_be_expired_nor_anything_without_the_lease(
    undisturbed: tuple[Path, dict[str, Content]],
) -> None:
    with opened(undisturbed[0]):
        named = release_store.all_releases()[0].snapshot_id
        with lease.hold(Catalog.WAREHOUSE, "test") as token:
            con = lake_maintenance.attach_for_writing(Catalog.WAREHOUSE, token=token)
            con.execute("CREATE TABLE warehouse.main.scrap (a INTEGER)")
            scrap = lake.head(con, Catalog.WAREHOUSE)
            con.execute("DROP TABLE warehouse.main.scrap")
            with pytest.raises(duckdb.Error, match="violates RESTRICT"):
                lake_maintenance.expire(con, Catalog.WAREHOUSE, before=named + 1, keep=())
        with pytest.raises(duckdb.Error, match="stale lease"):
            con.execute(f"CALL ducklake_expire_snapshots('warehouse', versions => [{scrap}])")
        con.close()


def test_files_of_the_catalog_are_never_taken_for_orphans(
    undisturbed: tuple[Path, dict[str, Content]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(undisturbed[0]), lease.hold(Catalog.WAREHOUSE, "test") as token:
        con = lake_maintenance.attach_for_writing(Catalog.WAREHOUSE, token=token)
        orphan = settings().lake / "warehouse" / "raw" / "left-by-a-killed-writer.parquet"
        orphan.write_bytes(b"PAR1")
        before = len(list(list_files(settings().lake)))
        assert lake_maintenance.remove_orphans(con, Catalog.WAREHOUSE, grace=timedelta(days=1)) == 0
        assert lake_maintenance.remove_orphans(con, Catalog.WAREHOUSE, grace=timedelta(0)) == 1
        assert len(list(list_files(settings().lake))) == before - 1
        # As if the catalog's paths were read from another folder.
        con.execute("ATTACH ':memory:' AS other")
        con.execute(
            "CREATE TABLE other.kept AS FROM __ducklake_metadata_warehouse.ducklake_data_file LIMIT 1"
        )
        con.execute("DELETE FROM __ducklake_metadata_warehouse.ducklake_files_scheduled_for_deletion")
        row = con.execute("SELECT path FROM other.kept").fetchone()
        assert row is not None
        real = lake_maintenance.Path
        monkeypatch.setattr(
            lake_maintenance, "Path", lambda path: real(row[0]) if "again" in path else real(path)
        )
        (orphan.parent / "again.parquet").write_bytes(b"PAR1")
        with pytest.raises(RedeyeError, match="none was deleted"):
            lake_maintenance.remove_orphans(con, Catalog.WAREHOUSE, grace=timedelta(0))
        assert (orphan.parent / "again.parquet").exists()
        con.close()


def _maintained(run_id: str) -> dict[str, Any]:
    done = maintain.compact_lakes(run_id)
    maintain.verify_releases(is_all=True)
    maintain.remove_files(run_id)
    maintain.verify_releases(is_all=True)
    return done


def _no_file_too_many() -> None:
    """The lake's folder holds the files of its catalog, and no other."""
    for catalog in Catalog:
        with lake.connect(threads=1) as con:
            lake.attach(con, catalog)
            counted = lake_maintenance.count(con, catalog)
        found = [path for path in list_files(settings().lake / catalog) if path.suffix == ".parquet"]
        assert counted.scheduled == 0
        assert len(found) == counted.files


def _killed(moment: str, call: str, *, after: int) -> None:
    """Run a job in a process of its own that is killed when it calls `moment`, `after` calls on."""
    script = textwrap.dedent(
        f"""
        import importlib, os, signal
        from datetime import date
        from redeye.warehouse import build; from redeye.operations import build_nights, maintain
        module, _, name = {moment!r}.rpartition(".")
        module = importlib.import_module(module)
        real, calls = getattr(module, name), []
        def watched(*args, **kwargs):
            calls.append(1)
            if len(calls) > {after}:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        setattr(module, name, watched)
        {call}
        """
    )
    # A short lease, so that the next one need not wait long for the dead.
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "ml"), "REDEYE_LEASE_TTL_SECONDS": "5"}
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr[-3000:]
