"""Pictures of a trained model, as PNG files for its run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from redeye.models.logic.evaluation import Floats, Scored
from redeye.promotion.logic.gates import Gate, GateReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_INPUTS = 25


def draw(folder: Path, scored: Mapping[str, Scored], importance: Mapping[str, float]) -> None:
    """Writes `roc.png`, `precision_recall.png`, `calibration.png` and `importance.png`.

    Args:
        folder: to write into; made if missing.
        scored: by name, all on the same window.
        importance: of the inputs of the model in question.
    """
    folder.mkdir(parents=True, exist_ok=True)
    nights = next((f", nights {one.nights[0]} to {one.nights[-1]}" for one in scored.values()), "")
    with _Figure(folder / "roc.png", f"Ranking{nights}") as axes:
        for name, one in scored.items():
            negatives, positives = np.cumsum(1 - one.labels), np.cumsum(one.labels)
            auc = one.metrics().auc
            axes.plot(
                negatives / negatives[-1], positives / positives[-1], label=f"{name} (AUC {auc or 0:.3f})"
            )
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        axes.set(xlabel="share of flights on time taken", ylabel="share of late flights found")
        axes.legend()
    with _Figure(folder / "precision_recall.png", f"Precision and recall{nights}") as axes:
        for name, one in scored.items():
            axes.plot(*precision_recall(one), label=name)
        axes.set(xlabel="share of late flights found", ylabel="late among those taken", ylim=(0, 1))
        axes.legend()
    with _Figure(folder / "calibration.png", f"Calibration{nights}") as axes:
        for name, one in scored.items():
            bins = one.metrics().calibration
            axes.plot(
                [b.mean_prediction for b in bins], [b.observed_rate for b in bins], marker="o", label=name
            )
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        axes.set(xlabel="predicted probability", ylabel="share that was late")
        axes.legend()
    shown = sorted(importance.items(), key=lambda item: item[1])[-SHOWN_INPUTS:]
    title = f"The {len(shown)} inputs that weigh most, of {len(importance)}"
    with _Figure(folder / "importance.png", title, height=7.0) as axes:
        axes.barh([name for name, _ in shown], [weight for _, weight in shown])
        axes.tick_params(axis="y", labelsize=7)
        axes.set(xlabel="importance")


def draw_slices(folder: Path, report: GateReport) -> None:
    """Writes `slices.png`: how the candidate stands against the champion, slice by slice; nothing without slices."""
    result = next((one for one in report.results if one.gate is Gate.SLICES and one.parts), None)
    if result is None:
        return
    parts = [part for part in result.parts if part.value is not None and part.upper is not None]
    title = f"Log loss against the champion, nights {report.window}"
    with _Figure(folder / "slices.png", title, height=1.5 + 0.3 * len(parts)) as axes:
        names = [f"{part.name} ({part.rows})" for part in parts]
        axes.barh(names, [part.value or 0.0 for part in parts], color="tab:blue")
        axes.scatter([part.upper or 0.0 for part in parts], names, marker="|", color="black", label="at best")
        axes.axvline(0, color="grey", linewidth=0.8)
        if result.bound is not None:
            axes.axvline(result.bound, color="tab:red", linestyle="--", label="surely below it: refused")
        axes.set(xlabel="better by (negative: worse)")
        axes.legend(fontsize=7)


def precision_recall(one: Scored) -> tuple[Floats, Floats]:
    """Recall and precision from the highest probability down; equal probabilities enter together.

    It begins where the first late flight is found: before, precision is 0 and says nothing.
    """
    last = np.append(np.flatnonzero(np.diff(one.predictions)), one.predictions.size - 1)
    found, taken = np.cumsum(one.labels)[last], last + 1
    is_some = found > 0
    return found[is_some] / max(found[-1], 1), found[is_some] / taken[is_some]


class _Figure:
    """A figure of its own, without pyplot's global state, saved on leaving."""

    def __init__(self, path: Path, title: str, height: float = 4.5) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.path, self.title = path, title
        self.figure = Figure(figsize=(6.5, height), layout="constrained")
        FigureCanvasAgg(self.figure)

    def __enter__(self) -> Axes:
        axes: Axes = self.figure.add_subplot(title=self.title)
        return axes

    def __exit__(self, *_: object) -> None:
        self.figure.savefig(self.path, dpi=110)
