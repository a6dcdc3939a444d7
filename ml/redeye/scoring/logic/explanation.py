"""What one prediction rests on, and what each input did to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from redeye.champions.logic.promotions import Promotion
from redeye.models.algorithms.base import Floats, Inputs
from redeye.models.logic.amounts import Step
from redeye.models.logic.prediction_equality import Equality
from redeye.scoring.logic.restatements import Restatement
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse.logic.releases import CodeNode, Release

# What an explanation says of each.
_PROMOTION = (
    "promotion_id",
    "version",
    "algorithm",
    "feature_service",
    "artifact_uri",
    "artifact_sha256",
    "decided_night",
    "effective_night",
    "reason",
    "actor",
    "run_id",
    "evidence",
)
_RELEASE = (
    "release_id",
    "kind",
    "first_night",
    "night",
    "snapshot_id",
    "delivery_set_hash",
    "code_hash",
    "git_sha",
    "reason",
)
_DELIVERY = ("source", "dataset", "night", "arrival_night", "content_hash")

ORDERS = 8
"""Orders of the inputs that are drawn; each is also taken in reverse."""


@dataclass(frozen=True)
class Contribution:
    """One input of one prediction, and what it adds or takes away; see `contributions`."""

    column: str
    value: float | str | None
    effect: float


@dataclass(frozen=True)
class Explanation:
    """The whole chain of one prediction, as it was written, and whether the chain gives the same again.

    Attributes:
        ancestors: the releases before it, newest first: its data is theirs and its own.
        deliveries: what the release itself took in, with the hash of each file.
        faults: of those files, what is wrong with them now; empty if all are as they landed.
        schedule: the delivery that announced it, whichever release took it in.
        promotion: what made the serving version champion, with its gates and its training.
        recomputed: what the chain gives again, by column.
        amount: the number that the inputs are credited with, by its name; before any recalibration.
        contributions: per input, the strongest first.
        steps: how what was said came about from that number.
        features: every feature of the service that was read, by column.
        nodes: the dbt models behind these features and the schedule; empty if they were not recorded then.
        restated: what was known when it was predicted and has been restated since.
        notes: what the reader has to know, such as code that has changed since.
    """

    prediction: Mapping[str, Any] = field(hash=False)
    night: date
    release: Release
    ancestors: tuple[Release, ...]
    deliveries: tuple[DeliveryRef, ...]
    faults: tuple[str, ...]
    schedule: DeliveryRef | None
    promotion: Promotion
    recomputed: Mapping[str, float] = field(hash=False)
    equality: Equality
    amount: tuple[str, float]
    contributions: tuple[Contribution, ...]
    notes: tuple[str, ...]
    features: Mapping[str, Any] = field(hash=False, default_factory=dict)
    nodes: tuple[CodeNode, ...] = ()
    restated: tuple[Restatement, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def is_reproduced(self) -> bool:
        """Whether the chain gives what was written, as `equality` has it."""
        return all(self.is_same(name) for name in self.recomputed)

    def is_same(self, name: str) -> bool:
        """Whether it does so in one column."""
        return bool(self.equality.is_equal(self.prediction[name], self.recomputed[name]))

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON-able values, for a file that an auditor keeps."""
        return {
            "prediction": {name: _plain(value) for name, value in self.prediction.items()},
            **{f"recomputed_{name}": value for name, value in self.recomputed.items()},
            self.amount[0]: self.amount[1],
            "is_reproduced": self.is_reproduced,
            "compared": self.equality.reason,
            "notes": list(self.notes),
            "release": _pick(self.release, *_RELEASE),
            "earlier_releases": [_pick(each, *_RELEASE) for each in self.ancestors],
            "deliveries": [_describe_delivery(each) for each in self.deliveries],
            "altered_deliveries": list(self.faults),
            "schedule": _describe_delivery(self.schedule) if self.schedule else None,
            "dbt_nodes": [
                {
                    "node": n.node_id,
                    "relation": n.relation,
                    "checksum": n.checksum,
                    "reads": list(n.depends_on),
                }
                for n in self.nodes
            ],
            "restated_since": [each.to_dict() for each in self.restated],
            "features": {name: _plain(value) for name, value in self.features.items()},
            "promotion": _pick(self.promotion, *_PROMOTION),
            "inputs": [asdict(each) for each in self.contributions],
            **({"steps": [each._asdict() for each in self.steps]} if self.steps else {}),
        }


def contributions(
    predict: Callable[[pd.DataFrame], Floats], row: pd.DataFrame, inputs: Inputs
) -> tuple[Contribution, ...]:
    """What each input adds to one prediction, the strongest effect first: Shapley values over drawn orders.

    The inputs are taken in one after the other, from all of them missing to all known, and each is credited with
    the change of the prediction at its turn; the mean over `ORDERS` orders and their reverses is its effect. This
    asks nothing of an algorithm but its predictions. Effects add up to the prediction minus the one that knows no
    input.

    Args:
        predict: one number per row.
        row: that is explained.
        inputs: those that are credited.

    Raises:
        ValueError: if `row` is not one row, or lacks a column.
    """
    if len(row) != 1:
        raise ValueError(f"one row is explained at a time, got {len(row)}")
    columns = [*inputs.numeric, *inputs.categorical]
    drawn = np.random.default_rng(0)
    orders = [order for _ in range(ORDERS) for order in _both_ways(drawn.permutation(len(columns)))]
    steps = len(columns) + 1
    # Per order, a row for each number of inputs that are known; `turn` is an input's place in it.
    turn = np.stack([np.argsort(order) for order in orders])
    is_known = (turn[:, None, :] < np.arange(steps)[None, :, None]).reshape(len(orders) * steps, len(columns))
    blanked = pd.concat([row] * len(is_known), ignore_index=True)
    for position, column in enumerate(columns):
        is_text = column in inputs.categorical
        values = blanked[column].astype(object if is_text else np.float64)
        blanked[column] = values.where(is_known[:, position], None if is_text else np.nan)
    predicted = np.asarray(predict(blanked), dtype=np.float64).reshape(len(orders), steps)
    gained = np.diff(predicted, axis=1)
    effects = np.take_along_axis(gained, turn, axis=1).mean(axis=0)
    found = [
        Contribution(column, _plain(row[column].iloc[0]), float(effect))
        for column, effect in zip(columns, effects, strict=True)
    ]
    return tuple(sorted(found, key=lambda each: (-abs(each.effect), each.column)))


def _both_ways(order: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return order, order[::-1]


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> Sequence[str]:
    """What of the code differs between a decision and today, in words; empty if nothing does."""
    return [
        f"{name} has changed since: {then[name]} then, {now[name]} now"
        for name in now
        if name in then and then[name] != now[name]
    ]


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    """A value as JSON has it: None for what is missing, ISO text for dates."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, np.generic):
        return _plain(value.item())
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else value


def _pick(record: object, *names: str) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in names}


def _describe_delivery(ref: DeliveryRef) -> dict[str, Any]:
    return {**_pick(ref, *_DELIVERY), "path": str(ref.path), "rows": ref.rows}
