"""The mean of the scores of other fitted models, each in units of its own spread.

Scores of two algorithms have no common scale: the wider one would decide the order alone. What counts of a score is how
it differs within an order, so its spread is measured there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from redeye.models.algorithms.average import AverageModel, MemberAverage
from redeye.models.algorithms.base import Floats
from redeye.models.kinds.orders.order_models import OrderModel, read_header
from redeye.models.kinds.orders.scored_orders import Ints

ROUNDING = 1e-9


@dataclass(frozen=True)
class OrderAverage(OrderModel[Any], MemberAverage):
    """Scores that are standardised and averaged with equal weights.

    Attributes:
        average: holds the members.
        spreads: by their names, the standard deviation of each one's scores around the mean of their order; 1 of one
            that has none.
    """

    algorithm: ClassVar[str] = "ranking_average"
    packages: ClassVar[tuple[str, ...]] = ("xgboost-cpu",)

    average: AverageModel
    spreads: Mapping[str, float]

    def measure_spreads(self, frame: pd.DataFrame, groups: Ints) -> Self:
        """The same members, with the spreads of their scores of some rows; `groups` says the order of each row."""
        found = {}
        for name, member in self.members.items():
            scores = pd.Series(member.predict(frame))
            spread = float((scores - scores.groupby(groups).transform("mean")).std(ddof=0))
            # A mean of equal numbers may differ from them by its rounding.
            found[name] = spread if spread > ROUNDING * scores.abs().max() else 1.0
        return replace(self, spreads=found)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The mean over the members."""
        scores = [member.predict(frame) / self.spreads[name] for name, member in self.members.items()]
        mean: Floats = np.mean(scores, axis=0)
        return mean

    def facts(self) -> dict[str, float]:
        """The members' facts and spreads, each with its member's name before it."""
        return {**super().facts(), **{f"{name}_spread": spread for name, spread in self.spreads.items()}}

    def files(self) -> dict[str, bytes]:
        """The members' files, and a header with the spreads."""
        return {**self.write_header(spreads=dict(self.spreads)), **self.average.files()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the members' files."""
        return cls(AverageModel.from_files(files), read_header(files)["spreads"])
