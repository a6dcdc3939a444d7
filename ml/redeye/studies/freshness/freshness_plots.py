"""Pictures of the experiment on windows and ages, as small SVG files that are the same for the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from redeye.studies.freshness.logic.freshness_quality import ALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#1f6fb4", "#b3261e", "#c98a00", "#777777")
TITLES = {"auc": "AUC", "log_loss": "log loss"}


def draw(folder: Path, windows: pd.DataFrame, ages: pd.DataFrame, names: dict[str, str]) -> None:
    """Writes `windows.svg` and `ages.svg`.

    Args:
        folder: to write into.
        windows: of `by_window`.
        ages: of `by_age`.
        names: of the variants, for people.
    """
    shown = [name for name in names if name in set(windows["variant"]) and name not in (ALL, "heuristic")]
    with _two_axes(folder / "windows.svg", "Better than all history on the same flights (above 0)") as both:
        for axes, metric in zip(both, TITLES, strict=True):
            mine = windows[windows["metric"] == metric].set_index("variant").loc[shown]
            _bars(axes, list(range(len(shown))), mine, COLOURS[0], None)
            axes.set_xticks(range(len(shown)), [names[name] for name in shown], rotation=35, ha="right")
            axes.set(ylabel=f"{TITLES[metric]} gained")
    with _two_axes(
        folder / "ages.svg", "Better than a model less than four weeks old on the same flights"
    ) as both:
        for axes, metric in zip(both, TITLES, strict=True):
            for place, (variant, mine) in enumerate(
                ages[ages["metric"] == metric].groupby("variant", sort=False)
            ):
                where = [
                    (first + last) / 2 + 3 * place
                    for first, last in zip(mine["age_from"], mine["age_to"], strict=True)
                ]
                _bars(axes, where, mine, COLOURS[place], names[str(variant)])
            axes.set(xlabel="nights since its training", ylabel=f"{TITLES[metric]} gained")
            axes.legend(fontsize=8)


def _bars(
    axes: Axes, places: list[float] | list[int], rows: pd.DataFrame, colour: str, label: str | None
) -> None:
    reach = [rows["value"] - rows["lower"], rows["upper"] - rows["value"]]
    axes.errorbar(places, rows["value"], yerr=reach, fmt="o", markersize=4, color=colour, label=label)
    axes.axhline(0, color="#777777", linewidth=0.8)


@contextmanager
def _two_axes(path: Path, title: str) -> Iterator[tuple[Axes, Axes]]:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Without date and random names, the same rows give the same file.
    with mpl.rc_context({"svg.hashsalt": "redeye", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9.5, 4.2), layout="constrained")
        FigureCanvasSVG(figure)
        figure.suptitle(title, fontsize=11)
        left, right = figure.subplots(1, 2)
        yield left, right
        figure.savefig(path, metadata={"Date": None})
