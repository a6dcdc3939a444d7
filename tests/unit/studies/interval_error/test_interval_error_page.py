"""The page's tables."""

from __future__ import annotations

import pandas as pd

from redeye.studies.interval_error.interval_error_page import tabulate


def test_numbers_are_shares_unless_they_have_a_form_of_their_own() -> None:
    rows = pd.DataFrame({"kind": ["none"], "nights": [14], "too_high": [0.0512]})
    lines = str(tabulate(rows, {"nights": "{:.0f}"})).splitlines()
    assert lines[0] == "| kind | nights | too high |"
    assert lines[2] == "| none | 14 | 5.1% |"
