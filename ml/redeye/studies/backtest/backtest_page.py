"""The page on a backtest: one table, one picture, what was trained when; HTML and Markdown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.foundation.pages import Block, Bullets, Heading, Page, Paragraph, Picture, Table
from redeye.models.logic.splits import Window
from redeye.studies.backtest.backtest_plots import draw
from redeye.studies.backtest.logic.schedules import CHOSEN, Request, Schedule
from redeye.studies.evidence.logic.evidence_quality import (
    CONFIDENCE,
    POOLED,
    SAMPLES,
)
from redeye.warehouse.logic.releases import Release

TITLES = {"auc": "AUC", "log_loss": "log loss", "calibration_error": "calibration error"}
NAMES = {
    "heuristic": "heuristic",
    "never": "never retrained",
    "monthly": "monthly",
    "weekly": "weekly",
    "verdict": "by verdict",
}


@dataclass(frozen=True)
class Facts:
    """What the backtest was made with.

    Attributes:
        threads: of the fits.
        algorithm: of all trainings.
        served: the nights that were predicted.
        is_recorded: whether the verdicts are those that the installation recorded, or simulated ones.
    """

    release: Release
    code_hash: str
    seed: int
    threads: int
    algorithm: str
    served: Window
    is_recorded: bool


@dataclass(frozen=True)
class Told:
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


def write(told: Told, quality: pd.DataFrame, reports: Path, docs: Path | None) -> Path:
    """Writes `<model>-<first>-<last>-<algorithm>.{html,md}` with picture and rows, each whole or not at all.

    Args:
        told: what happened.
        quality: by month (and `all`), schedule, metric and `against`.
        reports: folder for it.
        docs: folder for `backtest.md` and `backtest/` too, if given.

    Returns:
        The HTML.
    """
    facts = told.facts
    stem = f"{told.spec.model}-{facts.served.first}-{facts.served.last}-{facts.algorithm}"
    svg, rows = draw(quality, NAMES), quality.round(6).to_csv(index=False)
    page = _page(told, quality, f"{stem}.svg", svg)
    reports.mkdir(parents=True, exist_ok=True)
    _put(reports / f"{stem}.csv", rows)
    _put(reports / f"{stem}.svg", svg)
    _put(reports / f"{stem}.md", page.markdown())
    _put(reports / f"{stem}.html", page.html())
    if docs is not None:
        beside = docs / "backtest"
        beside.mkdir(parents=True, exist_ok=True)
        _put(beside / "quality.csv", rows)
        _put(beside / "log_loss.svg", svg)
        _put(docs / "backtest.md", _page(told, quality, "backtest/log_loss.svg", svg).markdown())
    return reports / f"{stem}.html"


def _put(path: Path, text: str) -> None:
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.write_text(text, encoding="utf-8")
    making.replace(path)


def _page(told: Told, quality: pd.DataFrame, file: str, svg: str) -> Page:
    blocks: list[Block] = [
        Paragraph(_opening(told)),
        Bullets(_how(told)),
        Heading("The schedules"),
        _table(told, quality),
        Paragraph(
            f"Differences are taken on the same flights and the same {SAMPLES} resampled nights; positive is better. "
            f"Each bound holds with {CONFIDENCE:.0%} by itself; what leaves 0 outside is marked with a star."
        ),
        Bullets(_findings(quality)),
        Picture(file, "Log loss saved against the model that is never retrained, by month", svg),
        Heading("By month"),
        _months(quality),
        Heading("What was trained"),
        _trained(told),
        *_asked(told),
        Heading("What it does not show"),
        Bullets(_limits(told)),
    ]
    return Page(f"Backtest of {told.spec.model}", tuple(blocks))


def _opening(told: Told) -> str:
    served = told.facts.served
    return (
        f"Nights {served.first} to {served.last}, predicted by models retrained on four schedules. All begin with the "
        f"training of night {told.decided[Schedule.NEVER][0]}. Written by `make backtest`."
    )


def _how(told: Told) -> tuple[str, ...]:
    spec, facts = told.spec, told.facts
    what = (
        "the choice between all refits of the spec" if facts.algorithm == CHOSEN else f"`{facts.algorithm}`"
    )
    return (
        f"Data: release {facts.release.release_id} (deliveries {facts.release.delivery_set_hash[:16]}), features as "
        "known at the cutoff of each night, labels as known and mature at the cutoff of each training.",
        f"Each training: {what}, on the windows of every training of the spec (at most {spec.split.history_nights} "
        f"nights to learn from, {spec.split.validation_nights} to stop by, {spec.split.test_nights} held back); it "
        f"serves from {spec.effective_lag_nights} nights later. No gate stands before it.",
        "By verdict: "
        + (
            "the nights on which this installation's recorded verdicts asked for a training."
            if facts.is_recorded
            else "each night is judged by the spec's rules on the model's own matured predictions, and persistence, "
            "cooldown and budget decide, by the same functions as in a running installation (simulated)."
        ),
        f"Seed {facts.seed}, {facts.threads} threads, code {facts.code_hash}.",
    )


def _table(told: Told, quality: pd.DataFrame) -> Table:
    pooled = quality[quality["month"] == POOLED]
    heads = ["schedule", "trainings", "AUC", "log loss", "calibration error"]
    heads += [
        f"{TITLES[metric]} against {name}"
        for name in ("never retrained", "heuristic")
        for metric in ("auc", "log_loss")
    ]
    rows = []
    for schedule, title in NAMES.items():
        mine = pooled[pooled["schedule"] == schedule].set_index(["against", "metric"])
        trainings = "" if schedule == "heuristic" else str(len(told.decided[Schedule(schedule)]))
        plain = [_interval(mine, ("", metric)) for metric in TITLES]
        apart = [
            _difference(mine, (other, metric)) if other != schedule else ""
            for other in ("never", "heuristic")
            for metric in ("auc", "log_loss")
        ]
        rows.append((title, trainings, *plain, *apart))
    return Table(tuple(heads), tuple(rows), frozenset(range(1, len(heads))))


def _findings(quality: pd.DataFrame) -> tuple[str, ...]:
    pooled = quality[(quality["month"] == POOLED) & (quality["against"] == "never")]
    found = []
    for schedule in ("monthly", "weekly", "verdict"):
        told = []
        for metric in ("auc", "log_loss"):
            mine = pooled[(pooled["schedule"] == schedule) & (pooled["metric"] == metric)]
            is_better, is_worse = (mine["lower"] > 0).any(), (mine["upper"] < 0).any()
            word = "surely better" if is_better else "surely worse" if is_worse else "not surely different"
            told.append(f"{word} in {TITLES[metric]}")
        found.append(f"{NAMES[schedule].capitalize()} against never retrained: {', '.join(told)}.")
    return tuple(found)


def _months(quality: pd.DataFrame) -> Table:
    heads = ("month", "flights", "late", *(f"{name}, log loss" for name in NAMES.values()))
    plain = quality[
        (quality["metric"] == "log_loss") & (quality["against"] == "") & (quality["month"] != POOLED)
    ]
    rows = []
    for month, mine in plain.groupby("month"):
        values = mine.set_index("schedule")["value"]
        first = mine.iloc[0]
        shown = [f"{values[name]:.4f}" for name in NAMES]
        rows.append((str(month), f"{first['flights']:,}", f"{first['base_rate']:.1%}", *shown))
    return Table(heads, tuple(rows), frozenset(range(1, len(heads))))


def _trained(told: Told) -> Table:
    rows = [
        (NAMES[schedule], ", ".join(str(night) for night in nights))
        for schedule, nights in told.decided.items()
    ]
    return Table(("schedule", "nights of training"), tuple(rows))


def _asked(told: Told) -> list[Block]:
    blocks: list[Block] = []
    if told.requests:
        rows = tuple((str(each.night), each.reason) for each in told.requests)
        blocks += [Heading("What verdicts asked for", 3), Table(("night", "because"), rows)]
    else:
        blocks.append(Paragraph("No verdict asked for a training."))
    if told.facts.algorithm == CHOSEN:
        fitted = tuple((str(night), name) for night, name in told.candidates.items())
        blocks += [Heading("What validation put forward", 3), Table(("night", "candidate"), fitted)]
    return blocks


def _limits(told: Told) -> tuple[str, ...]:
    return (
        "One past, one first training: another first night may give another order. The intervals are about nights, "
        "not about when one began.",
        "Without gates a worse model is taken too; in an installation it would not be. With gates a better one may "
        "be refused as well, where two weeks do not prove it.",
        "A rollback and an operator's own acts are not simulated.",
        "Old nights' features come from one release of today's code: known by their cutoffs, but not what late "
        "deliveries would have left out then.",
        *(
            ()
            if told.facts.algorithm == CHOSEN
            else (f"Every training is of {told.facts.algorithm}; there is no choice.",)
        ),
    )


def _interval(rows: pd.DataFrame, place: tuple[str, str]) -> str:
    if place not in rows.index:
        return "not defined"
    one: pd.Series = rows.loc[[place]].iloc[0]
    return f"{one['value']:.4f} ({one['lower']:.4f} to {one['upper']:.4f})"


def _difference(rows: pd.DataFrame, place: tuple[str, str]) -> str:
    if place not in rows.index:
        return "not defined"
    one: pd.Series = rows.loc[[place]].iloc[0]
    value, lower, upper = (round(float(one[name]), 4) + 0.0 for name in ("value", "lower", "upper"))
    star = " ★" if one["lower"] > 0 or one["upper"] < 0 else ""
    return f"{value:+.4f} ({lower:+.4f} to {upper:+.4f}){star}"
