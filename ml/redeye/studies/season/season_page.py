"""The page on a season: HTML that loads nothing, and Markdown with its picture beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.foundation.pages import Cell, Link, Table, render_markdown, write_report
from redeye.foundation.settings import settings
from redeye.foundation.ui_links import link_version
from redeye.models.logic.interval_text import format_interval
from redeye.monitoring.evidently_reports import locate_folder
from redeye.monitoring.logic.quality import CONFIDENCE
from redeye.studies.season.logic.season_quality import (
    METRICS,
    RIVALS,
    SAMPLES,
    Contestant,
    Season,
    weeks_ahead,
)
from redeye.studies.season.season_events import Night, Story, TrainingStory
from redeye.studies.season.season_plots import draw_season

NAMES = {"auc": "AUC", "log_loss": "log loss"}


def write_page(story: Story, season: Season, weeks: pd.DataFrame, folder: Path) -> Path:
    """Write both forms, each whole or not at all; a report on the same nights is replaced.

    Args:
        story: what happened.
        season: the headline.
        weeks: quality by week.
        folder: for the files.

    Returns:
        The HTML.
    """
    stem = f"{story.model}-{story.first}-{story.last}"
    answered = {each.training.night for each in story.trainings}
    text = render_markdown(
        "studies/season/season.md.j2",
        story=story,
        season=season,
        is_rehearsal=bool(settings().rehearsal),
        samples=SAMPLES,
        confidence=f"{CONFIDENCE:.0%}",
        picture=f"{stem}.svg",
        headline=_tabulate_headline(season),
        missing=[night.night for night in story.nights if not night.rows],
        verdicts=pd.Series([night.verdict for night in story.nights if night.verdict]).value_counts(),
        rollbacks=sum(story.is_rollback(each) for each in story.promotions),
        ahead=[
            {"metric": NAMES[metric], "rival": rival, "weeks": weeks_ahead(weeks, rival, metric)}
            for rival in RIVALS
            for metric in METRICS
        ],
        weeks=_tabulate_weeks(weeks),
        unanswered=[each.decision for each in story.requests if each.decision.night not in answered],
        trainings=[
            {
                "training": each.training,
                "facts": _tabulate_training(story, each),
                "gates": _tabulate_gates(each) if each.gates else None,
            }
            for each in story.trainings
        ],
        promotions=_tabulate_promotions(story),
        nights=_tabulate_nights(story),
    )
    return write_report(folder, stem, text, {f"{stem}.svg": draw_season(story, weeks)})


def _tabulate_headline(season: Season) -> Table:
    rows = []
    for metric in METRICS:
        found = {each.contestant: each.interval for each in season.figures if each.metric == metric}
        cells = [format_interval(one) if (one := found[each]) else "not defined" for each in Contestant]
        rows.append((NAMES[metric], *cells))
    return Table(("metric", *(str(each) for each in Contestant)), rows, (1, 2, 3))


def _tabulate_weeks(weeks: pd.DataFrame) -> Table:
    heads = ["week from", "nights", "rows", "base rate", "version"]
    heads += [f"{NAMES[metric]} {each}" for metric in METRICS for each in Contestant]
    rows: list[tuple[Cell, ...]] = [
        (
            str(row["week"]),
            int(row["nights"]),
            f"{row['rows']:,}",
            f"{row['late_share']:.1%}",
            str(row["versions"]),
            *(
                "" if pd.isna(value := row[f"{metric}_{each.name.lower()}"]) else f"{value:.4f}"
                for metric in METRICS
                for each in Contestant
            ),
        )
        for row in weeks.to_dict("records")
    ]
    return Table(heads, rows, range(1, len(heads)))


def _tabulate_training(story: Story, each: TrainingStory) -> Table:
    one = each.training
    pages = [Link("MLflow run", each.mlflow_url)]
    if one.candidate_version is not None:
        pages.append(Link("version", link_version(story.model, one.candidate_version)))
    if each.airflow_url:
        pages.append(Link("Airflow task", each.airflow_url))
    if report := _link_drift(story.model, one.night):
        pages.append(report)
    rows: list[tuple[str, Cell]] = [
        ("request", one.asked),
        ("by", one.actor),
        ("candidate", f"version {one.candidate_version} ({one.algorithm})" if one.algorithm else "none"),
        ("outcome", one.reason),
        ("pages", pages),
    ]
    return Table(("", ""), rows)


def _tabulate_gates(story: TrainingStory) -> Table:
    rows = [
        (
            str(gate.get("gate", "")),
            "passed" if gate.get("is_passed") else "failed",
            _format_number(gate.get("value")),
            _format_number(gate.get("bound")),
            str(gate.get("reason", "")),
        )
        for gate in story.gates
    ]
    return Table(("gate", f"on nights {story.window}", "value", "bound", "reason"), rows, (2, 3))


def _format_number(value: Any) -> str:  # noqa: ANN401  a value of JSON
    return f"{value:.4g}" if isinstance(value, int | float) else str(value or "")


def _tabulate_promotions(story: Story) -> Table:
    kinds = [("before", each) for each in story.before]
    kinds += [("rollback" if story.is_rollback(each) else "promotion", each) for each in story.promotions]
    rows = [
        (
            kind,
            str(each.decided_night),
            str(each.effective_night),
            Link(f"version {each.version}", link_version(story.model, each.version)),
            each.algorithm,
            each.actor,
            each.reason,
        )
        for kind, each in kinds
    ]
    return Table(("", "decided", "serves from", "version", "algorithm", "by", "reason"), rows)


def _tabulate_nights(story: Story) -> Table:
    rows = [
        (
            str(night.night),
            night.rows,
            f"{night.version} ({night.algorithm})" if night.version else "",
            night.verdict,
            "; ".join(_list_reasons(night)),
            "requested" if night.is_requested else night.decision,
            _link_drift(story.model, night.night) or "",
        )
        for night in story.nights
    ]
    return Table(("night", "rows", "version", "verdict", "reasons", "training", "drift"), rows, (1,))


def _list_reasons(night: Night) -> list[str]:
    found = [night.reasons] if night.reasons else []
    found += [f"degraded: {night.degraded}"] if night.degraded else []
    return [*found, f"gap: {night.gap}"] if night.gap else found


def _link_drift(model: str, night: date) -> Link | None:
    """To the page of the night's week, where it is kept; as a path from the season's folder."""
    if not (locate_folder(model, night) / "week.html").is_file():
        return None
    return Link("drift", f"../{model}/{night}/week.html")
