"""What is installed is what was resolved: every package by its version and by the hashes of its files."""

from __future__ import annotations

import re

import pytest

from redeye.foundation.settings import PROJECT_ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
# Which of its builds is installed is the machine's choice (docs/reference/dependencies.md).
UNHASHED = {"torch"}
PACKAGE = re.compile(
    r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE
)


def read_lock(name: str) -> dict[str, tuple[str, str]]:
    """Version and hashes by package."""
    text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
    found = {package: (version, hashes) for package, version, hashes in PACKAGE.findall(text)}
    assert len(found) == len(re.findall(r"^[\w.-]+.*==", text, re.MULTILINE))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_locked_by_the_hashes_of_its_files(name: str) -> None:
    assert {package for package, (_, hashes) in read_lock(name).items() if not hashes} == UNHASHED


def test_both_locks_name_the_same_files() -> None:
    own, all_ = (read_lock(name) for name in LOCKS)
    assert {package: each for package, each in own.items() if all_.get(package) != each} == {}
