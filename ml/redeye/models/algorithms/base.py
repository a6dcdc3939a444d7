"""What every algorithm offers, and how a frame becomes its inputs.

A model is numbers in files: it is saved as bytes by name and never pickled. Predictions depend on
their own row only, so that a row scored alone and in a batch get the same probability.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.spec_fields import Frozen
from redeye.declarations.specs import Spec

Floats = npt.NDArray[np.float64]
BLOCK_ROWS = 512
# Far more than any column here has; it keeps a column of keys by mistake from filling the memory.
MAXIMUM_CATEGORIES = 500
Params = TypeVar("Params", bound=Frozen)


@dataclass(frozen=True)
class Inputs:
    """Names of the columns a model reads, in order."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @classmethod
    def of(cls, spec: Spec) -> Inputs:
        """The inputs that a spec names."""
        return cls(numeric=spec.numeric_columns, categorical=spec.categorical_columns)


@dataclass(frozen=True)
class Examples:
    """Rows with their labels as numbers, and how much each counts; grain as the spec's population.

    Those of a group, where there are any, follow one another, and their groups' numbers ascend.
    """

    frame: pd.DataFrame
    labels: Floats
    weights: Floats | None = None
    groups: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Refuses what no algorithm can learn from.

        Raises:
            ValueError: if lengths differ, a label is no number, or a weight is not above 0.
        """
        if len(self.frame) != len(self.labels):
            raise ValueError(f"{len(self.frame)} rows but {len(self.labels)} labels")
        if not np.isfinite(self.labels).all():
            raise ValueError("a label is no number: leave rows without outcome out")
        if self.weights is not None:
            if len(self.weights) != len(self.labels):
                raise ValueError(f"{len(self.labels)} rows but {len(self.weights)} weights")
            if not (np.isfinite(self.weights) & (self.weights > 0)).all():
                raise ValueError("a weight is not a number above 0")


@dataclass(frozen=True)
class Training:
    """What an algorithm learns from, and how.

    `valid` are later rows, to stop early by: no coefficient is fitted to them. The result may depend on the threads.
    """

    train: Examples
    valid: Examples
    inputs: Inputs
    seed: int
    threads: int


class Model(ABC, Generic[Params]):
    """A fitted algorithm."""

    algorithm: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    """Distributions that loading and predicting need beside numpy, pandas and pydantic."""
    answer: ClassVar[str] = "probability"
    """What a row is given."""
    columns: ClassVar[tuple[str, ...]] = ("probability",)
    """What that is made of: one number of one column, or a row of several."""

    known: Categories

    @classmethod
    @abstractmethod
    def fit(cls, training: Training, params: Params) -> Self:
        """Learns.

        Raises:
            ValueError: if there are no rows or the labels hold one class only.
        """

    def continue_training(  # the arguments are for the algorithms that can
        self,
        training: Training,  # noqa: ARG002
        params: Params,  # noqa: ARG002
        learning_rate_share: float,  # noqa: ARG002
    ) -> Self | None:
        """This model after it has learned from newer rows as well; it itself stays as it is.

        What it knows of its columns (categories, pieces, scales) stays. `valid` must be rows that this model
        was not fitted to; `learning_rate_share` is of the algorithm's own learning rate.

        Returns:
            None if the algorithm has no such thing, if its inputs are others, or if nothing that it learned
            lowered the log loss on `valid`.
        """
        return None

    @abstractmethod
    def predict(self, frame: pd.DataFrame) -> Floats:
        """The answer per row, in the frame's order: a probability in [0, 1] and never NaN, or what `columns` say.

        Missing values and unseen categories are handled; columns beyond the inputs are ignored.

        Raises:
            ValueError: if an input column is not there.
        """

    def count_invalid(self, predictions: Floats) -> int:
        """How many rows of predictions are no answer."""
        return int((~((predictions >= 0) & (predictions <= 1))).sum())

    @property
    def categories(self) -> Categories:
        """The categories that training knew."""
        return self.known

    @abstractmethod
    def importance(self) -> dict[str, float]:
        """Weight per input column, larger is more; the scale is the algorithm's own."""

    @abstractmethod
    def files(self) -> dict[str, bytes]:
        """Everything the model is, as file contents by plain name."""

    def facts(self) -> dict[str, float]:
        """Numbers about the fit worth keeping with it, such as how many trees there are."""
        return {}

    def exports(self) -> dict[str, bytes]:
        """Copies in other tools' formats, such as ONNX, by plain file name; nothing here reads them."""
        return {}

    @classmethod
    @abstractmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `files` describe."""


class HeadedModel(Model[Params]):
    """A model with one file of JSON that says what its other files do not."""

    @abstractmethod
    def write_header(self, **more: Any) -> dict[str, bytes]:  # noqa: ANN401  whatever JSON holds
        """The file of JSON with what else is known of the model."""


def measure_log_loss(probabilities: npt.NDArray[np.floating[Any]], labels: Floats) -> float:
    """Mean log loss on rows to stop by."""
    p = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-np.where(labels > 0, np.log(p), np.log1p(-p)).mean())


def require_both_classes(examples: Examples, name: str) -> None:
    """Refuses rows to learn from that hold fewer than two classes.

    Raises:
        ValueError: saying which set it is.
    """
    if len(np.unique(examples.labels)) < 2:
        raise ValueError(
            f"the {name} rows ({len(examples.labels)}) do not hold both classes: widen the window"
        )


def require_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuses a frame without one of `columns`.

    Raises:
        ValueError: naming the missing ones.
    """
    if absent := [column for column in columns if column not in frame.columns]:
        raise ValueError(f"the frame lacks the input columns {', '.join(absent)}")


