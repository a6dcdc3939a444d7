"""A season's picture: quality by week, and beneath it on the same time line all that was decided."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from redeye.studies.season.logic.season_quality import Contestant
from redeye.studies.season.season_events import Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {Contestant.LOOP: "#1f6fb4", Contestant.NEVER: "#b3261e", Contestant.HEURISTIC: "#777777"}
VERDICTS = {"ok": "#9ccc9c", "watch": "#f2c14e", "retrain": "#d1495b", "roll back": "#6a1b9a"}
TITLES = {"auc": "AUC (higher is better)", "log_loss": "log loss (lower is better)"}
LANES = ("verdict", "training asked for", "training: promoted", "training: kept", "promotion", "rollback")


def draw(story: Story, weeks: pd.DataFrame) -> str:
    """The picture as SVG text, the same for the same rows."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "redeye", "svg.fonttype": "none"}):
        figure = Figure(figsize=(11, 9), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 2])
        for axes, metric in zip(panels, TITLES, strict=False):
            _quality(axes, story, weeks, metric)
        panels[0].set_title(f"{story.model}, nights {story.first} to {story.last}")
        panels[0].legend(ncols=3, fontsize=8)
        _time_line(panels[2], story)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _quality(axes: Axes, story: Story, weeks: pd.DataFrame, metric: str) -> None:
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
        axes.axvline(_place(promotion.effective_night), color="#444444", linewidth=0.8, linestyle=":")
    axes.set_ylabel(TITLES[metric])
    axes.grid(alpha=0.25)


def _time_line(axes: Axes, story: Story) -> None:
    heights = {lane: len(LANES) - 1 - place for place, lane in enumerate(LANES)}
    for night in story.nights:
        if night.verdict:
            start = _place(night.night)
            low = heights["verdict"] - 0.35
            axes.fill_between([start, start + 1], low, low + 0.7, color=VERDICTS.get(night.verdict, "black"))
    for request in story.requests:
        _mark(axes, request.decision.night, heights["training asked for"], "v", VERDICTS["retrain"])
    for each in story.trainings:
        lane = "training: promoted" if each.training.is_promoted else "training: kept"
        _mark(axes, each.training.night, heights[lane], "s", "#444444")
    for promotion in story.promotions:
        lane = "rollback" if story.is_rollback(promotion) else "promotion"
        _mark(axes, promotion.effective_night, heights[lane], "^", COLOURS[Contestant.LOOP])
        axes.annotate(
            f"v{promotion.version}",
            (_place(promotion.effective_night), heights[lane]),
            textcoords="offset points",
            xytext=(7, -3),
            fontsize=8,
        )
    axes.set_yticks([heights[lane] for lane in LANES], LANES, fontsize=8)
    axes.set_ylim(-0.6, len(LANES) - 0.4)
    axes.set_xlim(_place(story.first), _place(story.last) + 1)
    axes.grid(axis="x", alpha=0.25)
    for name, colour in VERDICTS.items():
        axes.fill_between([], [], [], color=colour, label=name)
    axes.legend(ncols=len(VERDICTS), fontsize=8, loc="lower right")


def _place(night: date) -> float:
    """Where a night begins on the time axis, whose unit is a day."""
    from matplotlib.dates import date2num

    return float(date2num(night))


def _mark(axes: Axes, night: date, height: float, marker: str, colour: str) -> None:
    axes.plot(_place(night), height, marker=marker, color=colour, markersize=7)
