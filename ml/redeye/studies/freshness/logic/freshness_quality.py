"""What the experiment on windows and ages says: paired differences with intervals, and the defaults they set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import estimate_improvement, interval
from redeye.studies.freshness.logic.windows_and_ages import (
    AGED,
    CONTINUED,
    HALF_LIVES,
    LONGEST,
    STEP,
    WINDOWS,
    half_life_name,
    window_name,
)

METRICS = ("auc", "log_loss")
CONFIDENCE = 0.95
ALL = window_name(LONGEST)


def compare_windows(rows: pd.DataFrame, nights: dict[int, dict[str, int]]) -> pd.DataFrame:
    """Every variant on the four weeks after its training, beside all history on the same rows.

    `rows` are those of `blocks`, `nights` those of training by block and variant.

    Returns:
        A row per variant and metric: blocks, nights, the value, that of all history, and how much better (positive)
        than all history, with bounds that each hold with 95 %. A window is compared in the blocks in which all
        history is longer than it.
    """
    fresh = rows[rows["behind"] == 0]
    found = []
    names = [*map(window_name, WINDOWS), *map(half_life_name, HALF_LIVES), CONTINUED, "heuristic"]
    for name in names:
        if name not in fresh:
            continue
        is_asked = fresh[name].notna()
        if name in map(window_name, WINDOWS[:-1]):
            longer = [block for block, each in nights.items() if each.get(name, LONGEST) < each[ALL]]
            is_asked &= fresh["block"].isin(longer)
        elif name == CONTINUED:
            # At the first training it is the model of all history itself.
            is_asked &= fresh["block"] > 0
        found += list(_compare_variants(fresh[is_asked], name, ALL))
    return pd.DataFrame(found)


def compare_ages(rows: pd.DataFrame) -> pd.DataFrame:
    """Models that are one, two, … steps older, beside the youngest on the same rows of `blocks`.

    Returns:
        As `compare_windows`, with `behind` (steps) and ages in nights; positive is better than the youngest.
    """
    found = []
    for length in AGED:
        name = window_name(length)
        mine = rows[rows[name].notna()]
        youngest = mine[mine["behind"] == 0]
        for behind in sorted(set(mine["behind"])):
            older = mine[mine["behind"] == behind]
            same = youngest[youngest["block"].isin(set(older["block"]))]
            if not behind or older["block"].nunique() < 2:
                continue
            both = older.sort_values(["block", "night"], kind="stable").reset_index(drop=True)
            young = same.sort_values(["block", "night"], kind="stable").reset_index(drop=True)
            paired = both.assign(youngest=young[name])
            for row in _compare_variants(paired, name, "youngest"):
                first = behind * STEP + 1
                found.append({**row, "behind": behind, "age_from": first, "age_to": first + STEP - 1})
    return pd.DataFrame(found)


def defaults(windows: pd.DataFrame, ages: pd.DataFrame, held_back: int) -> dict[str, int]:
    """What the rules make of the measurements.

    `history_nights`: all history, unless a shorter window is significantly better than it in log loss; then the
    shortest such one. `maximum_age_nights`: the last age of the first step at which the model of all history is
    significantly worse in log loss than the youngest, and stays so at the next step or has none; where there is no
    such step, the oldest age measured. It counts from the decision, when a champion is `held_back` nights old already.
    """
    losses = windows[windows["metric"] == "log_loss"]
    significant = set(losses.loc[losses["lower"] > 0, "variant"])
    better = [each for each in WINDOWS[:-1] if window_name(each) in significant]
    loss = ages[(ages["variant"] == ALL) & (ages["metric"] == "log_loss")].sort_values("behind")
    is_worse = (loss["upper"] < 0).tolist()
    stays = [worse and all(is_worse[place : place + 2]) for place, worse in enumerate(is_worse)]
    oldest = int(loss["age_to"].iloc[-1])
    if True in stays:
        oldest = int(loss["age_to"].iloc[stays.index(True)])
    return {
        "history_nights": better[0] if better else LONGEST,
        "maximum_age_nights": max(oldest - held_back, 1),
    }


def _compare_variants(rows: pd.DataFrame, name: str, other: str) -> Iterator[dict[str, Any]]:
    if rows.empty:
        return
    label, night = rows["label"].to_numpy(), rows["night"].to_numpy()
    mine, others = (ScoredProbabilities(label, rows[each].to_numpy(), night) for each in (name, other))
    for metric in METRICS:
        value = interval(mine, metric, confidence=CONFIDENCE)
        better = estimate_improvement(mine, others, metric, confidence=CONFIDENCE)
        reference = interval(others, metric, confidence=CONFIDENCE)
        if value is None or better is None or reference is None:
            continue
        yield {
            "variant": name,
            "metric": metric,
            "blocks": int(rows["block"].nunique()),
            "nights": int(rows["night"].nunique()),
            "quality": value.value,
            "reference": reference.value,
            **asdict(better),
        }
