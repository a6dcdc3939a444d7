"""What fires and what does not: nights of the training never, a change of one column or of many always."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_calibration import FEATURES, SHARE, History, calibrate, tabulate
from redeye.monitoring.logic.drift_measures import COUNTED, Bins, Summary
from redeye.monitoring.logic.drift_profile import Profile, find_drift
from redeye.monitoring.logic.drift_result import ColumnDrift, DriftFinding, Kind, Span

PREDICTION = "probability"

RULES = Drift()
NIGHTS, PER_NIGHT = 60, 300
LAST = date(2013, 5, 1)
NUMBERS = {"distance": True, "rate": True, "weather": True, "carrier": False}


def night(seed: int, rows: int = PER_NIGHT, *, last: date = LAST) -> pd.DataFrame:
    """One night: like every other one, but for weather, which is the same for all of its flights."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "night": pd.Timestamp(last),
            "distance": rng.gamma(2.0, 500.0, rows),
            "rate": np.where(rng.random(rows) < 0.1, np.nan, rng.beta(2, 6, rows)),
            "weather": rng.normal(50.0, 10.0),
            "carrier": rng.choice(["AA", "B6", "DL", "UA"], rows, p=[0.4, 0.3, 0.2, 0.1]),
            PREDICTION: rng.beta(2, 6, rows),
        }
    )


def history(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """All nights of the training, and the place of each row's night."""
    frames = [night(seed * 1000 + n) for n in range(NIGHTS)]
    return pd.concat(frames, ignore_index=True), np.repeat(np.arange(NIGHTS), PER_NIGHT)


def profile(seed: int = 0, rules: Drift = RULES) -> Profile:
    """Calibrated on the made-up training; its last ten nights are the test, not the reference."""
    frame, place = history(seed)
    is_reference = np.arange(NIGHTS) < NIGHTS - 10
    histories = {}
    for name, is_numeric in {**NUMBERS, PREDICTION: True}.items():
        bins = Bins.of(
            frame.loc[is_reference[place], name],
            is_numeric=is_numeric,
            maximum_categories=rules.maximum_categories,
        )
        assert bins is not None
        kind = Kind.PREDICTION if name == PREDICTION else Kind.FEATURE
        histories[name] = History(bins, kind, Summary.of(bins, frame[name], place, NIGHTS), is_reference)
    nights = pd.date_range("2013-01-01", periods=NIGHTS)
    return Profile.of(histories, ("never_known",), tabulate(calibrate(histories.values(), nights, rules)))


PROFILE = profile()


def week(seed: int) -> pd.DataFrame:
    return pd.concat(
        [night(seed * 100 + n, last=LAST - timedelta(days=n)) for n in range(7)], ignore_index=True
    )


def found(frame: pd.DataFrame, *, reference: Profile = PROFILE) -> DriftFinding:
    return find_drift(reference, frame, frame[["night", PREDICTION]], RULES, last=LAST)


def share_of(finding: DriftFinding, span: Span = Span.WEEK) -> ColumnDrift:
    """The row on the share of drifted features: drifted if the features are."""
    (row,) = [each for each in finding.rows if (each.span, each.kind) == (span, Kind.SHARE)]
    return row


def drifted_columns(finding: DriftFinding, kind: Kind = Kind.FEATURE) -> set[str]:
    return {
        each.column
        for each in finding.rows
        if each.span is Span.WEEK and each.kind is kind and each.is_drifted and each.statistic in COUNTED
    }


def test_the_training_s_own_nights_do_not_fire() -> None:
    frame, place = history()
    fired = []
    for last in range(6, NIGHTS):
        window = frame[(place <= last) & (place > last - 7)].copy()
        window["night"] = pd.Timestamp(LAST) - pd.to_timedelta(last - place[window.index], unit="D")
        finding = found(window)
        fired += [(last, finding.reasons)] if finding.reasons else []
    assert fired == []


def test_fourteen_nights_drawn_from_the_training_s_rows_do_not_fire() -> None:
    frame, _ = history()
    for seed in range(14):
        drawn = frame.sample(7 * 300, random_state=seed).reset_index(drop=True)
        drawn["night"] = pd.Timestamp(LAST) - pd.to_timedelta(np.arange(len(drawn)) % 7, unit="D")
        assert found(drawn).reasons == ()


def test_new_nights_of_the_same_kind_do_not_fire() -> None:
    assert sum(bool(found(week(50 + seed)).reasons) for seed in range(14)) == 0


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("distance", lambda values: values * 0),
        ("rate", lambda values: values * 0),
        ("distance", lambda values: values * 60),
        ("rate", lambda values: values * np.nan),
        ("carrier", lambda values: values.map(lambda _: "AA")),
    ],
)
def test_one_broken_feature_is_enough(column: str, change: object) -> None:
    frame = week(7)
    frame[column] = change(frame[column])  # type: ignore[operator]
    finding = found(frame)
    assert all(share_of(finding, span).is_drifted for span in Span)
    of_week = [reason for reason in finding.reasons if reason.startswith("week: ")]
    assert of_week
    assert all(
        reason.startswith(f"week: {column} is") or f"week: {column} has" in reason for reason in of_week
    )


