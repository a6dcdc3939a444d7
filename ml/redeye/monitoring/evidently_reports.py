"""Evidently's pages on drift and quality: evidence for people. What drifted is decided elsewhere.

The only module that imports Evidently, which takes seconds, hence inside the functions. The columns' values and
thresholds on a page are ours: its stock tests call every real day drifted. A page is one file; its policy
(CSP) lets it load nothing, and telemetry is switched off.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from redeye.champions.logic.verdicts import Verdict
from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import render_html
from redeye.foundation.settings import settings
from redeye.monitoring.logic.drift_measures import Statistic
from redeye.monitoring.logic.drift_result import Span
from redeye.monitoring.logic.drift_summary import DriftSummary, describe_rows, summarise_drift

if TYPE_CHECKING:
    from evidently.core.report import Snapshot
    from evidently.legacy.model.widget import BaseWidgetInfo

# Each column costs a third of a second and 20 kB: the worst are shown, the rest is in the table `drift`.
COLUMNS = 12
# Longer tables of features are folded.
FOLDED = 12
HALF_WIDTH = 1
TEST = "redeye_none"
CURVES = ("Precision-Recall Curve", "ROC Curve")
_DISTANCES = [str(Statistic.WASSERSTEIN), str(Statistic.JENSEN_SHANNON)]
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)


@dataclass(frozen=True)
class Page:
    """What one page shows.

    Attributes:
        verdict: of the night, as recorded, with its `reasons`.
        rows: of the table `drift` for the night, of both spans.
        current: the span's rows with the features and, where the champion made it, `probability`.
        reference: a sample of what the champion learned from.
        matured: its predictions with `label`, of the newest matured nights.
        predicted: its predictions on the rows it learned from, without label.
        unseen: its predictions with `label` on nights after its fit.
        told: the column with what is predicted, `probability` above.
        is_told_number: whether that column holds numbers.
        has_classes: whether labels are true or false, so that curves can be drawn.
        numeric: which of the columns are numbers.
    """

    model: str
    night: date
    span: Span
    version: int
    verdict: Verdict
    reasons: tuple[str, ...]
    rows: pd.DataFrame
    current: pd.DataFrame
    reference: pd.DataFrame
    matured: pd.DataFrame
    predicted: pd.DataFrame
    unseen: pd.DataFrame
    told: str
    has_classes: bool
    numeric: Mapping[str, bool]
    is_told_number: bool = True


def locate_folder(model: str, night: date) -> Path:
    """Where the pages of a night lie."""
    return settings().reports / model / night.isoformat()


def write_page(page: Page) -> Path:
    """Write a page, whole or not at all; one that is there is replaced, the rows it shows do not change."""
    os.environ["DO_NOT_TRACK"] = "true"
    from evidently.core.report import render_widgets
    from evidently.legacy.renderers.html_widgets import group_widget

    summary = summarise_drift(page.rows, page.span)
    drawn = _select_columns(page, summary)
    parts = [("What drifted, against what the champion learned from", _draw_columns(page, drawn))]
    if (quality := _compare_quality(page)) is not None:
        parts.append(("Quality on matured labels, against the nights after the fit", _select_curves(quality)))
    widgets = [group_widget(title=title, widgets=part) for title, part in parts if part]
    text = render_widgets(widgets, as_iframe=False)
    target = locate_folder(page.model, page.night) / f"{page.span}.html"
    write_text(target, _frame_page(text, _render_summary(page, summary, drawn)))
    return target


def prune(keep: int) -> list[Path]:
    """Remove all but the newest `keep` nights of each model, by the night they are of."""
    removed = []
    for model in sorted(settings().reports.glob("*/")):
        nights = sorted(model.glob("*/"))
        for path in nights[: max(0, len(nights) - keep)]:
            shutil.rmtree(path)
            removed.append(path)
    return removed


def _select_columns(page: Page, summary: DriftSummary) -> list[str]:
    """Those to draw that the library can: it refuses columns that are empty on one side."""
    both = [set(frame.columns[frame.notna().any()]) for frame in (page.current, page.reference)]
    known = both[0] & (both[1] | {page.told})
    return [name for name in summary.pictured if name in known][:COLUMNS]


def _draw_columns(page: Page, drawn: list[str]) -> list[BaseWidgetInfo]:
    """Evidently's picture of each column's distribution, under our words on it."""
    if not drawn:
        return []
    from evidently import DataDefinition, Dataset, Report
    from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
    from evidently.legacy.core import ColumnType
    from evidently.metrics import ValueDrift

    # Its own tests are not asked: they call every real day drifted, and stumble over constant columns.
    kinds_of_columns = [ColumnType.Numerical, ColumnType.Categorical]
    register_stattest(StatTest(TEST, "decided elsewhere", kinds_of_columns, 0.0), lambda *_: (0.0, False))
    current, reference = page.current[drawn], page.reference.reindex(columns=drawn)
    numbers = [name for name in drawn if (page.is_told_number if name == page.told else page.numeric[name])]
    if page.told in drawn:
        # Drawn evenly from all of them; which row stands beside which does not matter to a distribution.
        every = np.linspace(0, len(page.predicted) - 1, len(reference)).astype(int)
        reference = reference.assign(**{page.told: page.predicted[page.told].to_numpy()[every]})
    kinds = DataDefinition(
        numerical_columns=numbers, categorical_columns=[name for name in drawn if name not in numbers]
    )
    typed = [_convert_types(frame, numbers) for frame in (current, reference)]
    report = Report([ValueDrift(column=name, method=TEST) for name in drawn], include_tests=False)
    snapshot = report.run(*(Dataset.from_pandas(frame, data_definition=kinds) for frame in typed))
    of_span = page.rows[page.rows["span"] == str(page.span)]
    widgets = []
    # Of each column a counter with the library's own verdict, then pictures under tabs: the last is the distribution.
    pictures = [widget.tabs[-1].widget for widget in snapshot._widgets if widget.tabs]
    for name, picture in zip(drawn, pictures, strict=True):
        rows = of_span[(of_span["column_name"] == name) & of_span["statistic"].isin(_DISTANCES)]
        said = [
            f"{each.statistic} {each.value}, bound {each.bound or 'none'}" for each in describe_rows(rows)
        ]
        picture.title, picture.size = ": ".join([name, *said[:1]]), HALF_WIDTH
        _show_percentages(picture)
        widgets.append(picture)
    return widgets


def _show_percentages(picture: BaseWidgetInfo) -> None:
    """Press the second button of a picture: counts of a night beside those of a training compare nothing."""
    menu = picture.params["layout"]["updatemenus"][0]
    style, layout = menu["buttons"][1]["args"]
    for trace, is_shown in zip(picture.params["data"], style["visible"], strict=True):
        trace["visible"] = is_shown
    picture.params["layout"]["yaxis"]["title"] = {"text": layout["yaxis"]["title"]}
    menu["active"] = 1


def _select_curves(snapshot: Snapshot) -> list[BaseWidgetInfo]:
    """Of the library's quality report the curves, each under the title that stood above it."""
    found, heading = [], ""
    for widget in snapshot._widgets:
        if widget.type == "counter":
            heading = str(widget.params["counters"][0]["label"])
        elif widget.type == "big_graph" and heading in CURVES:
            widget.title = heading
            found.append(widget)
    return found


