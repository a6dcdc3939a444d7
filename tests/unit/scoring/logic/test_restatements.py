"""What a restatement changed, and which predictions were made before it was known."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from redeye.declarations.project import project
from redeye.scoring.logic.restatements import Change, Restatement, changes
from redeye.sources.logic.deliveries import DeliveryRef

NIGHT = date(2013, 4, 1)
RULES = project().restatements
KEY = ("carrier", "flight")


def after(nights: int) -> date:
    return NIGHT + timedelta(days=nights)


def rows(*values: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(values, columns=["carrier", "flight", "arr_delay", "known_at"])


def ref(dataset: str, content: str) -> DeliveryRef:
    return DeliveryRef("test", dataset, NIGHT, content, Path(content), 1, False, NIGHT)


def restated(dataset: str, *found: Change) -> Restatement:
    return Restatement(
        ref(dataset, "a"),
        ref(dataset, "b"),
        NIGHT,
        after(2),
        "r1",
        "r2",
        found,
        RULES.shared,
        dataset in RULES.of_one_night,
    )


def predictions() -> pd.DataFrame:
    return pd.DataFrame(
        [(after(n), carrier, "JFK", "LAX") for n in (-1, 0, 2, 3) for carrier in ("AA", "B6")],
        columns=["night", "carrier_id", "origin_id", "destination_id"],
    )


def test_changed_added_and_removed_rows_are_told_and_times_of_knowing_are_not():
    before = rows(("AA", "1", "5", "t1"), ("AA", "2", "NA", "t1"), ("B6", "3", "7", "t1"))
    now = rows(("AA", "1", "25", "t2"), ("AA", "2", "NA", "t2"), ("UA", "4", "1", "t2"))
    assert changes(before, now, KEY) == (
        Change({"carrier": "AA", "flight": "1"}, {"arr_delay": ("5", "25")}),
        Change({"carrier": "B6", "flight": "3"}, {}, "removed"),
        Change({"carrier": "UA", "flight": "4"}, {}, "added"),
    )


def test_equal_deliveries_have_no_changes():
    same = rows(("AA", "1", "5", "t1"))
    assert changes(same, same.assign(known_at="t2"), KEY) == ()


def test_predictions_that_share_a_key_and_came_before_rest_on_it():
    behind = restated(
        "outcomes", Change({"carrier": "AA", "flight": "1"}, {"arr_delay": ("5", "25")})
    ).behind(predictions())
    found = predictions()[behind]
    assert list(found["night"]) == [NIGHT, after(2)]
    assert set(found["carrier_id"]) == {"AA"}


def test_weather_counts_in_its_own_night_alone():
    behind = restated("weather", Change({"origin": "JFK"}, {"temp": ("50", "51")})).behind(predictions())
    assert set(predictions()[behind]["night"]) == {NIGHT}


def test_what_names_no_key_of_a_prediction_counts_for_all():
    behind = restated("planes", Change({"tailnum": "N1"}, {"seats": ("1", "2")})).behind(predictions())
    assert set(predictions()[behind]["night"]) == {NIGHT, after(2)}
    assert behind.sum() == 4


def test_columns_count_rows():
    found = restated(
        "outcomes",
        Change({"carrier": "AA"}, {"arr_delay": ("1", "2"), "arr_time": ("3", "4")}),
        Change({"carrier": "AA"}, {"arr_delay": ("1", "2")}),
        Change({"carrier": "B6"}, {}, "added"),
    )
    assert found.columns == {"added": 1, "arr_delay": 2, "arr_time": 1}
