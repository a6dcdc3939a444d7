"""What is generated follows its declaration, and what prose says of a declared fact is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flights.declared_constants import LATE_MINUTES
from redeye.declarations.project import project
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.generate import find_stale_texts

PROSE = [
    PROJECT_ROOT / "README.md",
    *(PROJECT_ROOT / "docs").rglob("*.md"),
    *(PROJECT_ROOT / "ml" / "specs").glob("*.yaml"),
    *(PROJECT_ROOT / "dbt").rglob("*.yml"),
    *(PROJECT_ROOT / "expectations").rglob("*.yml"),
]
LATE = re.compile(r"(\d+)\s+minutes\s+(?:late\s+or\s+more|or\s+more\s+at)")
NIGHTLY = re.compile(r"(?:[Ee]very night at|soon after|cutoff of the night,)\s+(\d\d:\d\d)")


def test_every_generated_text_is_current() -> None:
    assert sorted(find_stale_texts()) == [], "stale: run `./redeye generate`"


@pytest.mark.parametrize(
    ("said", "fact"), [(LATE, str(LATE_MINUTES)), (NIGHTLY, project().clock.cutoff)], ids=["late", "nightly"]
)
def test_prose_says_what_is_declared(said: re.Pattern[str], fact: str) -> None:
    found: dict[Path, set[str]] = {
        path: set(said.findall(path.read_text(encoding="utf-8"))) for path in PROSE if path.is_file()
    }
    assert any(found.values()), "no page says it any more: drop this check"
    assert {path: others for path, each in found.items() if (others := each - {fact})} == {}
