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
from redeye.studies.backtest.logic.loop import Request
from redeye.studies.backtest.logic.schedules import CHOSEN, Schedule
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
    "loop": "the loop",
}
HALVES = ("first half", "second half")
"""Of the nights, in the order of time: what is chosen on the first is judged on the second."""
_CALENDAR = ("never", "monthly", "weekly")
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
        decided: nights of the trainings that served, by schedule.
        requests: by schedule, the trainings that verdicts, challenges or the loop's calendar asked for.
        candidates: what was fitted, by night.
    """

    spec: Spec
    facts: Facts
    decided: Mapping[Schedule, tuple[date, ...]]
    requests: Mapping[Schedule, tuple[Request, ...]]
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
        halves=_tabulate_halves(quality),
        held_out=_compare_on_second_half(quality),
        names=NAMES,
    )


def _count_trainings(backtest: Backtest, schedule: Schedule) -> int:
    """Those that were refused count too: they cost as much."""
    asked = backtest.requests.get(schedule)
    return len(backtest.decided[schedule]) if asked is None else 1 + len(asked)


def _tabulate_halves(quality: pd.DataFrame) -> Table:
    heads = ["schedule", *(f"{half}, {TITLES[metric]}" for half in HALVES for metric in TITLES)]
    rows = [
        (
            title,
            *(
                _find_cell(select(quality, month=half), name, metric, "")
                for half in HALVES
                for metric in TITLES
            ),
        )
        for name, title in NAMES.items()
    ]
    return Table(heads, rows, range(1, len(heads)))


def _compare_on_second_half(quality: pd.DataFrame) -> str:
    """The loop against the schedule that had the lowest log loss on the other half."""
    losses = select(quality, month=HALVES[0], metric="log_loss", against="").set_index("schedule")["value"]
    best = str(losses[losses.index.isin(_CALENDAR)].idxmin())
    second = select(quality, month=HALVES[1], metric="log_loss", against=best, schedule="loop")
    if second.empty:
        return "The loop's difference on the second half is not defined."
    value = read_interval(second.iloc[0])
    return (
        f"Of the schedules by the calendar, {NAMES[best]} had the lowest log loss on the first half. On the second, "
        f"the loop's is {describe_improvement(value)}, {format_interval(value, '+.4f')}."
    )


def _tabulate_schedules(backtest: Backtest, quality: pd.DataFrame) -> Table:
    pooled = quality[quality["month"] == POOLED]
    heads = ["schedule", "trainings", *TITLES.values()]
    heads += [f"{TITLES[metric]} against {NAMES[other]}" for other in REFERENCES for metric in COMPARED]
    rows = [
        (
            title,
            "" if schedule == "heuristic" else str(_count_trainings(backtest, Schedule(schedule))),
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
    for schedule in ("monthly", "weekly", "verdict", "loop"):
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
    for month, mine in plain[~plain["month"].isin((*HALVES, POOLED))].groupby("month"):
        values, first = mine.set_index("schedule")["value"], mine.iloc[0]
        shown = [f"{values[name]:.4f}" for name in NAMES]
        rows.append((str(month), f"{first['rows']:,}", f"{first['base_rate']:.1%}", *shown))
    return Table(heads, rows, range(1, len(heads)))


def draw_log_loss(quality: pd.DataFrame) -> str:
    """Log loss gained over the model that is never retrained, by month and over all, as SVG text."""
    rows = select(quality, metric="log_loss", against="never")
    rows = rows[~rows["month"].isin(HALVES)]
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
