"""A backtest's picture."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from redeye.foundation.plot_theme import draw_groups, draw_zero, open_figure, render_svg
from redeye.studies.evidence.logic.evidence_quality import POOLED, select


def draw_log_loss(quality: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Log loss gained over the model that is never retrained, by month and over all, as SVG text.

    Args:
        quality: by month, schedule, metric and `against`.
        names: of the schedules, for people.
    """
    rows = select(quality, metric="log_loss", against="never")
    months = [*sorted(set(rows["month"]) - {POOLED}), POOLED]
    series = {name: title for name, title in names.items() if name != "never"}
    with open_figure(9, 4.5) as figure:
        axes = figure.add_subplot()
        draw_groups(axes, rows, months, series, by="schedule")
        draw_zero(axes)
        axes.set(
            ylabel="log loss gained",
            title="Log loss gained over the model that is never retrained (above 0 is better)",
        )
        axes.legend(ncols=4)
        return render_svg(figure)