def test_a_share_of_shifted_features_is_drift() -> None:
    frame = week(8)
    frame["weather"] += 40
    alone = found(frame)
    assert drifted_columns(alone) == {"weather"}
    assert share_of(alone).value == pytest.approx(1 / 4)
    assert not share_of(alone).is_drifted  # one feature of four, and not many times beyond
    frame["distance"] *= 1.3
    both = found(frame)
    assert share_of(both).is_drifted
    of_week = [reason for reason in both.reasons if reason.startswith("week: ")]
    assert len(of_week) == 1  # none of them is broken
    assert "50% of the features drifted" in of_week[0]


def test_the_prediction_s_drift_is_told_apart() -> None:
    frame = week(9)
    frame[PREDICTION] = frame[PREDICTION] / 3
    finding = found(frame)
    assert drifted_columns(finding, Kind.PREDICTION) == {PREDICTION}
    assert not share_of(finding).is_drifted
    assert any(reason.startswith("week: the predictions drifted: distance") for reason in finding.reasons)


def test_an_unseen_category_in_every_row_is_drift() -> None:
    frame = week(10)
    frame["carrier"] = np.where(np.arange(len(frame)) % 2, "new", frame["carrier"])
    assert "carrier" in drifted_columns(found(frame))


def test_few_rows_and_few_nights_are_not_judged() -> None:
    few = found(night(1, rows=RULES.minimum_rows - 1))
    assert share_of(few, Span.NIGHT).value is None
    assert share_of(few, Span.NIGHT).note == "too few rows, nights or history to judge"
    alone = found(night(1))
    assert share_of(alone, Span.NIGHT).value is not None
    assert share_of(alone).value is None
    assert found(night(1).iloc[:0]).reasons == ()


def test_every_column_has_rows_in_every_span_even_unmeasured_ones() -> None:
    frame = week(11).drop(columns="distance")
    rows = found(frame).frame(3)
    for span in Span:
        of = rows[rows["span"] == str(span)]
        assert set(of["column_name"]) == {
            "distance", "rate", "weather", "carrier", PREDICTION, "features", "never_known",
        }  # fmt: skip
    notes = rows.set_index("column_name")["note"]
    assert set(notes["distance"]) == {"these rows were scored without it"}
    assert set(notes["never_known"]) == {"no value in the reference"}
    assert (rows["model_version"] == 3).all()
    assert set(rows["kind"]) == {str(Kind.FEATURE), str(Kind.PREDICTION), str(Kind.SHARE)}


def test_thresholds_say_where_they_come_from() -> None:
    places = PROFILE.calibration.set_index(["column", "span", "statistic"])
    place = places.loc["weather", "week", "wasserstein"]
    assert place.windows == NIGHTS - 6
    assert place.threshold == pytest.approx(place.quantile_value * RULES.margin)
    assert place.highest >= place.quantile_value
    assert place.highest_night.startswith("2013-0")
    thresholds = PROFILE.thresholds
    assert thresholds["weather", Span.NIGHT, "wasserstein"] > place.threshold
    # One day's weather is constant on every clean night: constancy cannot say that it broke.
    assert thresholds["weather", Span.NIGHT, "constant"] == 1
    assert thresholds["distance", Span.NIGHT, "constant"] < 1
    assert thresholds[FEATURES, Span.WEEK, SHARE] >= RULES.minimum_share


def test_it_survives_its_file() -> None:
    again = Profile.from_dict(PROFILE.to_dict(), PROFILE.calibration)
    frame = week(12)
    frame["rate"] *= 2
    assert found(frame, reference=again) == found(frame)
