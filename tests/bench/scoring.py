"""Scoring: a DataFrame in and probabilities out, against XGBoost alone on a matrix that is ready."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from figures import Figure

TARGET = 0.5
# A night has some 900 flights; a training's validation or a backtest has many nights.
BATCHES = {"a night's": 1_000, "many nights'": 50_000}
SECONDS = 1.5


def measure(folder: str, sha256: str) -> list[dict[str, Any]]:
    """Rows a second, ours and bare, and where ours spends its time; run as a child."""
    from redeye.models.algorithms.storage import load_model

    model = load_model(Path(folder) / "xgboost", sha256)
    frame = pd.read_parquet(Path(folder) / "frame.parquet")
    return [compare(model, frame, name, rows) for name, rows in BATCHES.items()]


def compare(
    model: Any, frame: pd.DataFrame, name: str, rows: int, seconds: float = SECONDS
) -> dict[str, Any]:
    """Both ways over batches of equal rows, in turns, so that other work on the machine disturbs both."""
    from redeye.models.algorithms import base, xgboost

    rows = min(rows, len(frame))
    starts = range(0, len(frame) - rows + 1, rows)
    batches = [frame.iloc[at : at + rows].reset_index(drop=True) for at in starts]
    matrices = [
        np.ascontiguousarray(xgboost.make_matrix(b, model.numeric, model.categories)) for b in batches
    ]

    def bare(position: int) -> np.ndarray:
        return model.booster.inplace_predict(matrices[position], validate_features=False)

    def ours(position: int) -> np.ndarray:
        return model.predict(batches[position])

    same = all(np.array_equal(ours(at), bare(at).astype(np.float64)) for at in range(min(3, len(batches))))
    parts: dict[str, Callable[[int], object]] = {
        "ours": ours,
        "bare": bare,
        "numbers to float32": lambda at: base.numeric_matrix(batches[at], model.numeric),
        "categories to codes": lambda at: model.categories.codes(batches[at]),
    }
    wall, cpu = dict.fromkeys(parts, 0.0), dict.fromkeys(parts, 0.0)
    done, began = 0, time.perf_counter()
    while done < 3 or time.perf_counter() - began < seconds * len(parts):
        for part, call in parts.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            call(done % len(batches))
            wall[part] += time.perf_counter() - start
            cpu[part] += time.process_time() - cpu_start
        done += 1
    return {
        "name": name,
        "batch_rows": rows,
        "batches": done,
        "columns": matrices[0].shape[1],
        "trees": model.booster.num_boosted_rounds(),
        "is_equal": same,
        "rows_per_second": {part: done * rows / wall[part] for part in ("ours", "bare")},
        "milliseconds_per_batch": {part: 1e3 * spent / done for part, spent in wall.items()},
        "cpu_ratio": cpu["bare"] / cpu["ours"],
    }


def figures(found: list[dict[str, Any]]) -> list[Figure]:
    """A line per size of batch."""
    lines = []
    for each in found:
        speed, spent = each["rows_per_second"], each["milliseconds_per_batch"]
        ratio = speed["ours"] / speed["bare"]
        lines.append(
            Figure(
                f"scoring, {each['name']} {each['batch_rows']:,} rows",
                "rows/s",
                ours=speed["ours"],
                plain=speed["bare"],
                ratio=ratio,
                target=f"at least {TARGET}x",
                is_met=ratio >= TARGET and each["is_equal"],
                note=f"ms: numbers {spent['numbers to float32']:.1f}, codes {spent['categories to codes']:.1f}, "
                f"trees {spent['bare']:.1f} of {spent['ours']:.1f}",
                detail=each,
            )
        )
    return lines
