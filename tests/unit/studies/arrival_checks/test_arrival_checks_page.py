"""The page of the checks of arrivals says what trials said, and tells of the measures that the contracts have."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from redeye.foundation.settings import RESULTS
from redeye.studies.arrival_checks.arrival_checks_page import PAGE, list_checks, make_mark, write_page
from redeye.studies.arrival_checks.logic.trials import Trial


def test_the_committed_page_tells_of_the_measures_and_bounds_of_today() -> None:
    text = (RESULTS / PAGE).read_text(encoding="utf-8")
    assert make_mark() in text, (
        "docs/results/arrival-checks.md tells of earlier bounds: `./redeye arrival-checks`"
    )


def test_the_page_counts_alarms_finds_and_misses(tmp_path: Path) -> None:
    check = list_checks()[-1]
    trials = [
        Trial(None, "", date(2013, 6, 1), ()),
        Trial(None, "", date(2013, 8, 1), (check,)),
        Trial("frozen", "weather", date(2013, 8, 2), (check,)),
        Trial("frozen", "weather", date(2013, 8, 3), ()),
    ]
    text = write_page(tmp_path, trials, chosen_until=date(2013, 6, 30)).read_text(encoding="utf-8")
    assert "**0 of 1** to 2013-06-30" in text
    assert "**1 of 1** after it" in text
    assert "1 of 2 refused" in text
    assert "- 2013-08-01: " + check[2] in text
    assert "- frozen: 2013-08-03" in text
    assert make_mark() in text


def test_every_rule_of_every_contract_is_listed_once() -> None:
    checks = list_checks()
    assert len(checks) > 100
    assert ("weather_profile", "expect_column_values_to_be_between", "swapped_gain") in checks
