"""What is installed is what was resolved: every package by its version and by the hashes of its files."""

from __future__ import annotations

import re

import pytest

from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.audit_packages import WAIVERS
from redeye.review.logic.waivers import parse_waivers

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bootstrap.lock", "docker/sbom.lock")
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
    assert {package for package, (_, hashes) in read_lock(name).items() if not hashes} <= UNHASHED


def test_both_locks_name_the_same_files() -> None:
    own, all_ = (read_lock(name) for name in LOCKS[:2])
    assert {package: each for package, each in own.items() if all_.get(package) != each} == {}


def test_nothing_is_installed_past_the_locks() -> None:
    files = [PROJECT_ROOT / "ml/redeye/stack/setup.sh", *(PROJECT_ROOT / "docker").glob("*/Dockerfile")]
    found = [
        line for path in files for line in re.findall(r"pip install(?:.*\\\n)*.*", path.read_text("utf-8"))
    ]
    assert len(found) >= 3
    for line in found:
        assert "--require-hashes" in line or "--constraints" in line, line


def test_every_waiver_says_why_and_until_when() -> None:
    list(parse_waivers((PROJECT_ROOT / WAIVERS).read_text("utf-8"), WAIVERS))
