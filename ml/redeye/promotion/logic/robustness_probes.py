"""How a model behaves when it serves: how fast, how large, how steady, and what it makes of missing inputs.

Nothing here needs an outcome. A model is given its declared inputs only, so that what else lies in a frame of the
past, the outcome among it, can help no candidate.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from redeye.models.algorithms.base import Floats, Inputs, Model

# Rows that are timed, and how often: enough for a median that one pause of the machine does not move.
TIMED_ROWS, TIMINGS = 1000, 5
# Rows that are predicted over and over, and those predicted alone.
PROBED_ROWS, ALONE_ROWS = 200, 12
UNKNOWN = "never seen"
# Far beyond every number of a schedule or a measurement, and within float32.
BEYOND = 1e9


@dataclass(frozen=True)
class RobustnessProbes:
    """A model with rows to try it on.

    Attributes:
        frame: rows of the window; only the declared inputs are given to the model.
        inputs: that the spec declares.
    """

    model: Model[Any]
    frame: pd.DataFrame
    inputs: Inputs

    def seconds(self) -> float:
        """Median wall seconds per 1,000 rows.

        Raises:
            ValueError: if there are no rows.
        """
        rows = self._rows(TIMED_ROWS)
        took = []
        for _ in range(TIMINGS):
            began = time.perf_counter()
            self.model.predict(rows)
            took.append(time.perf_counter() - began)
        return statistics.median(took) * 1000 / len(rows)

    def megabytes(self) -> float:
        """Of the model's own files."""
        return sum(len(content) for content in self.model.files().values()) / 1e6

    def measure_batch_variance(self) -> float:
        """The widest difference between predictions of the same row.

        The same rows are predicted again, in reverse order, with half of them left out, each of some alone, and by the
        model made anew from its files.

        Raises:
            ValueError: if there are no rows.
        """
        rows = self._rows(PROBED_ROWS)
        first = self._predict(rows)
        reloaded = type(self.model).from_files(self.model.files())
        alone = np.arange(len(rows))[:: max(len(rows) // ALONE_ROWS, 1)]
        others = {
            "again": (self._predict(rows), first),
            "reversed": (self._predict(rows.iloc[::-1])[::-1], first),
            "half": (self._predict(rows.iloc[::2]), first[::2]),
            "alone": (np.concatenate([self._predict(rows.iloc[[at]]) for at in alone]), first[alone]),
            "reloaded": (np.asarray(reloaded.predict(rows), dtype=np.float64), first),
        }
        return max(float(np.abs(one - other).max()) for one, other in others.values())

    def find_failures(self) -> tuple[str, ...]:
        """The probes with missing, unknown or extreme inputs that give no answer for a row, with why."""
        found = []
        for name, rows in self._probes():
            try:
                given = self._predict(rows)
            # Whatever a model raises here is what is asked for.
            except Exception as error:  # noqa: BLE001
                found.append(f"{name}: {type(error).__name__}: {error}")
                continue
            if bad := self.model.count_invalid(given):
                found.append(f"{name}: no {self.model.answer} for {bad} of {len(rows)} rows")
        return tuple(found)

    def _rows(self, count: int) -> pd.DataFrame:
        rows = select_declared(self.frame, self.inputs).head(count)
        if rows.empty:
            raise ValueError("there are no rows to try the model on")
        return rows

    def _predict(self, rows: pd.DataFrame) -> Floats:
        given = np.asarray(self.model.predict(rows), dtype=np.float64)
        width = len(self.model.columns)
        if given.shape != (len(rows), *([width] if width > 1 else [])):
            raise ValueError(f"{given.shape} predictions for {len(rows)} rows")
        return given

    def _probes(self) -> Iterator[tuple[str, pd.DataFrame]]:
        rows = self._rows(PROBED_ROWS)
        numeric, categorical = list(self.inputs.numeric), list(self.inputs.categorical)
        plain = rows.astype(dict.fromkeys(numeric, np.float64))
        yield "every number missing", plain.assign(**dict.fromkeys(numeric, np.nan))
        yield "every category missing", plain.assign(**dict.fromkeys(categorical))
        yield (
            "everything missing",
            plain.assign(**dict.fromkeys(numeric, np.nan), **dict.fromkeys(categorical)),
        )
        yield "every category unknown", plain.assign(**dict.fromkeys(categorical, UNKNOWN))
        yield "every number far too large", plain.assign(**dict.fromkeys(numeric, BEYOND))
        yield "every number far too small", plain.assign(**dict.fromkeys(numeric, -BEYOND))
        for view in sorted({name.partition("__")[0] for name in numeric if "__" in name}):
            own = [name for name in numeric if name.startswith(f"{view}__")]
            yield f"{view} missing", plain.assign(**dict.fromkeys(own, np.nan))


def select_declared(frame: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """The declared inputs of a frame, and nothing else.

    Raises:
        KeyError: naming those that are not there.
    """
    return frame.loc[:, [*inputs.numeric, *inputs.categorical]]
