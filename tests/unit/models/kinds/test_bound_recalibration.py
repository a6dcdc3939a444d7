"""Bounds follow the nights that were served where they are off, and are left alone where they are right."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from delay_minutes import make_spec
from prediction_frames import make_flights

from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.models.kinds.bound_recalibration import judge_bounds, move_bounds
from redeye.models.kinds.interface import Kind, fill_raw, find_kind
from redeye.models.kinds.regression_spec import BoundsRules
from redeye.models.kinds.scored_quantiles import ScoredQuantiles
from redeye.models.logic.recalibration import IDENTITY, JudgedRecalibration, Recalibration
from redeye.scoring.logic.predictions import Lineage, assemble, list_recalibration

NIGHTS, PER_NIGHT, LEVELS, NIGHT = 28, 100, (0.1, 0.5, 0.9), date(2013, 3, 1)
RULES = BoundsRules()
WIDE = 1.2815515655446004  # the 90 % quantile of a normal number


def make_nights(
    seed: int, *, correlation: float = 0.0, off: float = 0.0, nights: int = NIGHTS, is_whole: bool = False
) -> ScoredQuantiles:
    """Labels whose bounds hold as promised, but that all of them are `off` too narrow or, if below 0, too wide.

    The spread of each night follows that of the night before, so that coverage does; and nights share a shift.
    """
    random = np.random.default_rng(seed)
    told = np.empty((2, nights))
    for each in range(nights):
        fresh = random.normal(size=2)
        told[:, each] = (
            fresh if not each else correlation * told[:, each - 1] + np.sqrt(1 - correlation**2) * fresh
        )
    night = np.arange(nights).repeat(PER_NIGHT)
    shift, spread = 0.3 * told[0][night], np.exp(0.15 * told[1][night])
    labels = 10 * (shift + spread * random.normal(size=len(night)))
    bound = TRUE_BOUND - off
    if is_whole:
        labels, bound = np.rint(labels), np.rint(bound)
    said = np.tile([0.0, -bound, bound], (len(night), 1))
    return ScoredQuantiles(labels, said, np.datetime64("2013-01-01") + night, LEVELS)


def find_true_bound() -> float:
    """Of labels of `make_nights` over all nights there could be, by a million of them."""
    random = np.random.default_rng(0)
    nights = random.normal(size=(2, 1_000_000))
    labels = 10 * (0.3 * nights[0] + np.exp(0.15 * nights[1]) * random.normal(size=nights.shape[1]))
    return float(np.quantile(np.abs(labels), 0.8))


TRUE_BOUND = find_true_bound()


def judge(scored: ScoredQuantiles, rules: BoundsRules = RULES) -> JudgedRecalibration:
    return judge_bounds(scored, NIGHT, rules, confidence=0.95)


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_bounds_that_hold_as_promised_are_moved_no_more_often_than_stated(correlation: float) -> None:
    runs = 400
    moved = sum(judge(make_nights(seed, correlation=correlation)).is_in_use for seed in range(runs))
    # At 95 % confidence 20 are allowed; of 400, 8 more are within two standard errors of that.
    assert moved <= 28


@pytest.mark.parametrize("off", [4.0, -8.0])
def test_bounds_that_are_off_are_moved_so_that_new_nights_are_covered(off: float) -> None:
    found = judge(make_nights(1, off=off))
    assert found.is_in_use
    assert found.lower > 0
    assert (found.nights, found.rows) == (NIGHTS, NIGHTS * PER_NIGHT)
    assert found.recalibration.night == NIGHT
    assert np.sign(found.recalibration.intercept) == np.sign(off)
    raw = make_nights(2, off=off)
    served = raw.like(
        raw.labels, move_bounds(raw.predictions, found.recalibration), raw.nights[raw.night_of_row]
    )
    assert raw.measure("coverage_error") > 0.08
    assert served.measure("coverage_error") < 0.04


def test_the_margin_is_the_quantile_of_distances() -> None:
    scored = make_nights(3, off=4)
    value, lower, upper = scored.predictions.T
    distances = np.sort(np.maximum(lower - scored.labels, scored.labels - upper))
    rank = int(np.ceil((len(distances) + 1) * 0.8))
    assert judge(scored).recalibration.intercept == distances[rank - 1]
    assert (value == 0).all()


def test_whole_numbers_stay_whole_and_their_edge_is_no_fault() -> None:
    for off in (0.0, 5.0):
        scored = make_nights(4, off=off, is_whole=True)
        found = judge(scored)
        assert found.is_in_use is (off > 0)
        assert (move_bounds(scored.predictions, found.recalibration) % 1 == 0).all()


def test_too_few_nights_are_no_evidence() -> None:
    ten, few = BoundsRules(minimum_nights=10), make_nights(5, off=6, nights=12)
    assert judge(few, ten).is_in_use
    assert not judge(few).is_in_use
    one = judge(make_nights(5, off=6, nights=1), ten)
    assert not one.is_in_use
    assert np.isnan(one.lower)


def test_labels_and_bounds_that_are_all_the_same_are_left_alone() -> None:
    nights = np.datetime64("2013-01-01") + np.arange(28).repeat(5)
    found = judge(ScoredQuantiles(np.zeros(140), np.zeros((140, 3)), nights, LEVELS))
    assert not found.is_in_use
    assert found.recalibration.intercept == 0


def test_the_identity_gives_back_the_very_numbers_and_bounds_never_cross_the_number() -> None:
    raw = np.array([[5.0, 1.0, 9.0], [5.0, 4.5, 5.5]])
    assert move_bounds(raw, IDENTITY) is raw
    assert move_bounds(raw, Recalibration(2.0, 1.0, NIGHT)).tolist() == [[5, -1, 11], [5, 2.5, 7.5]]
    assert move_bounds(raw, Recalibration(-1.0, 1.0, NIGHT)).tolist() == [[5, 2, 8], [5, 5, 5]]


@pytest.fixture
def spec(tmp_path) -> Spec:
    return make_spec(tmp_path)


def test_the_kind_judges_what_the_version_said_and_not_what_was_served(spec: Spec) -> None:
    scored = make_nights(1, off=4)
    value, lower, upper = scored.predictions.T
    rows = pd.DataFrame(
        {
            "night": scored.nights[scored.night_of_row],
            "label": scored.labels,
            "value": value,
            "lower": lower - 4,
            "upper": upper + 4,
            "raw_lower": lower,
            "raw_upper": upper,
        }
    )
    kind: Kind = find_kind(spec)
    assert kind.judge_recalibration(rows, NIGHT) is None
    kind = find_kind(spec.model_copy(update={"recalibration": RULES}))
    found = kind.judge_recalibration(rows, NIGHT)
    assert found is not None
    assert found.is_in_use
    told = kind.describe_recalibration(found.recalibration, rows.iloc[0].to_dict())
    assert f"between {float(lower[0])!r} and {float(upper[0])!r} as the version gave it" in told
    # Rows of before have no raw bounds: they were served as the version gave them.
    before = kind.judge_recalibration(rows.drop(columns=["raw_lower", "raw_upper"]), NIGHT)
    assert before is not None
    assert not before.is_in_use
    some = rows.assign(raw_lower=rows["raw_lower"].where(rows.index > 0))
    assert fill_raw(some, kind)["raw_lower"].tolist()[:2] == [lower[0] - 4, lower[1]]


def test_moved_bounds_are_stored_beside_those_of_the_version(spec: Spec) -> None:
    kind, subject = find_kind(spec), project().subject
    by = Recalibration(2.0, 1.0, NIGHT)
    lineage = Lineage(
        spec.model, date(2013, 4, 3), "r1", 2, "regression_xgboost", "v1", "run", recalibration=by
    )
    raw = np.column_stack([np.arange(5.0), np.arange(5.0) - 3, np.arange(5.0) + 4])
    rows = assemble(make_flights(), raw, raw, lineage, subject, kind)
    assert (rows["raw_lower"] - rows["lower"]).tolist() == [2.0] * 5
    assert (rows["upper"] - rows["raw_upper"]).tolist() == [2.0] * 5
    assert rows["value"].tolist() == [4, 3, 2, 1, 0]
    assert rows["baseline_lower"].equals(rows["raw_lower"].rename("baseline_lower"))
    assert set(rows["recalibration_night"]) == {pd.Timestamp(NIGHT)}
    assert list_recalibration(kind) == ["raw_lower", "raw_upper", "recalibration_night"]
