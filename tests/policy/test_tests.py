"""What the tests themselves must keep to, so that none of them meets what another has left behind."""

from __future__ import annotations

import re

import pytest

from redeye.foundation.settings import PROJECT_ROOT

TESTS = PROJECT_ROOT / "tests"
LONG_TESTS = (PROJECT_ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
SHARING = sorted(
    path for path in TESTS.rglob("*.py") if f'scope="{"package"}"' in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", SHARING, ids=lambda path: str(path.relative_to(TESTS)))
def test_what_a_folder_shares_ends_with_the_folder(path):
    # Without it, pytest takes the folder for no package, and the fixture lives as long as the worker: so does the
    # environment that an installation has set.
    assert (path.parent / "__init__.py").is_file()


# A wait may have a deadline; how long a thing took says how busy the machine was. `make bench` measures that.
DURATION = re.compile(
    r"assert[^\n]*(monotonic|perf_counter|process_time|\btime)\(\)\s*-|assert[^\n]*\b(seconds|took|elapsed)\s*<"
)


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_no_test_asserts_a_duration(path):
    assert not DURATION.search(path.read_text(encoding="utf-8"))


LONG = re.compile(r"\bmark\.long\b")


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_every_long_test_is_listed(path):
    name = f"`{path.relative_to(PROJECT_ROOT)}::"
    assert bool(LONG.search(path.read_text(encoding="utf-8"))) is (name in LONG_TESTS)


def test_what_is_listed_is_there():
    listed = re.findall(r"`(tests/\S+?)::(\w+)`", LONG_TESTS)
    assert listed
    for path, test in listed:
        assert f"def {test}(" in (PROJECT_ROOT / path).read_text(encoding="utf-8"), (path, test)


def test_what_is_handed_out_first_is_there():
    found = re.findall(
        r'"(tests/(?:e2e|integration)/[^"]*)"', (TESTS / "conftest.py").read_text(encoding="utf-8")
    )
    assert found
    assert [path for path in found if not (PROJECT_ROOT / path).exists()] == []
