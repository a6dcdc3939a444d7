"""Each probe finds its own oddity and measures it by its own unit; a plain model has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_fields import Frozen
from redeye.models.algorithms.base import Categories, Floats, Inputs, Model, Training
from redeye.promotion.logic import robustness_probes
from redeye.promotion.logic.robustness_probes import RobustnessProbes, select_declared

INPUTS = Inputs(("past__late", "past__flights", "month"), ("carrier_id",))
ROWS = 240
FRAME = pd.DataFrame(
    {
        "is_late": 1,
        "carrier_id": ["AA", "B6"] * (ROWS // 2),
        "month": np.arange(ROWS) % 12,
        "past__late": np.arange(ROWS),
        "past__flights": 1000,
    }
)
Says = Callable[[pd.DataFrame, int], np.ndarray]


def say_plainly(rows: pd.DataFrame, call: int) -> np.ndarray:
    return (rows["past__late"] / 1000).clip(0, 1).fillna(0.5).to_numpy()


@dataclass(frozen=True)
class Answering(Model[Frozen]):
    """Answers as it is told, by the rows and by how often it was asked before."""

    algorithm: ClassVar[str] = "answering"

    says: Says = say_plainly
    content: Mapping[str, bytes] = field(default_factory=dict)
    asked: list[pd.DataFrame] = field(default_factory=list)

    @classmethod
    def fit(cls, training: Training, params: Frozen) -> Self:
        return cls()

    @property
    def categories(self) -> Categories:
        return Categories({})

    def predict(self, frame: pd.DataFrame) -> Floats:
        self.asked.append(frame)
        return self.says(frame, len(self.asked))

    def importance(self) -> dict[str, float]:
        return {}

    def files(self) -> dict[str, bytes]:
        return dict(self.content)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        offset = float(files.get("offset", b"0"))
        return cls(lambda rows, call: say_plainly(rows, call) + offset)


def tried(model: Answering, frame: pd.DataFrame = FRAME) -> RobustnessProbes:
    return RobustnessProbes(model, frame, INPUTS)


def test_the_declared_inputs_are_given_in_their_order_and_nothing_else():
    assert list(select_declared(FRAME, INPUTS)) == ["past__late", "past__flights", "month", "carrier_id"]
    with pytest.raises(KeyError, match="month"):
        select_declared(FRAME.drop(columns="month"), INPUTS)


def test_a_model_never_sees_the_outcome():
    model = Answering()
    probes = tried(model)
    probes.seconds(), probes.measure_batch_variance(), probes.find_failures()
    assert {tuple(rows.columns) for rows in model.asked} == {INPUTS.numeric + INPUTS.categorical}


def test_seconds_are_the_median_of_five_per_1000_rows(monkeypatch):
    # Each prediction takes as long as the next of these by a clock of the test's own.
    took: Iterator[float] = iter([8.0, 1.0, 2.0, 500.0, 3.0])
    now = 0.0

    def be_slow(rows: pd.DataFrame, call: int) -> np.ndarray:
        nonlocal now
        now += next(took)
        return say_plainly(rows, call)

    monkeypatch.setattr(robustness_probes, "time", SimpleNamespace(perf_counter=lambda: now))
    assert tried(Answering(be_slow)).seconds() == pytest.approx(3 * 1000 / ROWS)
    assert next(took, None) is None


def test_at_most_1000_rows_are_timed_and_200_probed():
    model = Answering()
    probes = tried(model, pd.concat([FRAME] * 5))
    probes.seconds()
    assert {len(rows) for rows in model.asked} == {1000}
    model.asked.clear()
    probes.find_failures()
    assert {len(rows) for rows in model.asked} == {200}


def test_megabytes_are_of_all_files():
    assert tried(Answering(content={"a": bytes(1_500_000), "b": bytes(250_000)})).megabytes() == 1.75


def test_a_plain_model_answers_each_row_the_same_in_any_company():
    assert tried(Answering()).measure_batch_variance() == 0


@pytest.mark.parametrize(
    "is_odd",
    [
        lambda rows, call: call == 2,
        lambda rows, call: rows.index[0] > rows.index[-1],
        lambda rows, call: len(rows) == 100,
        lambda rows, call: len(rows) == 1,
    ],
    ids=["again", "reversed", "half", "alone"],
)
@pytest.mark.parametrize("by", [0.25, -0.25])
def test_a_row_that_is_answered_otherwise_in_one_way_is_found(is_odd, by: float):
    def say(rows: pd.DataFrame, call: int) -> np.ndarray:
        return say_plainly(rows, call) + by * is_odd(rows, call)

    assert tried(Answering(say)).measure_batch_variance() == pytest.approx(0.25)


def test_a_model_that_comes_back_otherwise_from_its_files_is_found():
    assert tried(Answering(content={"offset": b"0.125"})).measure_batch_variance() == pytest.approx(0.125)


def test_a_few_rows_spread_over_all_are_asked_alone():
    for frame, alone in ((FRAME, 13), (FRAME.head(5), 5)):
        model = Answering()
        tried(model, frame).measure_batch_variance()
        assert sum(len(rows) == 1 for rows in model.asked) == alone


def test_probabilities_of_0_and_1_are_probabilities():
    def say(rows: pd.DataFrame, call: int) -> np.ndarray:
        return np.arange(len(rows)) % 2

    assert tried(Answering(say)).find_failures() == ()


@pytest.mark.parametrize("wrong", [np.nan, -1e-9, 1 + 1e-9, np.inf])
def test_what_is_no_probability_is_counted(wrong: float):
    def say(rows: pd.DataFrame, call: int) -> np.ndarray:
        return np.where(rows["month"].isna() & (np.arange(len(rows)) < 7), wrong, say_plainly(rows, call))

    assert tried(Answering(say)).find_failures() == (
        "every number missing: no probability for 7 of 200 rows",
        "everything missing: no probability for 7 of 200 rows",
    )


@pytest.mark.parametrize(
    ("is_hit", "names"),
    [
        (lambda rows: rows["carrier_id"].isna().all(), ["every category missing", "everything missing"]),
        (lambda rows: (rows["carrier_id"] == "never seen").all(), ["every category unknown"]),
        (lambda rows: (rows["month"] == 1e9).all(), ["every number far too large"]),
        (lambda rows: (rows["month"] == -1e9).all(), ["every number far too small"]),
        (
            lambda rows: rows[["past__late", "past__flights"]].isna().all(axis=None),
            ["every number missing", "everything missing", "past missing"],
        ),
        (
            lambda rows: rows["past__late"].isna().all() and rows["month"].notna().all(),
            ["past missing"],
        ),
    ],
    ids=["category", "unknown", "large", "small", "numbers", "view"],
)
def test_what_a_model_raises_is_told_with_the_probe(is_hit, names: list[str]):
    def say(rows: pd.DataFrame, call: int) -> np.ndarray:
        if is_hit(rows):
            raise ZeroDivisionError("no such thing")
        return say_plainly(rows, call)

    found = tried(Answering(say)).find_failures()
    assert found == tuple(f"{name}: ZeroDivisionError: no such thing" for name in names)


def test_a_model_that_gives_more_or_fewer_predictions_than_rows_fails():
    def say(rows: pd.DataFrame, call: int) -> np.ndarray:
        return say_plainly(rows, call)[:-1]

    probes = tried(Answering(say))
    assert all("ValueError: (199,) predictions for 200 rows" in each for each in probes.find_failures())
    assert len(probes.find_failures()) == 7
    with pytest.raises(ValueError, match=r"\(199,\) predictions for 200 rows"):
        probes.measure_batch_variance()


def test_without_rows_nothing_is_tried():
    probes = tried(Answering(), FRAME.head(0))
    for act in (probes.seconds, probes.measure_batch_variance, probes.find_failures):
        with pytest.raises(ValueError, match="no rows to try the model on"):
            act()
