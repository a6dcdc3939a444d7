"""The closed loop: from a night's verdict to the first rows of a new champion, and nights in one process."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date, timedelta
from functools import wraps
from typing import Any
from unittest import mock

from figures import Cost, Figure, measured
from prepared import HOLDER, MODEL

# The first training of a fresh installation, which promotes; and how many nights are replayed after it.
DECIDED = date(2013, 3, 31)
NIGHTS = 14
LAST = DECIDED + timedelta(days=NIGHTS + 2)
TARGET = 5
# Parts of a training, in their order; what is left is MLflow's runs and the comparison on validation.
PARTS = {
    "frame": ("redeye.promotion.train", "_frame"),
    "fit": ("redeye.promotion.train", "fit_candidates"),
    "register": ("redeye.promotion.register:Registration", "register_candidate"),
    "judge": ("redeye.promotion.train", "evaluate_candidate"),
    "card": ("redeye.promotion.register:Registration", "describe"),
    "promote": ("redeye.promotion.train", "promote"),
}
TRAINING, REST = "training", "rest of the training"


def measure() -> dict[str, Any]:
    """Train and promote with what was known on `DECIDED`, then replay the nights after it. Run as a child."""
    from redeye.champions import promotion_store
    from redeye.operations.replay import replay
    from redeye.promotion.train import train_night
    from redeye.scoring import outputs_store, score

    costs: dict[str, Cost] = {}
    with ExitStack() as watched:
        for part, (owner, name) in PARTS.items():
            place = pkgutil.resolve_name(owner)
            watched.enter_context(mock.patch.object(place, name, _timed(getattr(place, name), part, costs)))
        with measured() as costs[TRAINING]:
            trained = train_night(MODEL, DECIDED, run_id=HOLDER, actor=HOLDER, reason=HOLDER)
    assert trained.effective_night, f"nothing was promoted: {trained.reason}"
    starts = date.fromisoformat(trained.effective_night)
    # What serves until then has a reference of its own to make, which is no part of the new one's way.
    list(replay(MODEL, DECIDED + timedelta(days=1), starts - timedelta(days=1)))
    with measured() as costs["score"]:
        score.score_night(MODEL, starts, run_id="replay")
    served = outputs_store.read("predictions", MODEL, starts, starts)["model_version"].unique().tolist()
    champion = promotion_store.read_champion(MODEL, starts)
    assert champion is not None
    assert served == [champion.version], f"night {starts} was scored by {served}"
    nights = [each.seconds for each in replay(MODEL, starts, starts + timedelta(days=NIGHTS))]
    return {
        "costs": {name: asdict(cost) for name, cost in costs.items()},
        "reason": trained.reason,
        "version": champion.version,
        "reference_night": nights[0],
        "nights": nights[1:],
    }


def _timed(work: Callable[..., Any], part: str, costs: dict[str, Cost]) -> Callable[..., Any]:
    @wraps(work)
    def timed(*args: Any, **named: Any) -> Any:
        with measured() as costs[part]:
            return work(*args, **named)

    return timed


def figures(found: dict[str, Any]) -> list[Figure]:
    """Seconds from the request to the first scored night, by stage; and nights in a minute."""
    seconds = {name: cost["seconds"] for name, cost in found["costs"].items()}
    parts = {name: seconds[name] for name in PARTS}
    parts[REST] = seconds[TRAINING] - sum(parts.values())
    parts["score"] = seconds["score"]
    pace = 60 * len(found["nights"]) / sum(found["nights"])
    return [
        Figure(
            "request to the new champion's first night",
            "s",
            ours=sum(parts.values()),
            note=", ".join(f"{name} {took:.1f}" for name, took in parts.items()),
            detail=found,
        ),
        Figure(
            "nights replayed in one process",
            "nights/min",
            ours=pace,
            ratio=pace,
            target=f"at least {TARGET}",
            is_met=pace >= TARGET,
            note=f"{len(found['nights'])} nights; the champion's first, which makes its reference, took "
            f"{found['reference_night']:.0f} s",
        ),
    ]
