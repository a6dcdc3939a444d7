"""Each night of a reign is compared once with what the model could return to, and again when its labels change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd
import pytest

from redeye.champions import promotion_store
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS
from redeye.monitoring.compare_predecessor import compare_predecessors
from redeye.monitoring.logic.maturity import Maturity
from redeye.monitoring.logic.quality import Predecessor
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import LIVE
from rollback.conftest import Champions, night

pytestmark = pytest.mark.integration

MODEL = "flight_delay"
SPEC = load_spec(SPECS / f"{MODEL}.yaml")
SERVES, LAST = 12, 40


@pytest.fixture(scope="module")
def champions(stack_env: object) -> Iterator[Champions]:
    """The heuristic since night 1; version 2 since night 12."""
    made = Champions(MODEL)
    made.promote(1, 0, lag=1)
    made.promote(2, SERVES - 2)
    return made


def read_own(first: date, last: date) -> pd.DataFrame:
    """Fifty rows a night: the champion is sure of what does not come, the heuristic knows nothing."""
    days = pd.date_range(first, last).repeat(50)
    labels = np.random.default_rng(first.toordinal()).random(len(days)) < 0.3
    return pd.DataFrame(
        {
            "night": days,
            "flight_id": [str(number) for number in range(len(days))],
            "label": labels.astype(float),
            "raw_probability": np.where(labels, 0.2, 0.6),
            "baseline_probability": 0.4,
        }
    )


def compare(judged: int, to_measure: tuple[date, ...] = ()) -> tuple[Predecessor, pd.DataFrame]:
    """As the night's monitoring does, and recorded as it does."""
    final = frozenset(night(number) for number in range(1, judged - 1))
    champion = promotion_store.read_champion(MODEL, night(judged))
    assert champion is not None
    labels = Maturity(final, None, to_measure)
    (found,), rows = compare_predecessors(SPEC, champion, labels, read_own, night(judged), lambda stint: None)
    common = {"model": MODEL, "lane": LIVE, "night": night(judged), "release_id": "r", "run_id": "test"}
    if len(rows):
        outputs_store.write_once(
            {"comparisons": rows.assign(**common)}, model=MODEL, night=night(judged), run_id="test"
        )
    return found, rows


def test_a_champion_that_is_worse_from_its_first_night_on_is_found_and_each_night_is_recorded_once(
    champions: Champions,
) -> None:
    found, rows = compare(SERVES + 2)
    assert list(rows["scored_night"]) == [night(SERVES)]
    assert (found.version, found.nights, found.evidence) == (1, 1, 1.0)
    found, rows = compare(LAST)
    assert list(rows["scored_night"]) == [night(number) for number in range(SERVES + 1, LAST - 1)]
    assert found.nights == LAST - 1 - SERVES
    assert found.gain > 0.1
    assert found.evidence >= found.needed
    assert set(rows["rows"]) == {50}


def test_a_night_whose_labels_changed_is_compared_again_and_what_was_recorded_stays(
    champions: Champions,
) -> None:
    _, rows = compare(LAST + 1, to_measure=(night(20),))
    assert list(rows["scored_night"]) == [night(20), night(LAST - 1)]
    kept = outputs_store.read("comparisons", MODEL, night(1), night(LAST + 1))
    assert len(kept[kept["scored_night"] == pd.Timestamp(night(20))]) == 2


def test_an_earlier_night_is_judged_by_what_was_recorded_before_it(champions: Champions) -> None:
    found, rows = compare(20)
    assert found.nights == 20 - 1 - SERVES
    assert list(rows["scored_night"]) == [night(number) for number in range(SERVES + 1, 19)]
