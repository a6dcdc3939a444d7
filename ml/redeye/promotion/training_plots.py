"""Pictures of a trained model, as PNG files for its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from redeye.foundation.plot_theme import BAD, CHAMPION, QUIET, TEXT, draw_zero, open_figure
from redeye.models.logic.evaluation import Scored
from redeye.promotion.logic.gate_report import Gate, GateReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_INPUTS = 25


def draw_quality(folder: Path, scored: Mapping[str, Scored], importance: Mapping[str, float]) -> None:
    """Write what the kind shows of models on one window, such as `calibration.png`, and `importance.png`."""
    nights = next((f", nights {one.nights[0]} to {one.nights[-1]}" for one in scored.values()), "")
    drawn = {model: one.draw_curves() for model, one in scored.items()}
    for name, first in next(iter(drawn.values()), {}).items():
        with _open_axes(folder / f"{name}.png", f"{first.picture}{nights}") as axes:
            for model, curves in drawn.items():
                curve = curves[name]
                marker = "o" if curve.has_points else None
                axes.plot(curve.x, curve.y, marker=marker, label=f"{model}{curve.label}")
            if first.has_diagonal:
                _draw_diagonal(axes)
            axes.set(xlabel=first.x_title, ylabel=first.y_title, ylim=first.limits)
            axes.legend()
    shown = sorted(importance.items(), key=lambda item: item[1])[-SHOWN_INPUTS:]
    title = f"The {len(shown)} inputs that weigh most, of {len(importance)}"
    with _open_axes(folder / "importance.png", title, height=7.0) as axes:
        axes.barh([name for name, _ in shown], [weight for _, weight in shown])
        axes.tick_params(axis="y", labelsize=7)
        axes.set(xlabel="importance")


def draw_slices(folder: Path, report: GateReport, loss: str) -> None:
    """Writes `slices.png`: the candidate's loss beside the champion's, slice by slice; nothing without slices."""
    result = next((one for one in report.results if one.gate is Gate.SLICES and one.parts), None)
    if result is None:
        return
    parts = [part for part in result.parts if part.value is not None and part.upper is not None]
    title = f"{loss.capitalize()} against the champion, nights {report.window}"
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


def _draw_diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8)


@contextmanager
def _open_axes(path: Path, title: str, height: float = 4.5) -> Iterator[Axes]:
    """Of a figure of its own, saved on leaving."""
    with open_figure(6.5, height) as figure:
        yield figure.add_subplot(title=title)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
