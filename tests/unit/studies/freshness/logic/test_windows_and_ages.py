"""The experiment on windows and ages: nothing of what is predicted is learned from, and the rules say what follows."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from made_rows import FIRST, SPEC, made_frame, short_spec

from redeye.declarations.calendar import cutoff
from redeye.models.logic.splits import plan_windows
from redeye.studies.freshness.logic import windows_and_ages
from redeye.studies.freshness.logic.freshness_quality import (
    ALL,
    compare_ages,
    compare_windows,
    defaults,
)
from redeye.studies.freshness.logic.windows_and_ages import (
    LONGEST,
    Origin,
    window_name,
)

LAST = FIRST + timedelta(days=119)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return made_frame(short_spec(), nights=120)


def walked(frame: pd.DataFrame) -> tuple[tuple[Origin, ...], dict, dict]:
    spec = short_spec()
    origins = windows_and_ages.origins(spec, FIRST, LAST)
    predictions, nights, parent = {}, {}, None
    for position, origin in enumerate(origins):
        predictions[origin.decided], learned, parent = windows_and_ages.walk(
            frame, spec, origin, parent, algorithm="xgboost", seed=1, threads=1
        )
        nights[position] = learned.nights
    return origins, predictions, nights


@pytest.fixture(scope="module")
def walk(frame: pd.DataFrame) -> tuple[tuple[Origin, ...], dict, dict]:
    return walked(frame)


def test_blocks_follow_each_other_and_the_trainings(walk):
    origins, _, nights = walk
    assert len(origins) == 3
    for one in origins:
        assert one.next_nights.first == one.later_nights.first == one.decided + timedelta(days=1)
        assert one.later_nights.last == LAST
    assert nights[0] == {window_name(28): 28, **dict.fromkeys(nights[0], 28)}
    assert nights[2][ALL] == 84
    assert set(map(window_name, (28, 56, 84, LONGEST))) <= set(nights[2])
    assert window_name(168) not in nights[2]


def test_what_was_not_known_at_a_training_changes_nothing_in_it(frame, walk):
    _, before, _ = walk
    spec = short_spec()
    origin = windows_and_ages.origins(spec, FIRST, LAST)[0]
    is_open = frame["outcome_known_at"] > cutoff(origin.decided).replace(tzinfo=None)
    other = frame.assign(is_late=frame["is_late"].astype(bool) ^ is_open)
    after, _, _ = windows_and_ages.walk(other, spec, origin, None, algorithm="xgboost", seed=1, threads=1)
    was = before[origin.decided]
    pd.testing.assert_frame_equal(was.drop(columns="label"), after.drop(columns="label"))
    assert not was["label"].equals(after["label"])


def test_each_night_is_compared_once_with_every_age(walk):
    origins, predictions, _ = walk
    rows = windows_and_ages.blocks(origins, predictions)
    fresh = rows[rows["behind"] == 0]
    assert fresh.groupby("night").size().eq(12).all()
    assert sorted(set(rows["behind"])) == [0, 1, 2]
    oldest = rows[(rows["block"] == 2) & (rows["behind"] == 2)]
    young = rows[(rows["block"] == 2) & (rows["behind"] == 0)]
    assert list(oldest["night"]) == list(young["night"])
    assert oldest[ALL].notna().all()
    assert oldest[window_name(28)].isna().all()


def test_a_window_is_compared_only_where_history_is_longer(walk):
    origins, predictions, nights = walk
    found = compare_windows(windows_and_ages.blocks(origins, predictions), nights)
    blocks = found[found["metric"] == "auc"].set_index("variant")["blocks"]
    assert blocks[window_name(28)] == 2
    assert blocks[window_name(56)] == 1
    assert window_name(84) not in blocks
    assert blocks["continued"] == 2
    assert blocks[ALL] == 3
    itself = found[found["variant"] == ALL]
    assert (itself[["value", "lower", "upper"]] == 0).all(axis=None)


def aged(decay: float) -> pd.DataFrame:
    """Blocks whose predictions lose the signal with each step of age."""
    random = np.random.default_rng(4)
    parts = []
    for block in range(5):
        night = np.repeat(np.arange(28) + 28 * block, 60).astype("datetime64[D]")
        odds = random.normal(-1, 1.2, len(night))
        label = (random.random(len(night)) < 1 / (1 + np.exp(-odds))).astype(float)
        for behind in range(block + 1):
            p = 1 / (1 + np.exp(-(odds + random.normal(0, 0.01 + decay * behind, len(night)))))
            parts.append(
                pd.DataFrame(
                    {
                        "night": night,
                        "label": label,
                        ALL: p,
                        window_name(84): p,
                        window_name(28): p,
                        "block": block,
                        "behind": behind,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def limits(decay: float) -> dict[str, int]:
    rows = aged(decay)
    nights = {block: {ALL: 28 * (block + 1), window_name(28): 28} for block in range(5)}
    return defaults(compare_windows(rows, nights), compare_ages(rows), held_back=16)


def test_a_model_that_ages_gets_a_limit_and_one_that_does_not_gets_the_oldest_age():
    assert limits(1.0)["maximum_age_nights"] == 2 * 28 - 16
    # Four steps behind rests on one block only: not compared.
    assert limits(0.0)["maximum_age_nights"] == 4 * 28 - 16


def test_all_history_stays_unless_a_shorter_window_is_significantly_better():
    assert limits(0.0)["history_nights"] == LONGEST
    rows = aged(0.0)
    nights = {block: {ALL: 28 * (block + 1), window_name(28): 28} for block in range(5)}
    rows[ALL] = 0.3
    found = defaults(compare_windows(rows, nights), compare_ages(rows), held_back=16)
    assert found["history_nights"] == 28


def test_a_champion_is_as_old_at_its_decision_as_the_windows_say():
    night = date(2013, 6, 1)
    spans = plan_windows(night, SPEC.split, maturity=SPEC.label_maturity_nights, first_night=FIRST)
    # In the experiment the last night seen is the last mature one.
    assert (
        night - spans.validation.last
    ).days - SPEC.label_maturity_nights == windows_and_ages.count_held_back(SPEC)


def test_the_spec_follows_the_experiment():
    import json

    from redeye.foundation.settings import PROJECT_ROOT

    said = json.loads((PROJECT_ROOT / "docs" / "results" / "freshness" / "defaults.json").read_text())
    assert SPEC.split.history_nights == said["history_nights"]
    assert SPEC.monitor.maximum_age_nights == said["maximum_age_nights"]
