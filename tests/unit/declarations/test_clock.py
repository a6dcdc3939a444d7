"""A clock as it is declared: what a night is, and what is said of a clock that cannot be."""

from __future__ import annotations

import re
from datetime import date, time

import pytest
from pydantic import ValidationError

from redeye.declarations.clock import Clock
from redeye.declarations.project import PROJECT_FILE, load_project
from redeye.foundation.errors import ConfigError

GOOD = PROJECT_FILE.read_text(encoding="utf-8")
FIRST = GOOD.splitlines().index("clock:") + 1


def refuse(tmp_path, *lines: str) -> str:
    """What is said of the root's own declaration with another clock."""
    path = tmp_path / "redeye.yaml"
    clock = "".join(f"  {line}\n" for line in lines)
    path.write_text(re.sub(r"(?<=^clock:\n)(  .*\n)+", clock, GOOD, flags=re.MULTILINE), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_project(path)
    return str(error.value)


def test_a_night_is_a_day_unless_said_otherwise():
    clock = Clock(zone="Europe/Madrid", cutoff="06:30")
    assert (clock.every, clock.days, clock.weekday, clock.cutoff_time) == ("day", 1, None, time(6, 30))


def test_a_week_ends_on_a_weekday():
    clock = Clock(zone="Asia/Kolkata", cutoff="WED 04:00", every="week")
    assert (clock.days, clock.weekday, clock.cutoff_time) == (7, 2, time(4))


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (
            ["zone: UTC", "cutoff: MON 04:00"],
            2,
            "'MON 04:00' ends no night of a day: write HH:MM, as 03:00, or ",
        ),
        (["zone: UTC", 'cutoff: "04:00"', "every: week"], 2, "as MON 04:00, or `every: day`"),
        (
            ["zone: UTC", "cutoff: MAN 04:00", "every: week"],
            2,
            "HH:MM after one of MON, TUE, WED, THU, FRI, SAT, SUN",
        ),
        (["zone: UTC", "cutoff: MON 25:00", "every: week"], 2, "'MON 25:00' ends no night of a week"),
        (["zone: UTC", 'cutoff: "03:00"', "every: hour"], 3, "'hour': input should be 'day' or 'week'"),
        (
            ["zone: UTC", "cutoff: MON 04:00", "every: week", "skip: [2026-12-02]"],
            4,
            "starts on 2026-12-02, a WED",
        ),
        (
            ["zone: UTC", 'cutoff: "03:00"', "skip: [{from: 2026-12-02, to: 2026-12-01}]"],
            3,
            "is before 2026-12-02",
        ),
        (["zone: UTC", 'cutoff: "03:00"', "skips: [2026-12-02]"], 3, "did you mean 'skip'?"),
    ],
)
def test_a_clock_that_cannot_be_is_refused_with_its_line_and_what_is_allowed(tmp_path, lines, line, said):
    found = refuse(tmp_path, *lines)
    assert f"redeye.yaml:{FIRST + line}: clock." in found
    assert said in found


def test_a_clock_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Clock(zone="UTC", cutoff="03:00").skip = (date(2026, 12, 2),)
