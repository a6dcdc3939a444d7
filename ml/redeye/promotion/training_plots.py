"""Pictures of a trained model, as PNG files for its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from redeye.foundation.plot_theme import BAD, CHAMPION, QUIET, TEXT, draw_zero, open_figure
from redeye.models.logic.evaluation import Floats, Scored
from redeye.promotion.logic.gate_report import Gate, GateReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_INPUTS = 25


def draw_quality(folder: Path, scored: Mapping[str, Scored], importance: Mapping[str, float]) -> None:
    """Write `roc.png`, `precision_recall.png` and `calibration.png` of models on one window, and `importance.png`."""
    nights = next((f", nights {one.nights[0]} to {one.nights[-1]}" for one in scored.values()), "")
    with _open_axes(folder / "roc.png", f"Ranking{nights}") as axes:
        for name, one in scored.items():
            negatives, positives = np.cumsum(1 - one.labels), np.cumsum(one.labels)
            label = f"{name} (AUC {one.metrics().auc or 0:.3f})"
            axes.plot(negatives / negatives[-1], positives / positives[-1], label=label)
        _draw_diagonal(axes)
        axes.set(xlabel="false positive rate", ylabel="true positive rate")
        axes.legend()
    with _open_axes(folder / "precision_recall.png", f"Precision and recall{nights}") as axes:
        for name, one in scored.items():
            axes.plot(*precision_recall(one), label=name)
        axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1))
        axes.legend()
    with _open_axes(folder / "calibration.png", f"Calibration{nights}") as axes:
        for name, one in scored.items():
            bins = one.metrics().calibration
            predicted, observed = zip(*((b.mean_prediction, b.observed_rate) for b in bins), strict=True)
            axes.plot(predicted, observed, marker="o", label=name)
        _draw_diagonal(axes)
        axes.set(xlabel="predicted probability", ylabel="observed rate")
        axes.legend()
    shown = sorted(importance.items(), key=lambda item: item[1])[-SHOWN_INPUTS:]
    title = f"The {len(shown)} inputs that weigh most, of {len(importance)}"
    with _open_axes(folder / "importance.png", title, height=7.0) as axes:
        axes.barh([name for name, _ in shown], [weight for _, weight in shown])
        axes.tick_params(axis="y", labelsize=7)
        axes.set(xlabel="importance")


def draw_slices(folder: Path, report: GateReport) -> None:
    """Writes `slices.png`: the candidate beside the champion, slice by slice; nothing without slices."""
    result = next((one for one in report.results if one.gate is Gate.SLICES and one.parts), None)
    if result is None:
        return
    parts = [part for part in result.parts if part.value is not None and part.upper is not None]
    title = f"Log loss against the champion, nights {report.window}"
    with _open_axes(folder / "slices.png", title, height=1.5 + 0.3 * len(parts)) as axes:
        names = [f"{part.name} ({part.rows})" for part in parts]
        axes.barh(names, [part.value or 0.0 for part in parts], color=CHAMPION)
        bounds = [part.upper or 0.0 for part in parts]
        axes.scatter(bounds, names, marker="|", s=80, color=TEXT, label="upper bound", zorder=3)
        draw_zero(axes, is_vertical=True)
        if result.bound is not None:
            label = "upper bound below it: refused"
            axes.axvline(result.bound, color=BAD, linestyle="--", label=label)
        axes.set(xlabel="better by (negative: worse)")
        axes.legend()


def precision_recall(one: Scored) -> tuple[Floats, Floats]:
    """Recall and precision from the highest probability down; equal probabilities enter together.

    It begins where the first positive is found: before, precision is 0 and says nothing.
    """
    last = np.append(np.flatnonzero(np.diff(one.predictions)), one.predictions.size - 1)
    found, taken = np.cumsum(one.labels)[last], last + 1
    is_some = found > 0
    return found[is_some] / max(found[-1], 1), found[is_some] / taken[is_some]


def _draw_diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8)


@contextmanager
def _open_axes(path: Path, title: str, height: float = 4.5) -> Iterator[Axes]:
    """Of a figure of its own, saved on leaving."""
    with open_figure(6.5, height) as figure:
        yield figure.add_subplot(title=title)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
