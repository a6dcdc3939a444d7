"""The page on a season: HTML that loads nothing, and Markdown with its picture beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.foundation.pages import Block, Bullets, Cell, Heading, Link, Page, Paragraph, Picture, Table
from redeye.foundation.settings import settings
from redeye.foundation.ui_links import link_version
from redeye.monitoring.evidently_reports import locate_folder
from redeye.monitoring.logic.quality import CONFIDENCE
from redeye.studies.season import season_plots
from redeye.studies.season.logic.season_quality import (
    METRICS,
    RIVALS,
    SAMPLES,
    Contestant,
    Season,
    weeks_ahead,
)
from redeye.studies.season.season_events import Night, Story, TrainingStory

__all__ = ["Night", "Story", "TrainingStory", "write"]

NAMES = {"auc": "AUC", "log_loss": "log loss"}
NUMBERS_FROM = 1


def write(story: Story, season: Season, weeks: pd.DataFrame, folder: Path) -> Path:
    """Write both forms, each whole or not at all; a report on the same nights is replaced.

    Args:
        story: what happened.
        season: the headline.
        weeks: quality by week.
        folder: for the files.

    Returns:
        The HTML.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{story.model}-{story.first}-{story.last}"
    page = _page(story, season, weeks, stem)
    for picture in page.pictures():
        _put(folder / picture.file, picture.svg)
    _put(folder / f"{stem}.md", page.markdown())
    _put(folder / f"{stem}.html", page.html())
    return folder / f"{stem}.html"


def _put(path: Path, text: str) -> None:
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.write_text(text, encoding="utf-8")
    making.replace(path)


def _page(story: Story, season: Season, weeks: pd.DataFrame, stem: str) -> Page:
    scored = [night for night in story.nights if night.rows]
    blocks: list[Block] = []
    if story.shift_weeks:
        blocks.append(Paragraph(f"All dates are {story.shift_weeks} weeks later than in the source.", True))
    if settings().rehearsal:
        blocks.append(Paragraph("A rehearsal: faults were put into this data on purpose.", True))
    missing = [night for night in story.nights if not night.rows]
    blocks += [
        Bullets(tuple(lead.sentence() for lead in season.leads)),
        _headline(season),
        Paragraph(
            f"{season.rows:,} flights of {season.nights} nights with a label, {season.late_share:.1%} late. "
            f"{len(scored)} of {len(story.nights)} nights were scored"
            f"{': missing are ' + ', '.join(str(night.night) for night in missing) if missing else ''}. "
            f"All three probabilities are of the same flights. Intervals: {SAMPLES} resamplings of whole nights, "
            f"each bound holds with {CONFIDENCE:.0%} by itself."
        ),
        Paragraph(_never(story)),
        Heading("Time line"),
        Picture(f"{stem}.svg", "Quality by week, and what was decided", season_plots.draw(story, weeks)),
        _counts(story),
        Heading("Week by week"),
        Bullets(tuple(_ahead(weeks, rival, metric) for rival in RIVALS for metric in METRICS)),
        _weeks(weeks),
        Heading("Requests and trainings"),
        *_trainings(story),
        Heading("Promotions and rollbacks"),
        *_promotions(story),
        Heading("Nights"),
        _nights(story),
    ]
    return Page(f"Season of {story.model}, nights {story.first} to {story.last}", tuple(blocks))


def _headline(season: Season) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for metric in METRICS:
        cells: list[Cell] = [NAMES[metric]]
        for each in Contestant:
            figure = next(one for one in season.figures if one.contestant is each and one.metric == metric)
            found = figure.interval
            cells.append(
                f"{found.value:.4f} ({found.lower:.4f} to {found.upper:.4f})" if found else "not defined"
            )
        rows.append(tuple(cells))
    return Table(("metric", *(str(each) for each in Contestant)), tuple(rows), frozenset({1, 2, 3}))


def _never(story: Story) -> str:
    if not story.before:
        return "Nothing had been promoted before the first night: never retrained stands for the heuristic."
    named = ", then ".join(
        f"version {each.version} ({each.algorithm}, decided on night {each.decided_night}, "
        f"serving from {each.effective_night})"
        for each in story.before
    )
    return f"Never retrained: what was promoted before the first night and nothing since: {named}."


def _counts(story: Story) -> Bullets:
    verdicts = pd.Series([night.verdict for night in story.nights if night.verdict]).value_counts()
    said = ", ".join(f"{count} `{verdict}`" for verdict, count in verdicts.items()) or "none"
    promoted = [each for each in story.promotions if not story.is_rollback(each)]
    degraded = [night for night in story.nights if night.degraded]
    return Bullets(
        (
            f"Verdicts: {said}.",
            f"Trainings asked for: {len(story.requests)}; trained: {len(story.trainings)}, "
            f"promoted: {sum(each.training.is_promoted for each in story.trainings)}.",
            f"Promotions: {len(promoted)}; rollbacks: {len(story.promotions) - len(promoted)}.",
            f"Nights degraded: {len(degraded)}; recorded gaps: {sum(bool(n.gap) for n in story.nights)}.",
        )
    )


