"""Pictures of the evidence."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from redeye.foundation.plot_theme import (
    TEXT,
    assign_colours,
    draw_groups,
    draw_zero,
    open_figure,
    render_svg,
)
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.studies.evidence.logic.evidence_quality import CHOSEN, POOLED, select

_SIZE = (8.5, 4.2)


def draw_all(rows: pd.DataFrame) -> Mapping[str, str]:
    """SVG text of `auc.svg`, `log_loss.svg` and `calibration.svg`.

    Args:
        rows: quality by month, algorithm, metric and `against`.
    """
    kept = rows[(rows["month"] != POOLED) & (rows["algorithm"] != CHOSEN)]
    return {
        "auc.svg": _draw_metric(
            select(kept, metric="auc", against=""), "AUC", "AUC of each month, with intervals by night"
        ),
        "log_loss.svg": _draw_metric(
            select(kept, metric="log_loss", against=HeuristicModel.algorithm),
            "log loss gained",
            "Log loss gained over the heuristic (above 0 is better)",
        ),
        "calibration.svg": _draw_calibration(select(kept, metric="auc", against="")),
    }


def _draw_metric(rows: pd.DataFrame, label: str, title: str) -> str:
    months, algorithms = (list(dict.fromkeys(rows[name])) for name in ("month", "algorithm"))
    with open_figure(*_SIZE) as figure:
        axes = figure.add_subplot(title=title, ylabel=label)
        draw_groups(axes, rows, months, dict(zip(algorithms, algorithms, strict=True)), by="algorithm")
        if (rows["against"] != "").all():
            draw_zero(axes)
        axes.legend(ncols=5)
        return render_svg(figure)


def _draw_calibration(rows: pd.DataFrame) -> str:
    months = list(dict.fromkeys(rows["month"]))
    colours = assign_colours(rows["algorithm"])
    with open_figure(*_SIZE) as figure:
        axes = figure.add_subplot(
            title="Mean prediction of each month, and its base rate", ylabel="share of rows"
        )
        for algorithm, mine in rows.groupby("algorithm", sort=False):
            name = str(algorithm)
            places = [months.index(month) for month in mine["month"]]
            axes.plot(places, mine["mean_prediction"], marker=".", color=colours[name], label=name)
        once = rows.drop_duplicates("month")
        axes.plot(
            range(len(months)), once["base_rate"], color=TEXT, marker="s", linewidth=2, label="base rate"
        )
        axes.set_xticks(range(len(months)), months)
        axes.legend(ncols=5)
        return render_svg(figure)