def _convert_types(frame: pd.DataFrame, numbers: list[str]) -> pd.DataFrame:
    """Numbers as floats, categories as text for HTML: the library writes them into a script as they are."""
    columns = {
        name: pd.to_numeric(values, errors="coerce").astype("float64")
        if name in numbers
        else values.astype(object).map(lambda each: None if pd.isna(each) else _escape(each))
        for name, values in frame.items()
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def _escape(value: object) -> object:
    return escape(value) if isinstance(value, str) else value


def _compare_quality(page: Page) -> Snapshot | None:
    """Evidently's classification report; None where the matured rows are too few or of one class."""
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.presets import ClassificationPreset

    if not page.has_classes or any(frame["label"].nunique() < 2 for frame in (page.matured, page.unseen)):
        return None
    # Not half: the classes are uneven, and a rare class would never be predicted.
    rate = float(page.unseen["label"].mean())
    kinds = DataDefinition(
        classification=[BinaryClassification(target="label", prediction_probas=page.told, pos_label="1")],
        numerical_columns=[page.told],
        categorical_columns=["label"],
    )
    frames = [
        frame[["label", page.told]].astype({"label": int}).astype({"label": str}).reset_index(drop=True)
        for frame in (page.matured, page.unseen)
    ]
    report = Report([ClassificationPreset(probas_threshold=rate)], include_tests=False)
    return report.run(*(Dataset.from_pandas(frame, data_definition=kinds) for frame in frames))


def _frame_page(text: str, summary: str) -> str:
    """The page with its policy, and our summary before everything else."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    for tag, added in (("<head>", policy), ("<body>", summary)):
        if text.count(tag) < 1:
            raise ValueError(f"Evidently's page has no {tag}: its form changed")
        text = text.replace(tag, f"{tag}\n{added}", 1)
    return text


def _render_summary(page: Page, summary: DriftSummary, drawn: list[str]) -> str:
    return render_html(
        "monitoring/drift_summary.html.j2",
        page=page,
        summary=summary,
        is_rehearsal=bool(settings().rehearsal),
        drawn=drawn,
        undrawn=[name for name in summary.pictured if name not in drawn],
        folded=FOLDED,
    )
