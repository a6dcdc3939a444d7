"""What lies in the home folder: bytes by part against the budget, and removing what is older than its retention."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from redeye.foundation.settings import Settings

_BLOCK = 512
_SECONDS_A_DAY = 86_400
GIGABYTE = 10**9
# Of the budget. The rest is a month or more at what a night adds, enough to act by day.
WARNING_SHARE = 0.8


class Level(StrEnum):
    """How the bytes used stand to the budget."""

    OK = "ok"
    WARNING = "warning"
    OVER = "over"


@dataclass(frozen=True)
class Usage:
    """Bytes on disk by part, against a budget in bytes."""

    parts: Mapping[str, int]
    budget: int

    @property
    def used(self) -> int:
        """Bytes of all parts."""
        return sum(self.parts.values())

    @property
    def level(self) -> Level:
        """`warning` from 80 % of the budget on, `over` above it."""
        if self.used > self.budget:
            return Level.OVER
        return Level.WARNING if self.used >= WARNING_SHARE * self.budget else Level.OK

    def summary(self) -> str:
        """One line: share, bytes and the largest parts."""
        largest = sorted(self.parts.items(), key=lambda part: -part[1])
        shown = ", ".join(f"{name} {gigabytes(size)}" for name, size in largest[:4] if size)
        return (
            f"{self.used / self.budget:.0%} of the disk budget: {gigabytes(self.used)} of {gigabytes(self.budget)}"
            f" ({shown})"
        )


def gigabytes(size: int) -> str:
    """Bytes as text, such as `1.25 GB`."""
    return f"{size / GIGABYTE:.2f} GB"


def measure_usage(configured: Settings) -> Usage:
    """Bytes on disk of each part of the home that holds data, and of everything else in it as `other`."""
    home = configured.home
    named = {
        "postgres": home / "postgres",
        "landing": configured.landing,
        "warehouse": configured.lake / "warehouse",
        "outputs": configured.lake / "outputs",
        "artifacts": configured.artifacts,
        "online store": configured.online_store.parent,
        "exports": configured.exports,
        "reports": configured.reports,
        "data docs": configured.data_docs,
        "logs": home / "logs",
    }
    # What a setting has moved into an object store takes no disk here.
    sizes = {name: measure_size(folder) for name, folder in named.items() if isinstance(folder, Path)}
    sizes["other"] = max(measure_size(home) - sum(sizes.values()), 0)
    return Usage(sizes, int(configured.disk_budget_gb * GIGABYTE))


def measure_size(folder: Path) -> int:
    """Bytes that the files below a folder take on disk; 0 if it is not there."""
    total = 0
    seen: set[int] = set()
    for path in list_files(folder):
        # Files come and go while a server runs.
        with suppress(FileNotFoundError):
            reported = path.lstat()
            # A sandbox's link and the warehouse's file are one file on disk.
            if reported.st_nlink == 1 or reported.st_ino not in seen:
                total += reported.st_blocks * _BLOCK
                seen.add(reported.st_ino)
    return total


def list_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in a stable order; links are not followed."""
    for at, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(at) / name


def prune(folder: Path, *, days: int) -> int:
    """Delete the files below a folder that were last written more than `days` ago; how many.

    Folders that are left empty go too, the folder itself stays.
    """
    # Retention of files goes by the clock on the wall: that is what disks fill up by.
    oldest = time.time() - days * _SECONDS_A_DAY
    removed = 0
    for path in list(list_files(folder)):
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < oldest:
                path.unlink()
                removed += 1
    for at, _, _ in os.walk(folder, topdown=False):
        if Path(at) != folder:
            with suppress(OSError):
                Path(at).rmdir()
    return removed


def prune_folders(root: Path, *, days: int, keep: Collection[str] = ()) -> int:
    """Delete each folder directly in `root` in which nothing was written for more than `days`; how many.

    Names among `keep` stay whatever their age; nothing happens if there is no such root.
    """
    oldest = time.time() - days * _SECONDS_A_DAY
    removed = 0
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if not folder.is_dir() or folder.name in keep:
            continue
        if max((path.lstat().st_mtime for path in list_files(folder)), default=0.0) < oldest:
            shutil.rmtree(folder)
            removed += 1
    return removed


def free(configured: Settings) -> int:
    """Bytes free on the disk that holds the home."""
    return shutil.disk_usage(configured.home).free
