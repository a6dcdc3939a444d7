"""From rows to fitted candidates: their names, what they read, which of them there are, and which goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_rows import FIRST, made_frame, short_spec

from redeye.declarations.spec_candidates import Candidates, Continued, Weighted
from redeye.declarations.specs import Spec
from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.logic.splits import Window, Windows, plan_windows
from redeye.models.logic.training import (
    Fitted,
    Parent,
    fit_candidates,
    make_examples,
    read_nights,
    score_rows,
    select_candidate,
    select_rows,
    weigh_recency,
)

NIGHT = FIRST + timedelta(days=99)
RECENT = Weighted(name="xgboost_recent", algorithm="xgboost", half_life_nights=10)


@pytest.fixture(scope="module")
def spec() -> Spec:
    fast = short_spec()
    candidates = Candidates(weighted=(RECENT,), continued=Continued(learning_rate_share=1))
    return fast.model_copy(update={"candidates": candidates})


@pytest.fixture(scope="module")
def frame(spec: Spec) -> pd.DataFrame:
    """Rows whose chance of being late turns round in the last weeks of training, so that continuing gains."""
    rows = made_frame(spec, nights=100, per_night=60)
    random = np.random.default_rng(2)
    signal = rows[spec.numeric_columns[0]].to_numpy()
    is_new = (rows["night"] >= pd.Timestamp(spans_of(spec).train.last - timedelta(days=25))).to_numpy()
    rows["is_late"] = random.random(len(rows)) < np.where(is_new, 1 - signal, signal)
    return rows


def spans_of(spec: Spec, night: date = NIGHT) -> Windows:
    return plan_windows(night, spec.split, maturity=spec.label_maturity_nights, first_night=FIRST)


def fit(frame: pd.DataFrame, spec: Spec, parent: Parent | None = None) -> dict[str, Fitted]:
    found = fit_candidates(frame, spec, spans_of(spec), seed=1, threads=1, parent=parent)
    return {each.name: each for each in found}


@pytest.fixture(scope="module")
def parent(frame: pd.DataFrame, spec: Spec) -> Parent:
    earlier = spans_of(spec, NIGHT - timedelta(days=30))
    models = fit_candidates(frame, spec, earlier, seed=1, threads=1)
    model = next(each.model for each in models if each.name == "xgboost")
    return Parent(7, model, earlier.train.last, earlier.validation.last)


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame, spec: Spec, parent: Parent) -> dict[str, Fitted]:
    return fit(frame, spec, parent)


def test_rows_of_a_window_are_those_of_both_its_ends_in_the_frames_order(frame, spec):
    window = Window(FIRST + timedelta(days=1), FIRST + timedelta(days=3))
    mixed = frame.sample(frac=1, random_state=1)
    found = select_rows(mixed, spec, window)
    assert sorted(set(read_nights(found, spec))) == [
        np.datetime64(FIRST + timedelta(days=days)) for days in (1, 2, 3)
    ]
    assert len(found) == 3 * 60
    assert list(found.index) == [each for each in mixed.index if each in set(found.index)]


def test_a_row_without_outcome_is_no_example(frame, spec):
    labels = frame["is_late"].astype("boolean")
    assert make_examples(frame, spec).labels.tolist() == labels.astype(float).tolist()
    labels.iloc[3] = pd.NA
    with pytest.raises(ValueError, match="leave rows without outcome out"):
        make_examples(frame.assign(is_late=labels), spec)


def test_a_model_is_scored_by_labels_and_nights_of_the_rows(frame, spec):
    heuristic = spec.algorithms.heuristic
    names = [name.replace(":", "__") for name in (heuristic.successes, heuristic.trials)]
    scored = score_rows(HeuristicModel(*names, prior=0.2, prior_strength=0), frame, spec)
    assert sorted(scored.predictions) == pytest.approx(sorted(frame[names[0]] / frame[names[1]]))
    assert scored.labels.sum() == frame["is_late"].sum()
    assert scored.nights.tolist() == sorted({night.date() for night in frame["night"]})
    with pytest.raises(ValueError, match="no rows to evaluate"):
        score_rows(HeuristicModel(*names, prior=0.2, prior_strength=0), frame.head(0), spec)


def test_each_candidate_has_a_name_of_its_own_and_says_what_it_continues(fitted):
    assert list(fitted) == ["heuristic", "xgboost", "xgboost_recent", "xgboost_continued"]
    assert [each.algorithm for each in fitted.values()] == ["heuristic", "xgboost", "xgboost", "xgboost"]
    assert {name: each.parent_version for name, each in fitted.items() if each.parent_version} == {
        "xgboost_continued": 7
    }
    assert fitted["xgboost_recent"].params == {"half_life_nights": 10.0}
    assert fitted["xgboost_continued"].preferred_as == "continued"


def test_no_candidate_reads_the_test_window(frame, spec, parent, fitted):
    later = read_nights(frame, spec) >= np.datetime64(spans_of(spec).test.first)
    other = frame.assign(
        is_late=np.where(later, ~frame["is_late"].astype(bool), frame["is_late"].astype(bool))
    )
    for column in spec.numeric_columns:
        other.loc[later, column] = 0.5
    again = fit(other, spec, parent)
    assert {name: each.model.files() for name, each in again.items()} == {
        name: each.model.files() for name, each in fitted.items()
    }


def test_what_lies_in_the_training_window_does_change_them(frame, spec, parent, fitted):
    last = read_nights(frame, spec) == np.datetime64(spans_of(spec).train.last)
    other = fit(frame.assign(is_late=frame["is_late"].astype(bool) ^ last), spec, parent)
    for name in ("xgboost", "xgboost_recent", "xgboost_continued"):
        assert other[name].model.files() != fitted[name].model.files()


def test_the_continued_one_learns_from_the_nights_since_the_parents_training(frame, spec, parent, fitted):
    newer = select_rows(frame, spec, spans_of(spec).train)
    newer = newer[read_nights(newer, spec) > np.datetime64(parent.train_last)]
    assert fitted["xgboost_continued"].params["newer_rows"] == len(newer)
    test = select_rows(frame, spec, spans_of(spec).test)
    late = test["is_late"].to_numpy(dtype=float)
    losses = [
        -np.log(np.where(late > 0, p, 1 - p)).mean()
        for p in (model.predict(test) for model in (fitted["xgboost_continued"].model, parent.model))
    ]
    assert losses[0] < losses[1]


def test_a_parent_that_saw_validation_is_not_continued(frame, spec, parent):
    first = spans_of(spec).validation.first
    assert "xgboost_continued" not in fit(frame, spec, replace(parent, seen_until=first))
    unseen = replace(parent, seen_until=first - timedelta(days=1))
    assert "xgboost_continued" in fit(frame, spec, unseen)


def test_nights_of_one_class_only_are_nothing_to_continue_on(frame, spec, parent):
    newer = read_nights(frame, spec) > np.datetime64(parent.train_last)
    learned = spans_of(spec).train.mask(read_nights(frame, spec))
    other = frame.assign(is_late=frame["is_late"].astype(bool) & ~(newer & learned))
    assert "xgboost_continued" not in fit(other, spec, parent)


def test_without_a_champion_or_a_word_in_the_spec_none_is_continued(frame, spec, parent):
    assert list(fit(frame, spec)) == ["heuristic", "xgboost", "xgboost_recent"]
    silent = spec.candidates.model_copy(update={"continued": None})
    found = fit(frame, spec.model_copy(update={"candidates": silent}), parent)
    assert list(found) == ["heuristic", "xgboost", "xgboost_recent"]


def test_a_parent_with_too_few_newer_nights_is_not_continued(frame, spec, parent):
    close = replace(parent, train_last=spans_of(spec).train.last - timedelta(days=6))
    assert "xgboost_continued" not in fit(frame, spec, close)
    enough = replace(parent, train_last=spans_of(spec).train.last - timedelta(days=7))
    assert "xgboost_continued" in fit(frame, spec, enough)


def test_a_heuristic_has_nothing_to_continue(frame, spec, parent, fitted):
    first = replace(parent, model=fitted["heuristic"].model)
    assert list(fit(frame, spec, first)) == ["heuristic", "xgboost", "xgboost_recent"]


def test_validation_judges_each_candidate_and_no_other_nights_do(frame, spec, fitted):
    validation = select_rows(frame, spec, spans_of(spec).validation)
    for each in fitted.values():
        expected = score_rows(each.model, validation, spec)
        assert each.judged.predictions.tolist() == expected.predictions.tolist()
        assert each.validation == expected.metrics()


def test_a_candidate_that_learned_newer_nights_is_preferred_by_how_and_not_by_its_algorithm(fitted):
    assert {name: each.preferred_as for name, each in fitted.items()} == {
        "heuristic": "heuristic",
        "xgboost": "xgboost",
        "xgboost_recent": "xgboost_recent",
        "xgboost_continued": "continued",
    }
    # Versions count from 1, but whether there is one is not a question of its number.
    assert replace(fitted["xgboost"], parent_version=0).preferred_as == "continued"


def test_weights_halve_with_each_half_life_and_are_one_on_average():
    nights = np.arange("2013-01-01", "2013-03-01", dtype="datetime64[D]")
    weights = weigh_recency(nights, date(2013, 2, 28), 10)
    assert weights.mean() == pytest.approx(1)
    assert weights[-1] / weights[-11] == pytest.approx(2)
    assert weights[-1] / weights[-21] == pytest.approx(4)
    assert weigh_recency(nights[-1:], date(2013, 2, 28), 10).tolist() == [1]


def test_the_preference_of_the_spec_is_followed_among_equals(fitted, spec):
    level = (fitted["xgboost"], replace(fitted["xgboost"], name="xgboost_recent"))
    for first in ("xgboost", "xgboost_recent"):
        candidates = spec.candidates.model_copy(update={"preference": (first,)})
        chosen, choice = select_candidate(level, spec.model_copy(update={"candidates": candidates}))
        assert chosen.name == choice.name == first


def test_an_average_is_of_the_refits_that_the_spec_names_and_is_continued_with_them(
    frame, spec, parent, fitted
):
    candidates = spec.candidates.model_copy(update={"average_of": ("heuristic", "xgboost")})
    asked = spec.model_copy(update={"candidates": candidates})
    found = fit(frame, asked, parent)
    average: Any = found["average"].model
    assert average.members["xgboost"].files() == fitted["xgboost"].model.files()
    assert list(average.members) == ["heuristic", "xgboost"]
    older = replace(parent, model=AverageModel({"xgboost": parent.model}))
    continued = fit(frame, asked, older)["average_continued"]
    assert continued.parent_version == 7
    model: Any = continued.model
    assert model.members["xgboost"].files() == fitted["xgboost_continued"].model.files()
