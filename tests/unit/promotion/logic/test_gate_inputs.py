"""What the gates are given of a candidate and of a champion: their predictions, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pytest
from made_rows import made_frame, short_spec

from redeye.declarations.specs import Spec
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.logic.training import make_examples, read_nights
from redeye.promotion.logic.gate_inputs import (
    group_rows,
    make_candidate_input,
    make_champion_input,
    measure_base,
)

SEEN = date(2013, 1, 9)
SPEC: Spec = short_spec()
ROWS = made_frame(SPEC, nights=3)
BEFORE = made_frame(SPEC, first=date(2012, 12, 1), nights=2)
HEURISTIC = SPEC.algorithms.heuristic
assert HEURISTIC is not None
COUNTS = tuple(name.replace(":", "__") for name in (HEURISTIC.successes, HEURISTIC.trials))
MODEL = HeuristicModel(*COUNTS, prior=0.2, prior_strength=50)


@dataclass(frozen=True)
class Peeking(HeuristicModel):
    """Reads the outcome."""

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return frame["is_late"].to_numpy(dtype=np.float64)


@dataclass(frozen=True)
class Mute(HeuristicModel):
    """Gives no probability for rows of the window; for those before it does."""

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return np.full(len(frame), np.nan) if len(frame) == len(ROWS) else super().predict(frame)


PEEKING, MUTE = (kind(*COUNTS, prior=0.2, prior_strength=50) for kind in (Peeking, Mute))
make_candidate = partial(make_candidate_input, base=0.2)
MAKERS = [make_candidate, make_champion_input]


@pytest.mark.parametrize("make", MAKERS)
def test_a_model_is_scored_on_the_window_and_on_the_nights_before(make):
    found = make("one", MODEL, ROWS, SPEC, seen_until=SEEN, before=BEFORE)
    assert (found.name, found.seen_until, found.trouble) == ("one", SEEN, "")
    for scored, rows in ((found.scored, ROWS), (found.before, BEFORE)):
        assert sorted(scored.predictions) == sorted(MODEL.predict(rows))
        assert scored.labels.sum() == make_examples(rows, SPEC).labels.sum()
        assert scored.nights.tolist() == np.unique(read_nights(rows, SPEC)).tolist()


@pytest.mark.parametrize("make", MAKERS)
def test_without_nights_before_there_are_no_predictions_of_them(make):
    assert make("one", MODEL, ROWS, SPEC, seen_until=SEEN).before is None


@pytest.mark.parametrize("make", MAKERS)
def test_a_model_without_probabilities_is_not_scored_and_the_reason_is_kept(make):
    found = make("one", MUTE, ROWS, SPEC, seen_until=SEEN, before=BEFORE)
    assert found.scored is None
    assert found.trouble == f"ValueError: {len(ROWS)} of {len(ROWS)} predictions are NaN or outside 0 to 1"
    assert found.before is not None


@pytest.mark.parametrize("make", MAKERS)
def test_trouble_on_the_nights_before_is_none_of_the_window(make):
    found = make("one", MUTE, BEFORE, SPEC, seen_until=SEEN, before=ROWS)
    assert found.scored is not None
    assert (found.before, found.trouble) == (None, "")


def test_a_candidate_is_given_its_declared_inputs_alone():
    found = make_candidate("peeking", PEEKING, ROWS, SPEC, seen_until=SEEN, before=BEFORE)
    assert (found.scored, found.before, found.trouble) == (None, None, "KeyError: 'is_late'")
    assert list(found.probes.frame) == [*SPEC.numeric_columns, *SPEC.categorical_columns]


def test_a_champion_may_read_what_another_version_of_the_spec_declared():
    assert make_champion_input("old", PEEKING, ROWS, SPEC, seen_until=SEEN).scored is not None


def test_only_a_candidate_is_to_be_tried():
    assert make_champion_input("one", MODEL, ROWS, SPEC, seen_until=SEEN).probes is None
    probes = make_candidate("one", MODEL, ROWS, SPEC, seen_until=SEEN).probes
    assert probes.model is MODEL
    assert len(probes.frame) == len(ROWS)


@pytest.mark.parametrize("rows", ["frame", "before"])
def test_an_input_that_is_not_there_is_no_fault_of_the_candidate(rows: str):
    lacking = {"frame": ROWS, "before": BEFORE}
    lacking[rows] = lacking[rows].drop(columns=SPEC.numeric_columns[0])
    with pytest.raises(KeyError, match=SPEC.numeric_columns[0]):
        make_candidate("one", MODEL, spec=SPEC, seen_until=SEEN, **lacking)


@pytest.mark.parametrize("make", MAKERS)
def test_a_row_without_outcome_is_no_fault_of_the_model(make):
    labels = ROWS["is_late"].astype("boolean").mask(ROWS.index == 3)
    with pytest.raises(ValueError, match="leave rows without outcome out"):
        make("one", MODEL, ROWS.assign(is_late=labels), SPEC, seen_until=SEEN)


def test_the_base_rate_is_that_of_the_training_with_a_row_of_each_class_more():
    rows = ROWS.head(8).assign(is_late=[True, False, False, False] * 2)
    assert measure_base(rows, SPEC) == pytest.approx(3 / 10)
    assert make_candidate("one", MODEL, ROWS, SPEC, seen_until=SEEN).base == 0.2


def test_rows_are_grouped_by_the_slice_columns_that_are_there():
    first, *others = SPEC.gates.slices.columns
    assert others
    found = group_rows(ROWS.assign(**dict.fromkeys(SPEC.gates.slices.columns, "x")).drop(columns=first), SPEC)
    assert list(found) == others
    assert all(values.tolist() == ["x"] * len(ROWS) for values in found.values())
