"""Pictures of the evidence, as small SVG files that are the same for the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.studies.evidence.logic.evidence_quality import CHOSEN, POOLED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "heuristic": "#777777",
    "logistic": "#c98a00",
    "xgboost": "#1f6fb4",
    "xgboost_recent": "#7fb3d9",
    "torch": "#b3261e",
    "average": "#2e7d32",
}
# Beside each other within a month, in months.
SPREAD = 0.12


def draw(folder: Path, rows: pd.DataFrame) -> None:
    """Writes `auc.svg`, `log_loss.svg` and `calibration.svg`.

    Args:
        folder: to write into.
        rows: as `judged` gives them.
    """
    kept = rows[(rows["month"] != POOLED) & (rows["algorithm"] != CHOSEN)]
    months = list(dict.fromkeys(kept["month"]))
    plain = kept[kept["against"] == ""]
    with _axes(folder / "auc.svg", "AUC of each month, with intervals by night", months) as axes:
        _bars(axes, plain[plain["metric"] == "auc"], months)
        axes.set(ylabel="AUC")
    better = kept[(kept["metric"] == "log_loss") & (kept["against"] == HeuristicModel.algorithm)]
    title = "Log loss saved against the heuristic (above 0 is better)"
    with _axes(folder / "log_loss.svg", title, months) as axes:
        _bars(axes, better, months)
        axes.axhline(0, color="#777777", linewidth=0.8)
        axes.set(ylabel="log loss saved")
    title = "Mean prediction of each month, and the share that was late"
    with _axes(folder / "calibration.svg", title, months) as axes:
        one = plain[plain["metric"] == "auc"]
        for algorithm, mine in one.groupby("algorithm", sort=False):
            places = [months.index(month) for month in mine["month"]]
            axes.plot(
                places,
                mine["mean_prediction"],
                marker=".",
                color=COLOURS.get(str(algorithm)),
                label=algorithm,
            )
        late = one.drop_duplicates("month")
        axes.plot(range(len(months)), late["base_rate"], color="black", marker="s", linewidth=2, label="late")
        axes.set(ylabel="share of flights")


def _bars(axes: Axes, rows: pd.DataFrame, months: list[str]) -> None:
    algorithms = list(dict.fromkeys(rows["algorithm"]))
    for position, algorithm in enumerate(algorithms):
        mine = rows[rows["algorithm"] == algorithm]
        shift = (position - (len(algorithms) - 1) / 2) * SPREAD
        places = [months.index(month) + shift for month in mine["month"]]
        reach = [mine["value"] - mine["lower"], mine["upper"] - mine["value"]]
        axes.errorbar(
            places,
            mine["value"],
            yerr=reach,
            fmt="o",
            markersize=4,
            label=algorithm,
            color=COLOURS.get(algorithm),
        )


@contextmanager
def _axes(path: Path, title: str, months: list[str]) -> Iterator[Axes]:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Without date and random names, the same rows give the same file.
    with mpl.rc_context({"svg.hashsalt": "redeye", "svg.fonttype": "none"}):
        figure = Figure(figsize=(8.5, 4.2), layout="constrained")
        FigureCanvasSVG(figure)
        axes: Axes = figure.add_subplot(title=title)
        yield axes
        axes.set_xticks(range(len(months)), months)
        axes.legend(ncols=5, fontsize=8)
        figure.savefig(path, metadata={"Date": None})
