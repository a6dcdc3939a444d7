"""The rules by which defaults follow from the measurements, and what is compared with what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redeye.studies.freshness.logic import freshness_quality
from redeye.studies.freshness.logic.freshness_quality import ALL, compare_ages, compare_windows, defaults
from redeye.studies.freshness.logic.windows_and_ages import CONTINUED, LONGEST, STEP, WINDOWS, window_name


def window_rows(**lower: float) -> pd.DataFrame:
    """A row in log loss per window, with the lower bound of how much better than all history it is."""
    rows = [
        {"variant": window_name(each), "metric": "log_loss", "lower": lower.get(f"w{each}", -0.1)}
        for each in WINDOWS
    ]
    return pd.DataFrame([*rows, {"variant": window_name(WINDOWS[0]), "metric": "auc", "lower": 1.0}])


def age_rows(*uppers: float, variant: str = ALL) -> pd.DataFrame:
    """A row in log loss per step of age, with the upper bound of how much better than the youngest it is."""
    return pd.DataFrame(
        [
            {
                "variant": variant,
                "metric": "log_loss",
                "behind": step,
                "upper": upper,
                "age_to": (step + 1) * STEP,
            }
            for step, upper in enumerate(uppers, 1)
        ]
    )


def test_all_history_unless_a_shorter_window_is_significantly_better_then_the_shortest_such():
    ages = age_rows(0.1)
    assert defaults(window_rows(), ages, 0)["history_nights"] == LONGEST
    assert defaults(window_rows(w168=0.01, w84=0.01), ages, 0)["history_nights"] == 84
    assert defaults(window_rows(w365=0.01), ages, 0)["history_nights"] == LONGEST


@pytest.mark.parametrize(
    ("uppers", "step"),
    [
        ((0.1, 0.1, 0.1), 3),
        ((-0.1, 0.1, 0.1), 3),
        ((0.1, -0.1, -0.1), 2),
        ((-0.1, -0.1, 0.1), 1),
        ((0.1, 0.1, -0.1), 3),
        ((0.0, 0.0, 0.0), 3),
    ],
)
def test_the_age_is_that_of_the_first_step_that_is_worse_and_stays_so(uppers: tuple[float, ...], step: int):
    ages = pd.concat([age_rows(*uppers), age_rows(-0.5, -0.5, -0.5, variant=window_name(84))])
    assert defaults(window_rows(), ages, 30)["maximum_age_nights"] == (step + 1) * STEP - 30
    assert defaults(window_rows(), ages, 1000)["maximum_age_nights"] == 1


def made_blocks() -> pd.DataFrame:
    """Two blocks and their later weeks; the window of 28 nights says more than all history."""
    random = np.random.default_rng(3)
    parts = []
    for block, behind in ((0, 0), (0, 1), (1, 0), (1, 1)):
        nights = np.repeat(
            pd.date_range("2013-05-01", periods=STEP) + pd.Timedelta(days=STEP * (block + behind)), 30
        )
        signal = random.normal(size=nights.size)
        late = (random.random(nights.size) < 1 / (1 + np.exp(1 - signal))).astype(float)
        sharp, dull = 1 / (1 + np.exp(1 - signal)), 1 / (1 + np.exp(1 - 0.3 * signal))
        parts.append(
            pd.DataFrame(
                {
                    "block": block,
                    "behind": behind,
                    "night": nights,
                    "label": late,
                    window_name(28): sharp if not behind else np.nan,
                    window_name(84): dull,
                    ALL: dull,
                    CONTINUED: sharp,
                    "heuristic": np.full(nights.size, 0.3),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


NIGHTS = {
    0: {window_name(28): 28, window_name(84): 60, ALL: 60},
    1: {window_name(28): 28, window_name(84): 84, ALL: 88},
}


def test_a_window_is_compared_only_where_all_history_is_longer_and_what_is_continued_not_at_first():
    found = compare_windows(made_blocks(), NIGHTS).set_index(["variant", "metric"])
    assert found.loc[(window_name(28), "log_loss"), "blocks"] == 2
    assert found.loc[(window_name(84), "log_loss"), "blocks"] == 1
    assert found.loc[(CONTINUED, "log_loss"), "blocks"] == 1
    better = found.loc[(window_name(28), "log_loss")]
    assert better["value"] == pytest.approx(better["reference"] - better["quality"])
    assert better["lower"] > 0
    assert found.loc[(ALL, "auc"), "value"] == 0


def test_an_older_model_is_compared_with_the_youngest_on_as_many_blocks(monkeypatch: pytest.MonkeyPatch):
    seen: list[pd.DataFrame] = []
    real = freshness_quality.estimate_improvement
    monkeypatch.setattr(
        freshness_quality, "estimate_improvement", lambda *a, **k: seen.append(a) or real(*a, **k)
    )
    found = compare_ages(made_blocks())
    assert set(found["behind"]) == {1}
    assert set(found["variant"]) == {window_name(84), ALL}
    assert (found["age_from"] == STEP + 1).all()
    assert (found["age_to"] == 2 * STEP).all()
    assert seen
