"""The page on a backtest: one table, one picture, what was trained when; HTML and Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import Cell, Table, render_markdown, write_report
from redeye.foundation.plot_theme import draw_groups, draw_zero, open_figure, render_svg
from redeye.models.logic.interval_text import describe_improvement, format_interval, read_interval
from redeye.models.logic.splits import Window
from redeye.studies.backtest.logic.schedules import CHOSEN, Request, Schedule
from redeye.studies.evidence.evidence_page import format_difference
from redeye.studies.evidence.logic.evidence_quality import CONFIDENCE, POOLED, select
from redeye.studies.labelled_rows import Basis
from redeye.studies.page_origin import write_origin

TITLES = {"auc": "AUC", "log_loss": "log loss", "calibration_error": "calibration error"}
NAMES = {
    "heuristic": "heuristic",
    "never": "never retrained",
    "monthly": "monthly",
    "weekly": "weekly",
    "verdict": "by verdict",
}
COMPARED = ("auc", "log_loss")
REFERENCES = ("never", "heuristic")


@dataclass(frozen=True)
class Facts(Basis):
    """What the backtest was made with.

    Attributes:
        algorithm: of all trainings.
        served: the nights that were predicted.
        is_recorded: whether the verdicts are those that the installation recorded, or simulated ones.
    """

    algorithm: str
    served: Window
    is_recorded: bool


@dataclass(frozen=True)
class Backtest:
    """What happened.

    Attributes:
        decided: nights of the trainings, by schedule.
        requests: of the verdicts.
        candidates: what was fitted, by night.
    """

    spec: Spec
    facts: Facts
    decided: Mapping[Schedule, tuple[date, ...]]
    requests: tuple[Request, ...]
    candidates: Mapping[date, str]


def write_page(backtest: Backtest, quality: pd.DataFrame, reports: Path, docs: Path | None) -> Path:
    """Writes `<model>-<first>-<last>-<algorithm>.{html,md}` with picture and rows, each whole or not at all.

    `quality` is by month (and `all`), schedule, metric and `against`. Given a folder of the docs, `backtest.md` and
    `backtest/` are written too. Returns the HTML.
    """
    facts = backtest.facts
    stem = f"{backtest.spec.model}-{facts.served.first}-{facts.served.last}-{facts.algorithm}"
    svg, rows = draw_log_loss(quality), quality.round(6).to_csv(index=False)
    write_text(reports / f"{stem}.csv", rows)
    if docs is not None:
        write_text(docs / "backtest" / "quality.csv", rows)
        write_text(docs / "backtest" / "log_loss.svg", svg)
        write_text(docs / "backtest.md", _render(backtest, quality, "backtest/log_loss.svg"))
    return write_report(reports, stem, _render(backtest, quality, f"{stem}.svg"), {f"{stem}.svg": svg})


def _render(backtest: Backtest, quality: pd.DataFrame, picture: str) -> str:
    return render_markdown(
        "studies/backtest/backtest.md.j2",
        backtest=backtest,
        spec=backtest.spec,
        facts=backtest.facts,
        origin=write_origin("backtest", backtest.spec.model),
        is_selected=backtest.facts.algorithm == CHOSEN,
        first_training=backtest.decided[Schedule.NEVER][0],
        confidence=f"{CONFIDENCE:.0%}",
        picture=picture,
        schedules=_tabulate_schedules(backtest, quality),
        findings=_compare_schedules(quality),
        months=_tabulate_months(quality),
        names=NAMES,
    )


def _tabulate_schedules(backtest: Backtest, quality: pd.DataFrame) -> Table:
    pooled = quality[quality["month"] == POOLED]
    heads = ["schedule", "trainings", *TITLES.values()]
    heads += [f"{TITLES[metric]} against {NAMES[other]}" for other in REFERENCES for metric in COMPARED]
    rows = [
        (
            title,
            "" if schedule == "heuristic" else str(len(backtest.decided[Schedule(schedule)])),
            *(_find_cell(pooled, schedule, metric, "") for metric in TITLES),
            *(_find_cell(pooled, schedule, metric, other) for other in REFERENCES for metric in COMPARED),
        )
        for schedule, title in NAMES.items()
    ]
    return Table(heads, rows, range(1, len(heads)))


def _find_cell(pooled: pd.DataFrame, schedule: str, metric: str, against: str) -> Cell:
    """A metric, or its difference from that of another schedule."""
    if against == schedule:
        return ""
    found = select(pooled, schedule=schedule, metric=metric, against=against)
    if found.empty:
        return "not defined"
    return format_difference(found.iloc[0]) if against else format_interval(read_interval(found.iloc[0]))


def _compare_schedules(quality: pd.DataFrame) -> list[str]:
    pooled = select(quality, month=POOLED, against="never")
    found = []
    for schedule in ("monthly", "weekly", "verdict"):
        words = []
        for metric in COMPARED:
            result = "not defined"
            if len(mine := select(pooled, schedule=schedule, metric=metric)):
                value = read_interval(mine.iloc[0])
                result = f"{describe_improvement(value)}, {format_interval(value, '+.4f')}"
            words.append(f"{TITLES[metric]} {result}")
        found.append(f"{NAMES[schedule].capitalize()} against never retrained: {'; '.join(words)}.")
    return found


def _tabulate_months(quality: pd.DataFrame) -> Table:
    heads = ("month", "rows", "base rate", *(f"{name}, log loss" for name in NAMES.values()))
    plain = select(quality, metric="log_loss", against="")
    rows = []
    for month, mine in plain[plain["month"] != POOLED].groupby("month"):
        values, first = mine.set_index("schedule")["value"], mine.iloc[0]
        shown = [f"{values[name]:.4f}" for name in NAMES]
        rows.append((str(month), f"{first['rows']:,}", f"{first['base_rate']:.1%}", *shown))
    return Table(heads, rows, range(1, len(heads)))


def draw_log_loss(quality: pd.DataFrame) -> str:
    """Log loss gained over the model that is never retrained, by month and over all, as SVG text."""
    rows = select(quality, metric="log_loss", against="never")
    months = [*sorted(set(rows["month"]) - {POOLED}), POOLED]
    series = {name: title for name, title in NAMES.items() if name != "never"}
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
