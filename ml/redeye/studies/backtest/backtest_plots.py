"""A backtest's picture, as SVG text that is the same for the same rows."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pandas as pd

from redeye.studies.evidence.logic.evidence_quality import POOLED

COLOURS = {"heuristic": "#777777", "monthly": "#1f6fb4", "weekly": "#c98a00", "verdict": "#b3261e"}
# Beside each other within a month, in months.
SPREAD = 0.15


def draw(quality: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Log loss saved against the model that is never retrained, by month and over all.

    Args:
        quality: by month, schedule, metric and `against`.
        names: of the schedules, for people.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rows = quality[(quality["metric"] == "log_loss") & (quality["against"] == "never")]
    months = [*sorted(set(rows["month"]) - {POOLED}), POOLED]
    # Without date and random names, the same rows give the same file.
    with mpl.rc_context({"svg.hashsalt": "redeye", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 4.5), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot(
            title="Log loss saved against the model that is never retrained (above 0 is better)"
        )
        for position, (schedule, colour) in enumerate(COLOURS.items()):
            mine = rows[rows["schedule"] == schedule]
            shift = (position - (len(COLOURS) - 1) / 2) * SPREAD
            places = [months.index(month) + shift for month in mine["month"]]
            reach = [mine["value"] - mine["lower"], mine["upper"] - mine["value"]]
            axes.errorbar(
                places, mine["value"], yerr=reach, fmt="o", markersize=4, color=colour, label=names[schedule]
            )
        axes.axhline(0, color="#222222", linewidth=0.8)
        axes.set_xticks(range(len(months)), months)
        axes.set(ylabel="log loss saved")
        axes.legend(ncols=4, fontsize=8)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
