"""When rows of declared datasets became known, on a clock whose nights end at 03:00 in New York."""

from __future__ import annotations

from datetime import date

import pytest

from redeye.declarations.datasets import DeclaredDataset
from redeye.sources.declared.logic.instants import write_instant
from redeye.sources.declared.logic.known_instants import Knowing

FILES = {"url": "a/{day:%Y-%m-%d}.csv"}


def know(known_at: object, live_from: date | None = None, **changes: str) -> Knowing:
    said = {"files": FILES, "known_at": known_at, "changes": {"mode": "append", **changes}}
    return Knowing(DeclaredDataset.model_validate(said), live_from)


@pytest.mark.parametrize(
    ("known_at", "text", "instant"),
    [
        ({"column": "at"}, "2026-03-08T12:00:00Z", "2026-03-08T12:00:00Z"),
        ({"after": "night", "of": "at"}, "2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z"),
        ({"after": "night", "of": "at", "lag": "PT1H"}, "2026-03-07", "2026-03-08T08:00:00Z"),
        ({"after": "day", "of": "at", "lag": "PT30M"}, "2026-03-08", "2026-03-09T04:30:00Z"),
        ({"before": "day", "of": "at"}, "2026-03-08T17:00:00Z", "2026-03-08T07:00:00Z"),
        ({"before": "day", "of": "at", "lead": "P7D"}, "2026-03-08", "2026-03-01T08:00:00Z"),
    ],
)
def test_a_row_is_known_as_its_column_says(known_at, text, instant):
    assert write_instant(know(known_at).find_instant(text)) == instant


@pytest.mark.parametrize(
    ("known_at", "word", "instant"),
    [
        ("delivery", "night", "2026-03-08T07:00:00Z"),
        ("delivery", "day", "2026-03-08T07:00:00Z"),
        ({"after": "night", "lag": "PT30M"}, "night", "2026-03-08T07:30:00Z"),
        ({"after": "day", "lag": "PT30M"}, "day", "2026-03-08T05:30:00Z"),
        ({"before": "day"}, "day", "2026-03-07T08:00:00Z"),
    ],
)
def test_files_are_known_as_their_names_say(known_at, word, instant):
    assert write_instant(know(known_at).find_instant_of_files(word, date(2026, 3, 7))) == instant


def test_history_is_known_as_late_as_its_values_were_corrected():
    for live_from, day in ((None, 12), (date(2026, 3, 9), 10)):
        knowing = know({"column": "at"}, live_from, revised_for="P2D")
        assert knowing.find_instant("2026-03-10T12:00:00Z").day == day


def test_a_row_that_does_not_say_is_refused():
    with pytest.raises(ValueError, match="column at is missing in a row"):
        know({"column": "at"}).find_instant("NA")
