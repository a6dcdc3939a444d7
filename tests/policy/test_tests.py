"""What the tests themselves must keep to, so that none of them meets what another has left behind."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from redeye.foundation.settings import PROJECT_ROOT

TESTS = PROJECT_ROOT / "tests"
ROOMS = PROJECT_ROOT / "ml" / "redeye"
TESTING = (PROJECT_ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
SHARING = sorted(
    path for path in TESTS.rglob("*.py") if f'scope="{"package"}"' in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", SHARING, ids=lambda path: str(path.relative_to(TESTS)))
def test_what_a_folder_shares_ends_with_the_folder(path):
    # Without it, pytest takes the folder for no package, and the fixture lives as long as the worker: so does the
    # environment that an installation has set.
    assert (path.parent / "__init__.py").is_file()


# Whoever changes a line of a rule learns from the test of its name whether that was meant.
RULES = sorted(
    path.relative_to(ROOMS)
    for path in (*ROOMS.glob("**/logic/*.py"), *ROOMS.glob("declarations/*.py"))
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("path", RULES, ids=str)
def test_each_file_of_logic_and_declarations_has_a_unit_test_of_its_name(path):
    test = TESTS / "unit" / path.with_name(f"test_{path.name}")
    assert test.is_file()
    module = ".".join(("redeye", *path.with_suffix("").parts))
    assert module in list_imported(test)


def list_imported(path: Path) -> set[str]:
    """The modules that a file imports from, and what it imports from them."""
    found = [
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
    ]
    return {
        name
        for node in found
        for name in (node.module, *(f"{node.module}.{each.name}" for each in node.names))
    }


def test_unit_tests_of_logic_and_declarations_are_of_files_that_are_there():
    named = {
        path.relative_to(TESTS / "unit")
        for path in (TESTS / "unit").glob("**/test_*.py")
        if path.parent.name in ("logic", "declarations")
    }
    assert {path.with_name(path.name.removeprefix("test_")) for path in named} <= set(RULES)


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
    assert bool(LONG.search(path.read_text(encoding="utf-8"))) is (name in TESTING)


def test_every_folder_of_tests_is_described():
    folders = {
        path.name for path in (PROJECT_ROOT / "tests" / "integration").iterdir() if any(path.glob("*.py"))
    }
    rows = "".join(re.findall(r"^\| (`tests/.*?) \|", TESTING, re.MULTILINE))
    assert {name for name in folders if not re.search(rf"[/`]{name}`", rows)} == set()


def test_what_is_listed_is_there():
    listed = re.findall(r"`(tests/\S+?)::(\w+)`", TESTING)
    assert listed
    for path, test in listed:
        assert f"def {test}(" in (PROJECT_ROOT / path).read_text(encoding="utf-8"), (path, test)


def test_what_is_handed_out_first_is_there():
    found = re.findall(
        r'"(tests/(?:e2e|integration)/[^"]*)"', (TESTS / "conftest.py").read_text(encoding="utf-8")
    )
    assert found
    assert [path for path in found if not (PROJECT_ROOT / path).exists()] == []
