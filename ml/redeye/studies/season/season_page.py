"""The page on a season and what it tells: HTML that loads nothing, and Markdown with its picture beside it."""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.verdicts import Verdict
from redeye.foundation.pages import Cell, Link, Table, render_markdown, write_report
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
from redeye.foundation.renamed_values import GATES
from redeye.foundation.settings import settings
from redeye.foundation.ui_links import link_training, link_version
from redeye.models.logic.interval_text import format_interval
from redeye.models.mlflow_client import client, experiment_id
from redeye.monitoring.evidently_reports import locate_folder
from redeye.monitoring.logic.quality import CONFIDENCE
from redeye.promotion.decision_store import RecordedDecision, RecordedTraining
from redeye.studies.season.logic.season_quality import (
    METRICS,
    RIVALS,
    Contestant,
    Season,
    weeks_ahead,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

log = logging.getLogger(__name__)

NAMES = {"auc": "AUC", "log_loss": "log loss"}


@dataclass(frozen=True)
class Night:
    """One night of the calendar.

    Attributes:
        rows: scored; 0 if the night was not.
        version: that scored most of it.
        degraded: why it was scored from less than usual; empty if it was not.
        gap: why it was not built; empty if it was.
        reasons: of the verdict.
        decision: why a training was asked for or not.
    """

    night: date
    rows: int
    version: int | None
    algorithm: str
    degraded: str
    gap: str
    verdict: str
    reasons: str
    decision: str
    is_requested: bool


@dataclass(frozen=True)
class TrainingStory:
    """A training with its gates and pages.

    Attributes:
        gates: a row per gate: `gate`, `is_passed`, `value`, `bound`, `reason`; empty if none were judged.
        window: the nights they were judged on.
        mlflow_url: the run's page.
        airflow_url: the task's page; empty for a training in a process of its own.
    """

    training: RecordedTraining
    gates: tuple[dict[str, Any], ...] = field(hash=False)
    window: str
    mlflow_url: str
    airflow_url: str

    @classmethod
    def of(cls, model: str, training: RecordedTraining) -> TrainingStory:
        """With what the MLflow run kept; a run that is gone leaves the ledger's row."""
        from mlflow.exceptions import MlflowException

        page = link_training(experiment_id(model), training.mlflow_run_id)
        try:
            run = client().get_run(training.mlflow_run_id)
            kept = {each.path for each in client().list_artifacts(training.mlflow_run_id)}
        except MlflowException as error:
            log.warning("MLflow does not have the run %s any more: %s", training.mlflow_run_id, error)
            return cls(training, (), "", page, "")
        report: dict[str, Any] = {}
        if "gates.json" in kept:
            with tempfile.TemporaryDirectory(prefix="redeye-gates-") as folder:
                path = client().download_artifacts(training.mlflow_run_id, "gates.json", folder)
                report = json.loads(Path(path).read_text(encoding="utf-8"))
        gates, window = tuple(report.get("results", ())), str(report.get("window", ""))
        return cls(training, gates, window, page, str(run.data.tags.get("airflow_url", "")))


@dataclass(frozen=True)
class Story:
    """All of it.

    Attributes:
        promotions: decided in the season.
        before: decided before it: by them the model that was never retrained serves.
    """

    model: str
    first: date
    last: date
    nights: tuple[Night, ...]
    requests: tuple[RecordedDecision, ...]
    trainings: tuple[TrainingStory, ...]
    promotions: tuple[Promotion, ...]
    before: tuple[Promotion, ...]
    shift_weeks: int

    def is_rollback(self, promotion: Promotion) -> bool:
        """Whether it puts back a version that was champion before."""
        return promotion.kind == PromotionKind.ROLLBACK


def write_page(story: Story, season: Season, weeks: pd.DataFrame, folder: Path) -> Path:
    """Write both forms, each whole or not at all; a report on the same nights is replaced. Returns the HTML."""
    stem = f"{story.model}-{story.first}-{story.last}"
    answered = {each.training.night for each in story.trainings}
    text = render_markdown(
        "studies/season/season.md.j2",
        story=story,
        season=season,
        is_rehearsal=bool(settings().rehearsal),
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
        link_pages=partial(_link_pages, story.model),
        link_version=partial(link_version, story.model),
        link_drift=partial(_link_drift, story.model),
        list_reasons=_list_reasons,
        number=_format_number,
        renamed_gates=GATES,
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
            f"{row['base_rate']:.1%}",
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


def _link_pages(model: str, each: TrainingStory) -> list[Link]:
    one = each.training
    pages = [Link("MLflow run", each.mlflow_url)]
    if one.candidate_version is not None:
        pages.append(Link("version", link_version(model, one.candidate_version)))
    if each.airflow_url:
        pages.append(Link("Airflow task", each.airflow_url))
    report = _link_drift(model, one.night)
    return [*pages, report] if report else pages


def _format_number(value: Any) -> str:  # noqa: ANN401  a value of JSON
    return f"{value:.4g}" if isinstance(value, int | float) else str(value or "")


def _list_reasons(night: Night) -> list[str]:
    found = {"": night.reasons, "degraded: ": night.degraded, "gap: ": night.gap}
    return [f"{what}{reason}" for what, reason in found.items() if reason]


def _link_drift(model: str, night: date) -> Link | None:
    """To the page of the night's week, where it is kept; as a path from the season's folder."""
    if not (locate_folder(model, night) / "week.html").is_file():
        return None
    return Link("drift", f"../{model}/{night}/week.html")


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
