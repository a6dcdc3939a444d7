"""Bytes by part, and retention by age."""

from __future__ import annotations

import os
import time
from pathlib import Path

from redeye.foundation import disk
from redeye.foundation.settings import Settings

OLD = time.time() - 100 * 86_400


def written(path: Path, size: int = 10_000, *, is_old: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))
    if is_old:
        os.utime(path, (OLD, OLD))
    return path


def test_every_byte_of_the_home_is_in_one_part(tmp_path: Path) -> None:
    configured = Settings(home=tmp_path, disk_budget_gb=1)
    written(configured.landing / "a")
    written(configured.lake / "outputs" / "b", 20_000)
    written(tmp_path / "stray")
    found = disk.measure_usage(configured)
    assert found.used == disk.measure_size(tmp_path)
    assert found.parts["outputs"] > found.parts["landing"] > 0
    assert found.parts["other"] > 0
    assert found.budget == 10**9


def test_only_files_past_their_retention_go(tmp_path: Path) -> None:
    old, new = written(tmp_path / "a" / "old", is_old=True), written(tmp_path / "b" / "new")
    assert disk.prune(tmp_path, days=90) == 1
    assert not old.parent.exists()
    assert new.exists()
    assert disk.prune(tmp_path / "missing", days=90) == 0


def test_a_folder_goes_whole_or_not_at_all(tmp_path: Path) -> None:
    written(tmp_path / "past" / "old", is_old=True)
    written(tmp_path / "static" / "old", is_old=True)
    kept = written(tmp_path / "mixed" / "old", is_old=True)
    written(tmp_path / "mixed" / "new")
    assert disk.prune_folders(tmp_path, days=90, keep=("static",)) == 1
    assert not (tmp_path / "past").exists()
    assert kept.exists()


def test_a_file_with_two_names_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 50_000)
    once = disk.measure_size(tmp_path)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert disk.measure_size(tmp_path) == once
