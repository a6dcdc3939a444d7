"""Pictures of the experiment on windows and ages."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from redeye.foundation.plot_theme import (
    CHAMPION,
    SERIES,
    draw_intervals,
    draw_zero,
    open_figure,
    render_svg,
)
from redeye.studies.freshness.logic.freshness_quality import ALL

TITLES = {"auc": "AUC", "log_loss": "log loss"}
_SIZE = (9.5, 4.2)


def draw_windows(windows: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What each variant gains over all history, by metric, as SVG text.

    Args:
        windows: of `by_window`.
        names: of the variants, for people.
    """
    shown = [name for name in names if name in set(windows["variant"]) and name not in (ALL, "heuristic")]
    with open_figure(*_SIZE) as figure:
        figure.suptitle("Better than all history on the same rows (above 0)")
        for axes, (metric, title) in zip(figure.subplots(1, 2), TITLES.items(), strict=True):
            mine = windows[windows["metric"] == metric].set_index("variant").loc[shown]
            draw_intervals(axes, range(len(shown)), mine, CHAMPION)
            draw_zero(axes)
            axes.set_xticks(range(len(shown)), [names[name] for name in shown], rotation=35, ha="right")
            axes.set(ylabel=f"{title} gained")
        return render_svg(figure)


def draw_ages(ages: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What older models gain over the youngest, by metric and age, as SVG text.

    Args:
        ages: of `by_age`.
        names: of the variants, for people.
    """
    with open_figure(*_SIZE) as figure:
        figure.suptitle("Better than a model less than four weeks old on the same rows (above 0)")
        for axes, (metric, title) in zip(figure.subplots(1, 2), TITLES.items(), strict=True):
            variants = ages[ages["metric"] == metric].groupby("variant", sort=False)
            for place, (variant, mine) in enumerate(variants):
                middle = (mine["age_from"] + mine["age_to"]) / 2 + 3 * place
                draw_intervals(axes, middle, mine, SERIES[place], names[str(variant)])
            draw_zero(axes)
            axes.set(xlabel="nights since its training", ylabel=f"{title} gained")
            axes.legend()
        return render_svg(figure)
