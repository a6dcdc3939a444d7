"""Predictions carry rank, baseline and lineage; a second scoring is compared with the first."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from prediction_frames import KIND

from redeye.declarations import calendar
from redeye.declarations.clock import Clock
from redeye.declarations.project import project
from redeye.models.logic.prediction_equality import Equality
from redeye.models.logic.recalibration import Recalibration
from redeye.scoring.logic import predictions
from redeye.scoring.logic.predictions import (
    Lineage,
    assemble,
    derive_predictions,
    differences,
    prediction_columns,
)

SUBJECT = project().subject
EXACT = Equality(0.0, "exact: here")
LINEAGE = Lineage("flight_delay", date(2013, 3, 9), "2013-03-09.r1", 2, "xgboost", "flight_delay_v1", "run")


def schedule(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "flight_id": [f"f{i}" for i in range(n)],
            "flight_date": date(2013, 3, 10),
            "carrier_id": "AA",
            "flight_number_id": "AA-1",
            "origin_id": "JFK",
            "destination_id": "LAX",
            "scheduled_departure_at": pd.Timestamp("2013-03-10 12:00"),
        }
    )


def scored(probability: list[float]) -> pd.DataFrame:
    values = np.array(probability)
    return assemble(schedule(len(values)), values, values / 2, LINEAGE, SUBJECT, KIND)


def test_the_riskiest_flight_has_rank_one_and_ties_go_by_flight() -> None:
    rows = scored([0.2, 0.9, 0.9])
    assert list(rows["flight_id"]) == ["f1", "f2", "f0"]
    assert list(rows["rank"]) == [1, 2, 3]
    assert list(rows.columns) == list(prediction_columns(SUBJECT, KIND))


def test_created_at_is_the_cutoff_of_a_night_of_23_hours() -> None:
    # Night 2013-03-09 ends at 03:00 daylight time, 07:00 UTC, an hour earlier than the night before.
    assert scored([0.5])["created_at"].iloc[0] == pd.Timestamp("2013-03-10 07:00")


def test_the_raw_probability_stays_beside_the_recalibrated_one_and_ranks_stay_too() -> None:
    values = np.array([0.2, 0.9])
    plain = scored([0.2, 0.9])
    assert plain["raw_probability"].equals(plain["probability"].rename("raw_probability"))
    assert plain["recalibration_night"].isna().all()
    by = Recalibration(-0.5, 1.2, date(2013, 3, 7))
    rows = assemble(schedule(2), values, values / 2, replace(LINEAGE, recalibration=by), SUBJECT, KIND)
    assert rows["raw_probability"].tolist() == [0.9, 0.2]
    assert rows["probability"].tolist() == KIND.recalibrate(np.array([0.9, 0.2]), by).tolist()
    assert rows["rank"].tolist() == plain["rank"].tolist()
    assert set(rows["recalibration_night"]) == {pd.Timestamp("2013-03-07")}


def test_degraded_rows_say_why() -> None:
    values = np.array([0.5])
    rows = assemble(schedule(1), values, values, replace(LINEAGE, degraded_reasons=("a", "b")), SUBJECT, KIND)
    assert bool(rows["is_degraded"].iloc[0])
    assert rows["degraded_reason"].iloc[0] == "a; b"


def test_arrays_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 flights, 1 probabilities"):
        assemble(schedule(2), np.array([0.1]), np.array([0.1, 0.2]), LINEAGE, SUBJECT, KIND)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([0.1, float("nan"), 0.2], "1 of 3 predictions are no numbers"),
        ([0.1, float("inf"), float("nan")], "2 of 3"),
        ([0.1, 0.2], "shape"),
        ([[0.1], [0.2], [0.3]], "shape"),
    ],
)
def test_what_a_model_answers_is_one_number_for_each_row(values: list[float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        predictions.require_predictions(np.array(values), 3)
    assert list(predictions.require_predictions(np.array([0, 1, 0.5], dtype=np.float32), 3)) == [0, 1, 0.5]


def test_equal_scorings_do_not_differ() -> None:
    assert not differences(scored([0.1, 0.2]), scored([0.1, 0.2]), SUBJECT, KIND, EXACT)


def test_within_the_tolerance_they_do_not_differ_and_beyond_it_the_message_says_which_applied() -> None:
    near = Equality(1e-5, "within 1e-05: torch of there, predicted again on here")
    pair = scored([0.1, 0.2]), scored([0.1, 0.200009])
    assert not differences(*pair, SUBJECT, KIND, near)
    assert "exact: here" in "; ".join(differences(*pair, SUBJECT, KIND, EXACT))
    assert "within 1e-05" in "; ".join(differences(scored([0.1]), scored([0.2]), SUBJECT, KIND, near))


def test_every_kind_of_difference_is_named() -> None:
    found = "; ".join(differences(scored([0.1, 0.2]), scored([0.1, 0.25]), SUBJECT, KIND, EXACT))
    assert "1 probabilities, by up to 0.05" in found
    assert "1 flights more" in "; ".join(differences(scored([0.1]), scored([0.1, 0.2]), SUBJECT, KIND, EXACT))
    other = scored([0.1]).assign(release_id="2013-03-09.r2")
    assert "release_id ['2013-03-09.r2']" in "; ".join(
        differences(scored([0.1]), other, SUBJECT, KIND, EXACT)
    )


@pytest.mark.parametrize("dtype", ["object", "boolean"])
def test_a_missing_flag_counts_as_not_degraded_and_warns_of_nothing(dtype):
    frame = pd.DataFrame(
        {
            "night": pd.Timestamp("2013-04-03"),
            "flight_date": pd.Timestamp("2013-04-04"),
            "probability": [0.3, 0.2, 0.1],
            "rank": [1, 2, 3],
            "scheduled_rows": 3,
            "is_degraded": pd.Series([True, None, False], dtype=dtype),
            "degraded_reason": ["late release", "late release", None],
            **dict.fromkeys(predictions.LINEAGE, "same"),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert derive_predictions(frame, SUBJECT, KIND)["is_unexplained"].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("clock", "days", "outside"),
    [
        ({"cutoff": "03:00"}, ["2013-04-02", "2013-04-03", "2013-04-05"], [0, 1, 3]),
        (
            {"cutoff": "MON 03:00", "every": "week"},
            ["2013-04-07", "2013-04-08", "2013-04-14", "2013-04-16"],
            [1, 0, 0, 2],
        ),
    ],
)
def test_a_day_lies_within_those_that_its_night_predicts(monkeypatch, clock, days, outside) -> None:
    declared = project().model_copy(
        update={"clock": Clock.model_validate({"zone": "Europe/Madrid", **clock})}
    )
    monkeypatch.setattr(calendar, "project", lambda: declared)
    frame = pd.DataFrame(
        {
            "night": pd.Timestamp("2013-04-01"),
            "flight_date": pd.to_datetime(days),
            "probability": 0.5,
            "rank": range(1, len(days) + 1),
            "scheduled_rows": len(days),
            "is_degraded": False,
            "degraded_reason": "",
            **dict.fromkeys(predictions.LINEAGE, "same"),
        }
    )
    assert derive_predictions(frame, SUBJECT, KIND)["days_outside"].tolist() == outside