def _ahead(weeks: pd.DataFrame, rival: Contestant, metric: str) -> str:
    better, same, worse = weeks_ahead(weeks, rival, metric)
    return f"{NAMES[metric]} against {rival}: better in {better} weeks, the same in {same}, worse in {worse}."


def _weeks(weeks: pd.DataFrame) -> Table:
    heads = ["week from", "nights", "flights", "late", "version"]
    heads += [f"{NAMES[metric]} {each}" for metric in METRICS for each in Contestant]
    rows: list[tuple[Cell, ...]] = [
        (
            str(row["week"]),
            int(row["nights"]),
            f"{row['rows']:,}",
            f"{row['late_share']:.1%}",
            str(row["versions"]),
            *(_number(row[f"{metric}_{each.name.lower()}"]) for metric in METRICS for each in Contestant),
        )
        for row in weeks.to_dict("records")
    ]
    return Table(tuple(heads), tuple(rows), frozenset(range(NUMBERS_FROM, len(heads))))


def _number(value: float) -> str:
    return f"{value:.4f}" if pd.notna(value) else ""


def _trainings(story: Story) -> list[Block]:
    answered = {each.training.night for each in story.trainings}
    blocks: list[Block] = []
    still_open = [request for request in story.requests if request.decision.night not in answered]
    blocks += [
        Paragraph(f"Night {each.decision.night} asked and was not answered: {each.decision.reason}", True)
        for each in still_open
    ]
    for each in story.trainings:
        one = each.training
        became = f"promoted from {one.effective_night}" if one.is_promoted else "champion kept"
        pages = [Link("MLflow run", each.mlflow_url)]
        if one.candidate_version is not None:
            pages.append(Link("version", link_version(story.model, one.candidate_version)))
        if each.airflow_url:
            pages.append(Link("Airflow task", each.airflow_url))
        if report := _drift_page(story.model, str(one.night)):
            pages.append(report)
        rows: list[tuple[Cell, ...]] = [
            ("asked", one.asked),
            ("by", one.actor),
            ("candidate", f"version {one.candidate_version} ({one.algorithm})" if one.algorithm else "none"),
            ("outcome", one.reason),
            ("pages", pages),
        ]
        blocks += [
            Heading(f"Night {one.night}: {became}", 3),
            Table(("", ""), tuple(rows)),
        ]
        if each.gates:
            blocks.append(_gates(each))
    return blocks or [Paragraph("No verdict asked for a training.")]


def _gates(story: TrainingStory) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            str(gate.get("gate", "")),
            "passed" if gate.get("is_passed") else "failed",
            _plain(gate.get("value")),
            _plain(gate.get("bound")),
            str(gate.get("reason", "")),
        )
        for gate in story.gates
    ]
    heads = ("gate", f"on nights {story.window}", "value", "bound", "reason")
    return Table(heads, tuple(rows), frozenset({2, 3}))


def _plain(value: Any) -> str:  # noqa: ANN401  a value of JSON
    return f"{value:.4g}" if isinstance(value, int | float) else str(value or "")


def _promotions(story: Story) -> list[Block]:
    rows: list[tuple[Cell, ...]] = []
    for each in [*story.before, *story.promotions]:
        is_before = each in story.before
        kind = "before" if is_before else "rollback" if story.is_rollback(each) else "promotion"
        rows.append(
            (
                kind,
                str(each.decided_night),
                str(each.effective_night),
                Link(f"version {each.version}", link_version(story.model, each.version)),
                each.algorithm,
                each.actor,
                each.reason,
            )
        )
    heads = ("", "decided", "serves from", "version", "algorithm", "by", "reason")
    return [Table(heads, tuple(rows))] if rows else [Paragraph("Nothing was ever promoted.")]


def _nights(story: Story) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for night in story.nights:
        said = [night.reasons] if night.reasons else []
        said += [f"degraded: {night.degraded}"] if night.degraded else []
        said += [f"gap: {night.gap}"] if night.gap else []
        report = _drift_page(story.model, str(night.night))
        rows.append(
            (
                str(night.night),
                night.rows,
                f"{night.version} ({night.algorithm})" if night.version else "",
                night.verdict,
                "; ".join(said),
                "asked" if night.is_requested else night.decision,
                report or "",
            )
        )
    heads = ("night", "flights", "version", "verdict", "reasons", "training", "drift")
    return Table(heads, tuple(rows), frozenset({1}))


def _drift_page(model: str, night: str) -> Link | None:
    """To the page of the night's week, where it is kept; as a path from the season's folder."""
    from datetime import date

    folder = locate_folder(model, date.fromisoformat(night))
    if not (folder / "week.html").is_file():
        return None
    return Link("drift", f"../{model}/{night}/week.html")
