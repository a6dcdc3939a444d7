"""The equal-weight average of other fitted models, in log odds.

Combining forecasts with equal weights is hard to beat by choosing between them or by weights that are learned from
little data (Bates and Granger, "The Combination of Forecasts", 1969; Claeskens and others, "The forecast combination
puzzle", 2016): what one member errs by, another often does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import pandas as pd

from redeye.declarations.spec_fields import Frozen
from redeye.models.algorithms.base import Categories, Floats, HeadedModel, Model, Training
from redeye.models.algorithms.storage import algorithm

Value = TypeVar("Value")
MEMBERS = "average.json"
# A probability of exactly 0 or 1 would outvote every other member.
FLOOR = 1e-6


@dataclass(frozen=True)
class AverageModel(Model[Any]):
    """Fitted models by the names of their candidates; each keeps its own files, with its name before theirs."""

    algorithm: ClassVar[str] = "average"
    packages: ClassVar[tuple[str, ...]] = ("xgboost-cpu", "torch", "safetensors")

    members: Mapping[str, Model[Any]]

    @classmethod
    def fit(cls, training: Training, params: Any) -> Self:  # noqa: ANN401  as the interface has it
        """Nothing: it is made of models that were fitted.

        Raises:
            TypeError: always.
        """
        raise _explain_fit(training, params)

    def continue_training(
        self, training: Training, params: Mapping[str, Frozen], learning_rate_share: float
    ) -> AverageModel | None:
        """Continues each member, by `params` of each algorithm; one that gains nothing stays as it is."""
        grown = {
            name: member.continue_training(training, params[member.algorithm], learning_rate_share)
            for name, member in self.members.items()
            if member.algorithm in params
        }
        if not any(grown.values()):
            return None
        return AverageModel({name: grown.get(name) or member for name, member in self.members.items()})

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The logistic function of the members' mean log odds."""
        odds = np.zeros(len(frame), dtype=np.float64)
        for member in self.members.values():
            p = np.clip(member.predict(frame), FLOOR, 1 - FLOOR)
            odds += np.log(p) - np.log1p(-p)
        return np.asarray(1.0 / (1.0 + np.exp(-odds / len(self.members))), dtype=np.float64)

    @property
    def categories(self) -> Categories:
        """Those that any member knows."""
        known: dict[str, set[str]] = {}
        for member in self.members.values():
            for column, values in member.categories.values.items():
                known.setdefault(column, set()).update(values)
        return Categories({column: tuple(sorted(values)) for column, values in known.items()})

    def importance(self) -> dict[str, float]:
        """Mean of the members' shares: each member's weights are brought to the sum 1 first."""
        found: dict[str, float] = {}
        for member in self.members.values():
            weights = member.importance()
            total = sum(weights.values()) or 1.0
            for column, weight in weights.items():
                found[column] = found.get(column, 0.0) + weight / total / len(self.members)
        return found

    def facts(self) -> dict[str, float]:
        """The members' facts, each with its member's name before it."""
        return self._collect(lambda member: member.facts(), "_")

    def _collect(self, read: Callable[[Model[Any]], Mapping[str, Value]], between: str) -> dict[str, Value]:
        """What each member has, with its name before the names of its own."""
        return {
            f"{name}{between}{own}": value
            for name, member in self.members.items()
            for own, value in read(member).items()
        }

    def files(self) -> dict[str, bytes]:
        """The members' files, and a JSON that names their algorithms in order."""
        algorithms = {name: member.algorithm for name, member in self.members.items()}
        return {MEMBERS: json.dumps(algorithms).encode(), **self._collect(lambda member: member.files(), ".")}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the members' files."""
        members = {}
        for name, kind in json.loads(files[MEMBERS]).items():
            own = {
                file.removeprefix(f"{name}."): files[file] for file in files if file.startswith(f"{name}.")
            }
            members[name] = algorithm(kind).from_files(own)
        return cls(members)

    def exports(self) -> dict[str, bytes]:
        """The members' copies in other tools' formats; the average of what they give is left to the reader."""
        return self._collect(lambda member: member.exports(), ".")


class MemberAverage(HeadedModel[Any]):
    """What every average does that combines its members in another way than by their log odds.

    Attributes:
        average: holds the members.
    """

    packages: ClassVar[tuple[str, ...]] = AverageModel.packages

    average: AverageModel

    @classmethod
    def fit(cls, training: Training, params: Any) -> Self:  # noqa: ANN401  as the interface has it
        """Nothing: it is made of models that were fitted.

        Raises:
            TypeError: always.
        """
        raise _explain_fit(training, params)

    @property
    def members(self) -> Mapping[str, Model[Any]]:
        """The models, by the names of their candidates."""
        return self.average.members

    @property
    def categories(self) -> Categories:
        """Those that any member knows."""
        return self.average.categories

    def importance(self) -> dict[str, float]:
        """Mean of the members' shares."""
        return self.average.importance()

    def facts(self) -> dict[str, float]:
        """The members' facts, each with its member's name before it."""
        return self.average.facts()

    def files(self) -> dict[str, bytes]:
        """The members' files, and a header."""
        return {**self.write_header(), **self.average.files()}

    def exports(self) -> dict[str, bytes]:
        """The members' copies in other tools' formats."""
        return self.average.exports()


def _explain_fit(training: Training, params: object) -> TypeError:
    return TypeError(
        f"an average is made of fitted models, not of {len(training.train.labels)} rows and {params}"
    )
