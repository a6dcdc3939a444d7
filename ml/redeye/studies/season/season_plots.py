"""A season's picture: quality by week, and beneath it on the same time line all decisions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from redeye.champions.logic.verdicts import Verdict
from redeye.foundation.plot_theme import (
    AMBER,
    BAD,
    CHAMPION,
    GOOD,
    HEURISTIC,
    QUIET,
    SERIES,
    TEXT,
    open_figure,
    render_svg,
)
from redeye.studies.season.logic.season_quality import Contestant
from redeye.studies.season.season_events import Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {Contestant.LOOP: CHAMPION, Contestant.NEVER: BAD, Contestant.HEURISTIC: HEURISTIC}
VERDICTS = dict(zip(Verdict, (GOOD, AMBER, BAD, SERIES[1]), strict=True))
TITLES = {"auc": "AUC (higher is better)", "log_loss": "log loss (lower is better)"}
LANES = (
    "verdict",
    "training requested",
    "training: promoted",
    "training: champion kept",
    "promotion",
    "rollback",
)
_HEIGHTS = {lane: len(LANES) - 1 - place for place, lane in enumerate(LANES)}


def draw_season(story: Story, weeks: pd.DataFrame) -> str:
    """The picture as SVG text."""
    with open_figure(11, 9) as figure:
        panels = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 2])
        for axes, metric in zip(panels, TITLES, strict=False):
            _draw_quality(axes, story, weeks, metric)
        panels[0].set_title(f"{story.model}, nights {story.first} to {story.last}")
        panels[0].legend(ncols=3)
        _draw_decisions(panels[2], story)
        return render_svg(figure)


def _draw_quality(axes: Axes, story: Story, weeks: pd.DataFrame, metric: str) -> None:
    middle = pd.to_datetime(weeks["week"]) + pd.Timedelta(days=3)
    for contestant in Contestant:
        axes.plot(
            middle,
            weeks[f"{metric}_{contestant.name.lower()}"],
            marker=".",
            color=COLOURS[contestant],
            label=str(contestant),
            # On top and broken: where nothing was retrained the two are one.
            linestyle="--" if contestant is Contestant.NEVER else "-",
        )
    for promotion in story.promotions:
        axes.axvline(_place(promotion.effective_night), color=QUIET, linewidth=0.8, linestyle=":")
    axes.set_ylabel(TITLES[metric])


def _draw_decisions(axes: Axes, story: Story) -> None:
    for night in story.nights:
        if night.verdict:
            start, low = _place(night.night), _HEIGHTS["verdict"] - 0.35
            colour = VERDICTS[Verdict(night.verdict)]
            axes.fill_between([start, start + 1], low, low + 0.7, color=colour, linewidth=0)
    for request in story.requests:
        _mark(axes, request.decision.night, "training requested", "v", VERDICTS[Verdict.RETRAIN])
    for each in story.trainings:
        lane = "training: promoted" if each.training.is_promoted else "training: champion kept"
        _mark(axes, each.training.night, lane, "s", TEXT)
    for promotion in story.promotions:
        lane = "rollback" if story.is_rollback(promotion) else "promotion"
        _mark(axes, promotion.effective_night, lane, "^", CHAMPION)
        axes.annotate(
            f"v{promotion.version}",
            (_place(promotion.effective_night), _HEIGHTS[lane]),
            textcoords="offset points",
            xytext=(7, -3),
            fontsize=8,
        )
    axes.set_yticks(list(_HEIGHTS.values()), LANES, fontsize=8)
    axes.set_ylim(-0.6, len(LANES) - 0.4)
    axes.set_xlim(_place(story.first), _place(story.last) + 1)
    for verdict, colour in VERDICTS.items():
        axes.fill_between([], [], [], color=colour, label=str(verdict))
    axes.legend(ncols=len(VERDICTS), loc="upper right", bbox_to_anchor=(1, -0.1))


def _place(night: date) -> float:
    """Where a night begins on the time axis, whose unit is a day."""
    from matplotlib.dates import date2num

    return float(date2num(night))


def _mark(axes: Axes, night: date, lane: str, marker: str, colour: str) -> None:
    axes.plot(_place(night), _HEIGHTS[lane], marker=marker, color=colour, markersize=7)
