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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import render_html
from redeye.foundation.settings import settings
from redeye.monitoring.logic.drift_measures import Statistic
from redeye.monitoring.logic.drift_profile import PREDICTION
from redeye.monitoring.logic.drift_quality import QUALITY_COLUMN
from redeye.monitoring.logic.drift_result import Kind, Span

if TYPE_CHECKING:
    from evidently.core.report import Snapshot

# Each column costs a third of a second and 20 kB: the worst are shown, the rest is in the table `drift`.
COLUMNS = 24
DISTANCES = (Statistic.WASSERSTEIN, Statistic.JENSEN_SHANNON)
TEST = "redeye_calibrated"
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)


@dataclass(frozen=True)
class Page:
    """What one page shows.

    Attributes:
        rows: of the table `drift` for the span.
        current: the span's rows with the features and, where the champion made it, `probability`.
        reference: a sample of what the champion learned from.
        matured: its predictions with `label`, of the newest matured nights.
        predicted: its predictions on the rows it learned from, without label.
        unseen: its predictions with `label` on nights after its fit.
        numeric: which of the columns are numbers.
    """

    model: str
    night: date
    span: Span
    version: int
    rows: pd.DataFrame
    current: pd.DataFrame
    reference: pd.DataFrame
    matured: pd.DataFrame
    predicted: pd.DataFrame
    unseen: pd.DataFrame
    numeric: Mapping[str, bool]


def locate_folder(model: str, night: date) -> Path:
    """Where the pages of a night lie."""
    return settings().reports / model / night.isoformat()


def write_page(page: Page) -> Path:
    """Write a page, whole or not at all; one that is there is replaced, the rows it shows do not change."""
    os.environ["DO_NOT_TRACK"] = "true"
    from evidently.core.report import render_widgets
    from evidently.legacy.renderers.html_widgets import group_widget

    shown, left_out = _select_columns(page)
    parts = (
        [("Features and predictions against the reference", _compare_columns(page, shown))] if shown else []
    )
    if (quality := _compare_quality(page)) is not None:
        parts.append(("Quality on matured labels against the nights after the fit", quality))
    widgets = [group_widget(title=title, widgets=list(part._widgets)) for title, part in parts]
    text = render_widgets(widgets, as_iframe=False)
    target = locate_folder(page.model, page.night) / f"{page.span}.html"
    write_text(target, _frame_page(text, _summarise(page, shown, left_out)))
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


def _select_columns(page: Page) -> tuple[list[str], list[str]]:
    """The worst columns that the library can compare, and the measured ones it cannot: it refuses empty ones."""
    distances = page.rows[page.rows["statistic"].isin([str(each) for each in DISTANCES])]
    if not distances["value"].notna().any():
        return [], []  # not judged: the summary says why
    order = distances.assign(excess=distances["value"] / distances["threshold"]).sort_values(
        ["excess", "column_name"], ascending=[False, True]
    )
    features = [name for name in order["column_name"] if name != PREDICTION]
    both = [set(frame.columns[frame.notna().any()]) for frame in (page.current, page.reference)]
    kept = [name for name in features if name in both[0] & both[1]]
    return kept[:COLUMNS], [name for name in features if name not in kept]


def _compare_columns(page: Page, shown: list[str]) -> Snapshot:
    """Evidently's picture of each column, with our value and threshold."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
    from evidently.legacy.core import ColumnType
    from evidently.metrics import ValueDrift

    distances = page.rows[page.rows["statistic"].isin([str(each) for each in DISTANCES])]
    values: dict[str, dict[str, Any]] = {row["column_name"]: row for row in _records(distances)}

    def calibrated(
        _reference: pd.Series, current: pd.Series, _kind: object, _threshold: float
    ) -> tuple[float, bool]:
        row = values[str(current.name)]
        return float(row["value"]), bool(row["is_drifted"])

    test = StatTest(
        TEST, "distance, calibrated threshold", [ColumnType.Numerical, ColumnType.Categorical], 0.0
    )
    register_stattest(test, calibrated)
    columns = list(shown)
    current, reference = page.current[columns], page.reference[columns]
    numbers = [name for name in columns if page.numeric[name]]
    if PREDICTION in values and page.current[PREDICTION].notna().any():
        # Drawn evenly from all of them; which row stands beside which does not matter to a distribution.
        every = np.linspace(0, len(page.predicted) - 1, len(reference)).astype(int)
        predicted = page.predicted[PREDICTION].to_numpy()[every]
        current = current.assign(**{PREDICTION: page.current[PREDICTION]})
        reference = reference.assign(**{PREDICTION: predicted})
        columns, numbers = [PREDICTION, *columns], [PREDICTION, *numbers]
    kinds = DataDefinition(
        numerical_columns=numbers, categorical_columns=[name for name in columns if name not in numbers]
    )
    typed = [_convert_types(frame, numbers) for frame in (current, reference)]
    metrics = [
        ValueDrift(column=name, method=TEST, threshold=_finite(values[name]["threshold"]))
        for name in columns
        if pd.notna(values[name]["value"])
    ]
    report = Report(metrics, include_tests=False)
    return report.run(*(Dataset.from_pandas(frame, data_definition=kinds) for frame in typed))


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _finite(value: float) -> float:
    return float(value) if pd.notna(value) else float("inf")


def _convert_types(frame: pd.DataFrame, numbers: list[str]) -> pd.DataFrame:
    """Numbers as floats, categories as text; the rarest categories are one, as in the measure."""
    columns = {
        name: pd.to_numeric(values, errors="coerce").astype("float64")
        if name in numbers
        else values.astype(object).where(values.notna(), None)
        for name, values in frame.items()
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def _compare_quality(page: Page) -> Snapshot | None:
    """Evidently's classification report; None where the matured rows are too few or of one class."""
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.presets import ClassificationPreset

    if any(frame["label"].nunique() < 2 for frame in (page.matured, page.unseen)):
        return None
    # Not half: the classes are uneven, and a rare class would never be predicted.
    rate = float(page.unseen["label"].mean())
    kinds = DataDefinition(
        classification=[BinaryClassification(target="label", prediction_probas=PREDICTION, pos_label="1")],
        numerical_columns=[PREDICTION],
        categorical_columns=["label"],
    )
    frames = [
        frame[["label", PREDICTION]].astype({"label": int}).astype({"label": str}).reset_index(drop=True)
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


def _summarise(page: Page, shown: list[str], left_out: list[str]) -> str:
    rows = page.rows
    of = {kind: rows[rows["kind"] == str(kind)] for kind in Kind}
    share = of[Kind.SHARE].iloc[0]
    return render_html(
        "monitoring/drift_summary.html.j2",
        page=page,
        is_rehearsal=bool(settings().rehearsal),
        share={**share, "is_drifted": bool(share["is_drifted"])},
        is_measured=pd.notna(share["value"]),
        features=of[Kind.FEATURE]["column_name"].nunique(),
        drifted=_list_worst(rows[rows["is_drifted"].astype(bool) & (rows["kind"] != str(Kind.SHARE))]),
        quality=_list_worst(of[Kind.QUALITY]),
        shown=shown,
        left_out=left_out,
    )


def _list_worst(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows, the farthest beyond its threshold first."""
    ordered = rows.assign(excess=rows["value"] / rows["threshold"]).sort_values("excess", ascending=False)
    return _records(ordered.assign(column=ordered["column_name"].replace(QUALITY_COLUMN, "quality")))
