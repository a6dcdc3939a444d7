"""Each fault does what its name says, to the rows that it names and to no other, and survives being saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from redeye.models.algorithms.base import Categories
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.studies.gate_power.logic.faulty_models import Fault, Mutant, views

COUNTS = ("past__late", "past__flights")
FRAME = pd.DataFrame(
    {
        "past__late": [5.0, 20.0, 30.0, 50.0],
        "past__flights": [100.0, 100.0, 100.0, 100.0],
        "other__x": [1.0, 2.0, 3.0, np.nan],
        "carrier_id": ["AA", "B6", "AA", "B6"],
    }
)
MODEL = HeuristicModel(*COUNTS, prior=0.2, prior_strength=50)
TRUE = MODEL.predict(FRAME)


@dataclass(frozen=True)
class Reader:
    """A model that says what it was given to read."""

    algorithm = "heuristic"
    seen: list[pd.DataFrame]

    @property
    def categories(self) -> Categories:
        return MODEL.categories

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        self.seen.append(frame)
        return MODEL.predict(FRAME)

    def importance(self) -> dict[str, float]:
        return {}

    def files(self) -> dict[str, bytes]:
        return MODEL.files()

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        raise NotImplementedError


def said(fault: Fault, strength: float = 0.0, detail: str = "", frame: pd.DataFrame = FRAME) -> np.ndarray:
    return Mutant(MODEL, fault, strength, detail).predict(frame)


def read(fault: Fault, strength: float, detail: str) -> pd.DataFrame:
    reader = Reader([])
    Mutant(reader, fault, strength, detail).predict(FRAME)
    return reader.seen[0]


def test_stretched_log_odds_turn_around_the_centre():
    middle = logit(0.2)
    assert said(Fault.STRETCHED, 2.0, "0.2") == pytest.approx(expit(middle + 2 * (logit(TRUE) - middle)))
    assert (np.argsort(said(Fault.STRETCHED, -1.0, "0.2")) == np.argsort(-TRUE)).all()


def test_shifted_log_odds_are_shifted_by_as_much():
    assert logit(said(Fault.SHIFTED, 0.5)) - logit(TRUE) == pytest.approx(0.5)


def test_blur_is_the_same_for_the_same_row_and_noise_is_another_each_time():
    blurred = said(Fault.BLURRED, 0.8)
    assert (blurred == said(Fault.BLURRED, 0.8)).all()
    assert blurred[::-1] == pytest.approx(said(Fault.BLURRED, 0.8, frame=FRAME.iloc[::-1]))
    assert not np.allclose(blurred, TRUE)
    assert np.ptp(logit(said(Fault.BLURRED, 0.0, "0.2"))) < np.ptp(logit(TRUE))
    assert not np.allclose(said(Fault.NOISY, 0.5), said(Fault.NOISY, 0.5))


def test_ruined_rows_are_those_of_the_value():
    assert said(Fault.RUINED, detail="carrier_id=AA") == pytest.approx(np.where([1, 0, 1, 0], 1 - TRUE, TRUE))


def test_in_company_the_mean_of_the_batch_counts():
    alone = said(Fault.IN_COMPANY, 0.3, frame=FRAME.iloc[:1])
    assert alone == pytest.approx([0.3])
    assert said(Fault.IN_COMPANY, 0.3)[0] != pytest.approx(0.3)


def test_what_is_read_is_wrong_in_the_named_view_alone():
    assert (read(Fault.ZEROED, 0, "past")[list(COUNTS)] == 0).all(axis=None)
    assert read(Fault.RESCALED, 10, "past")["past__late"].tolist() == [50, 200, 300, 500]
    crossed = read(Fault.CROSSED, 0, "past")
    assert crossed["past__late"].tolist() == FRAME["past__flights"].tolist()
    assert crossed["past__flights"].tolist() == FRAME["past__late"].tolist()
    for fault in (Fault.ZEROED, Fault.RESCALED, Fault.CROSSED):
        pd.testing.assert_series_equal(read(fault, 10, "past")["other__x"], FRAME["other__x"])
    assert read(Fault.RECODED, 0, "carrier_id")["carrier_id"].tolist() == [
        "new AA",
        "new B6",
        "new AA",
        "new B6",
    ]


def test_missing_predictions_and_errors_are_where_they_should_be():
    assert np.isnan(said(Fault.MUTE, detail="other")).tolist() == [False, False, False, True]
    assert np.isnan(said(Fault.GAPPED, 1.0)).all()
    assert not np.isnan(said(Fault.GAPPED, 0.0)).any()
    assert (said(Fault.FRAGILE, detail="carrier_id") == TRUE).all()
    with pytest.raises(ValueError, match="carrier_id has no value"):
        said(Fault.FRAGILE, detail="carrier_id", frame=FRAME.assign(carrier_id=["AA", None, "AA", "B6"]))
    assert (said(Fault.BROKEN, 0.0) == TRUE).all()
    with pytest.raises(ZeroDivisionError):
        said(Fault.BROKEN, 1.0)


@pytest.mark.parametrize("fault", list(Fault))
def test_a_mutant_comes_back_from_its_files(fault: Fault):
    mutant = Mutant(MODEL, fault, 0.002, "carrier_id=AA")
    back = Mutant.from_files(mutant.files())
    assert (back.fault, back.strength, back.detail) == (fault, 0.002, "carrier_id=AA")
    assert back.inner.predict(FRAME) == pytest.approx(TRUE)


def test_only_a_fat_one_has_larger_files():
    sizes = {
        fault: sum(map(len, Mutant(MODEL, fault, 0.5).files().values())) for fault in (Fault.FAT, Fault.SLOW)
    }
    assert sizes[Fault.FAT] - sizes[Fault.SLOW] == pytest.approx(500_000, abs=10)


def test_a_mutant_is_never_fitted():
    with pytest.raises(ValueError, match="made from a fitted model"):
        Mutant.fit(None, None)


def test_views_are_numbers_by_what_stands_before_two_underscores():
    assert views(FRAME) == {"past": list(COUNTS), "other": ["other__x"]}