def numeric_matrix(frame: pd.DataFrame, columns: Sequence[str]) -> npt.NDArray[np.float32]:
    """The one cast from a frame's columns to numbers: float32, missing and infinite as NaN.

    Raises:
        ValueError: if a column is not there or holds no numbers.
    """
    require_columns(frame, columns)
    by_column = np.empty((len(columns), len(frame)), dtype=np.float32)
    for position, column in enumerate(columns):
        values = frame[column]
        try:
            # Plain numbers need no look for a missing value of another kind, which costs more than the cast.
            is_plain = isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub"
            by_column[position] = values if is_plain else values.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise ValueError(f"column {column} holds something that is no number: {error}") from error
    by_column[np.isinf(by_column)] = np.nan
    matrix = np.empty((len(frame), len(columns)), dtype=np.float32)
    # In blocks that fit a core's cache: the frame lies column by column, the matrix row by row.
    for start in range(0, len(matrix), BLOCK_ROWS):
        matrix[start : start + BLOCK_ROWS] = by_column[:, start : start + BLOCK_ROWS].T
    return matrix


@dataclass(frozen=True)
class Categories:
    """The values of each categorical column that training knew, in a fixed order."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def learn(cls, frame: pd.DataFrame, columns: Sequence[str], maximum: int) -> Categories:
        """The at most `maximum` most frequent values of each column, sorted."""
        require_columns(frame, columns)
        learned = {}
        for column in columns:
            counts = Counter(_as_text(frame[column].dropna()))
            ranked = sorted(counts, key=lambda value: (-counts[value], value))[:maximum]
            learned[column] = tuple(sorted(ranked))
        return cls(values=learned)

    def codes(self, frame: pd.DataFrame) -> npt.NDArray[np.int32]:
        """Position of each value among those known, -1 if missing or unseen; one column per column."""
        require_columns(frame, list(self.values))
        codes = np.full((len(frame), len(self.values)), -1, dtype=np.int32)
        for position, (column, known) in enumerate(self.values.items()):
            codes[:, position] = pd.Index(known, dtype=object).get_indexer(_as_text(frame[column]))
        return codes


def _as_text(column: pd.Series) -> pd.Index:
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        return pd.Index(column.to_numpy(dtype=object), dtype=object)
    return pd.Index(column.astype(object).map(str, na_action="ignore").to_numpy(), dtype=object)
