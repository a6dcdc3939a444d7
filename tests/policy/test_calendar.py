"""The calendar alone knows how long a night is: everything else asks it for the next, or how many there are."""

from __future__ import annotations

import re

import pytest

from redeye.foundation.settings import PROJECT_ROOT

ENGINE = ("ml/redeye", "plugins", "dags")
CALENDAR = tuple(
    f"ml/redeye/declarations/{name}.py" for name in ("calendar", "clock", "clock_sql", "durations", "span")
)
# How dates are stepped and counted in Python, pandas and SQL.
DAYS = re.compile(
    r"\bONE_DAY\b|\b[Tt]imedelta\((days=|\d)|(?<!dt)\.days\b|generate_series|\(night [-+] 1\)"
    r"|INTERVAL .*\bDAYS?\b"
)
# Real days, whatever a night is: each file or folder by its path, with why.
ALLOWED = {
    "ml/redeye/audits/logic/earlier_nights.py": "the days around a holiday are like no weekday",
    "ml/redeye/cli/operate/serving.py": "a token expires after days of the clock",
    "ml/redeye/operations/find_alerts.py": "people are told for how many days they keep others waiting",
    "ml/redeye/review/logic/waivers.py": "a waiver ends after half a year",
    "ml/redeye/scoring/coming_rows.py": "a schedule is assumed from the same weekday, and moved by days",
    "ml/redeye/sources/declared/": "files and values of data name days of the calendar",
    "ml/redeye/stack/airflow/live.py": "a source is shifted by whole weeks",
    "ml/redeye/studies/season/season_page.py": "a chart goes by weeks of the calendar",
    "plugins/redeye_airflow/timetables.py": "a date typed in a place is one of its own midnights",
}
MOST_ALLOWED = 10


def find_files_that_count_days() -> list[str]:
    return sorted(
        name
        for folder in ENGINE
        for path in (PROJECT_ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql", ".html", ".j2")
        and (name := path.relative_to(PROJECT_ROOT).as_posix()) not in CALENDAR
        and DAYS.search(path.read_text(encoding="utf-8"))
    )


def is_allowed(path: str) -> bool:
    return path in ALLOWED or any(each.endswith("/") and path.startswith(each) for each in ALLOWED)


def test_only_files_that_are_named_with_a_reason_count_days() -> None:
    unknown = [path for path in find_files_that_count_days() if not is_allowed(path)]
    assert not unknown, f"ask redeye.declarations.calendar for the night, or how many there are: {unknown}"


def test_the_list_is_short_and_holds_no_file_that_counts_none() -> None:
    assert len(ALLOWED) <= MOST_ALLOWED
    found = find_files_that_count_days()
    unused = [each for each in ALLOWED if not any(path.startswith(each) for path in found)]
    assert not unused, f"these count none any longer: take them off the list: {unused}"
    assert all(len(reason.split()) >= 4 for reason in ALLOWED.values())


@pytest.mark.parametrize(
    "line",
    [
        "before = night - ONE_DAY",
        "last = night - timedelta(days=spec.label_maturity_nights)",
        "after = night + timedelta(1)",
        "first = night - pd.Timedelta(days=nights_back)",
        "age = (night - trained).days",
        "SELECT unnest(generate_series(?::DATE, ?::DATE, INTERVAL 1 DAY))",
        "WINDOW week AS (ORDER BY night RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW)",
        "cast((night + 1) AS TIMESTAMP)",
    ],
)
def test_a_step_of_days_would_be_found(line: str) -> None:
    assert DAYS.search(line)
