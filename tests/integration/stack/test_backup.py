"""A stack that is destroyed comes back whole: every table, every release and every artifact equal."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prepared_installations import MODEL, TEN_WEEKS_END, Kind, Prepared

from redeye.champions import promotion_store
from redeye.foundation.catalogs import Catalog
from redeye.foundation.disk import list_files
from redeye.foundation.errors import BackupError, SignatureError
from redeye.foundation.settings import Settings, settings
from redeye.foundation.signing.public_keys import FILE_NAME, read_public_keys
from redeye.models.artifact_store import load_artifact
from redeye.scoring import outputs_store
from redeye.stack import bootstrap, databases, environment
from redeye.stack.backups import backup, backup_key, backup_manifest, restore
from redeye.stack.backups.backup_manifest import MANIFEST, SIGNATURE
from redeye.stack.backups.backup_signature import verify_backup
from redeye.stack.servers import check_ports
from redeye.warehouse import lake, release_content, release_store

pytestmark = pytest.mark.integration

NIGHT = TEN_WEEKS_END + timedelta(days=1)
KEPT = ("landing", "lake", "mlflow/artifacts", "exports", "data_docs", "feast", "secrets.env")


@contextmanager
def opened(home: Path) -> Iterator[Any]:
    """The installation in a home: its server runs, and this process has its environment."""
    before = dict(os.environ)
    configured = Settings(home=home, postgres_port=check_ports.free("127.0.0.1"))
    secrets = bootstrap.prepare_files(configured)
    server = bootstrap.server(configured, secrets)
    server.is_durable = False
    environment.export(configured, secrets)
    try:
        with server:
            bootstrap.prepare_databases(configured, secrets, server, with_tools=False)
            yield server
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


def everything(server: Any) -> dict[str, object]:
    """A hash of every table of every database, of every release and output, and of every file."""
    found: dict[str, object] = {}
    for database in databases.DATABASES:
        with server.superuser(database.name) as link, link.cursor() as at:
            at.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
            )
            for (table,) in at.fetchall():
                at.execute(
                    f"SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} t"
                )
                found[f"{database.name}: {table}"] = at.fetchone()
    for each in release_store.all_releases():
        found[f"release {each.release_id}"] = release_content.digest_snapshot(each.snapshot_id)
    with lake.connect(threads=1) as con:
        lake.attach(con, Catalog.OUTPUTS)
        for (table,) in con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'outputs'"
        ).fetchall():
            found[f"outputs {table}"] = con.execute(
                f"SELECT count(*), sum(hash(t)::HUGEINT) FROM outputs.main.{table} t"
            ).fetchone()
    home = settings().home
    for part in KEPT:
        for path in [home / part] if (home / part).is_file() else list_files(home / part):
            if path.suffix != ".db":
                found[f"file {path.relative_to(home)}"] = backup_manifest.hash_file(path)
    return found


@dataclass(frozen=True)
class Drill:
    """An installation that was backed up while it ran, and what was in it."""

    home: Path
    backup: Path
    before: dict[str, object]

    @property
    def key(self) -> Path:
        """What it was sealed with."""
        return backup_key.find_key_path(Settings(home=self.home))


@pytest.fixture(scope="module")
def drill(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Drill:
    from redeye.operations import build_nights
    from redeye.scoring import score
    from redeye.sources import ingest
    from redeye.warehouse import build

    home = tmp_path_factory.mktemp("redeye-drill") / "home"
    target = tmp_path_factory.mktemp("redeye-backup") / "first"
    prepared.copy(Kind.TEN_WEEKS, home)
    with opened(home) as server:
        ingest.ingest_nights(NIGHT, NIGHT)
        build.publish(build_nights.transform(NIGHT, NIGHT, holder="night"))
        score.score_night(MODEL, NIGHT, run_id="night")
        score.export_night(MODEL, NIGHT)
        backup.backup(settings(), target)
        return Drill(home, target, everything(server))


def test_a_destroyed_stack_comes_back_equal(drill: Drill) -> None:
    assert len([name for name in drill.before if name.startswith("mlflow: ")]) > 20
    assert len([name for name in drill.before if name.startswith("airflow: ")]) > 20
    assert sum(name.startswith("release ") for name in drill.before) == 2
    shutil.rmtree(drill.home)
    restore.restore(Settings(home=drill.home), drill.backup)
    with opened(drill.home) as server:
        after = everything(server)
    assert {name for name in drill.before | after if drill.before.get(name) != after.get(name)} == set()


def test_the_public_key_tells_whether_it_is_what_was_made(drill: Drill, tmp_path: Path) -> None:
    keys = read_public_keys(drill.backup / "files" / FILE_NAME)
    copy, draw = tmp_path / "copy", random.Random(7)
    shutil.copytree(drill.backup, copy)
    assert verify_backup(copy, keys).home == str(drill.home)
    small = [path for path in copy.rglob("*") if path.is_file() and path.name != "manifest.hmac"]
    for _ in range(20):
        path = draw.choice([*small, copy / MANIFEST, copy / SIGNATURE])
        was = path.read_bytes()
        at = draw.randrange(len(was) + 1)
        path.write_bytes(was[:at] + b"x" + was[at + 1 :] if was[at : at + 1] != b"x" else was[:at])
        with pytest.raises((BackupError, SignatureError)):
            verify_backup(copy, keys)
        path.write_bytes(was)


def test_it_works_at_another_path_without_the_first_one(drill: Drill, tmp_path: Path) -> None:
    from redeye.models.mlflow_registry import load
    from redeye.operations import build_nights, maintain
    from redeye.scoring import score
    from redeye.sources import ingest
    from redeye.warehouse import build

    away = drill.home.with_name("away")
    if drill.home.exists():
        drill.home.rename(away)
    try:
        restore.restore(Settings(home=tmp_path / "elsewhere"), drill.backup, key_path=drill.key)
        with opened(tmp_path / "elsewhere") as server:
            with server.superuser("mlflow") as link, link.cursor() as at:
                at.execute("SELECT artifact_uri FROM runs")
                assert all(str(tmp_path / "elsewhere") in uri for (uri,) in at.fetchall())
            assert maintain.verify_releases(is_all=True) == {"verified": 2, "releases": 2}
            champion = promotion_store.read_latest_promotion(MODEL)
            assert champion is not None
            assert not champion.artifact_uri.startswith(("/", "file:"))
            load_artifact(champion.artifact_uri, champion.artifact_sha256)
            load(MODEL, champion.version)
            again = score.score_night(MODEL, NIGHT, run_id="again")
            assert not again["is_new"]
            night = NIGHT + timedelta(days=1)
            ingest.ingest_nights(night, night)
            build.publish(build_nights.transform(night, night, holder="next"))
            score.score_night(MODEL, night, run_id="next")
            assert len(outputs_store.read("predictions", MODEL, night, night)) > 500
    finally:
        if away.exists():
            away.rename(drill.home)


def test_a_home_that_is_not_empty_is_left_alone(drill: Drill, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(BackupError, match="is not empty"):
        restore.restore(Settings(home=tmp_path), drill.backup)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), r"warehouse.dump has \d+ bytes, not \d+"),
        (lambda path: path.write_bytes(b"\0" + path.read_bytes()[1:]), "warehouse.dump was altered"),
        (lambda path: path.unlink(), "warehouse.dump is missing"),
        (lambda path: path.with_name("more").write_text("x"), "databases/more is not in the manifest"),
        (lambda path: (path.parents[1] / "manifest.json").unlink(), "no whole backup"),
        (lambda path: (path.parents[1] / "manifest.json").write_text("{}"), "was altered"),
        (lambda path: (path.parents[1] / "manifest.hmac").unlink(), "no whole backup"),
    ],
    ids=["truncated", "altered", "missing", "added", "ended early", "manifest altered", "unsealed"],
)
def test_a_backup_that_is_not_whole_is_refused_by_name(
    drill: Drill, tmp_path: Path, harm: Any, message: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(drill.backup, copy)
    harm(copy / "databases" / "warehouse.dump")
    with pytest.raises(BackupError, match=message):
        restore.restore(Settings(home=tmp_path / "home"), copy, key_path=drill.key)
    assert not (tmp_path / "home").exists()


def test_a_backup_of_before_keys_comes_back_only_where_that_is_said(drill: Drill, tmp_path: Path) -> None:
    copy, home = tmp_path / "copy", tmp_path / "home"
    shutil.copytree(drill.backup, copy)
    (copy / "manifest.hmac").rename(copy / "manifest.sha256")
    for path in (copy / "files").rglob("*"):
        path.chmod(0o6777)
    with pytest.raises(BackupError, match="--unsealed"):
        restore.restore(Settings(home=home), copy, key_path=drill.key)
    assert not home.exists()
    restore.restore(Settings(home=home), copy, is_unsealed=True)
    modes = {path.stat().st_mode & 0o7777 for path in list_files(home) if "postgres" not in path.parts}
    assert modes <= {0o600, 0o400, 0o644}
    assert (home / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_backup_does_not_hold_the_key_that_sealed_it(drill: Drill) -> None:
    key = drill.key.read_bytes().strip()
    assert not [path for path in list_files(drill.backup) if key in path.read_bytes()]


def test_a_backup_is_for_its_owner_only_and_overwrites_nothing(drill: Drill) -> None:
    assert drill.backup.stat().st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="is not empty"):
        backup.backup(Settings(home=drill.home), drill.backup)
