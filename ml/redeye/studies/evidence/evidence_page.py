"""The page docs/results/evidence.md: tables by month, the result and its limits, rows for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import Cell, Markdown, Table, bold, render_markdown
from redeye.foundation.plot_theme import TEXT, assign_colours, draw_groups, draw_zero, open_figure, render_svg
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.logic.interval_text import format_interval, is_significant, read_interval
from redeye.studies.evidence.logic.evidence_quality import (
    CHOSEN,
    CONFIDENCE,
    POOLED,
    REFERENCES,
    find_significant_months,
    select,
)
from redeye.studies.evidence.logic.months import Month, TrainedMonth
from redeye.studies.labelled_rows import Basis
from redeye.studies.page_origin import write_origin

TITLES = {"auc": "AUC", "log_loss": "Log loss", "calibration_error": "Calibration error"}
COMPARED = ("auc", "log_loss")
MEANINGS = {
    "auc": "The probability that a positive row is ranked above a negative one; larger is better.",
    "log_loss": "Smaller is better.",
    "calibration_error": "Mean distance between predicted and observed rate, over ten bins of equal row "
    "counts; smaller is better. Noise alone makes it larger: the lower bound takes that off.",
}
PICTURES = {
    "log_loss": ("log_loss.svg", "Log loss gained over the heuristic"),
    "calibration_error": ("calibration.svg", "Mean prediction and base rate"),
}


@dataclass(frozen=True)
class Facts(Basis):
    """What the evidence was made with, and its months."""

    months: tuple[Month, ...]


def write_page(
    folder: Path, spec: Spec, rows: pd.DataFrame, learned: Mapping[str, TrainedMonth], facts: Facts
) -> Path:
    """Writes `evidence.md`, and `evidence/` with pictures, `quality.csv` and `trainings.csv`, below a folder.

    `rows` are the quality by month, algorithm, metric and `against`.
    """
    beside = folder / "evidence"
    write_text(beside / "quality.csv", rows.round(6).to_csv(index=False))
    write_text(beside / "trainings.csv", _list_trainings(learned).to_csv(index=False))
    for name, svg in draw_all(rows).items():
        write_text(beside / name, svg)
    algorithms = list(dict.fromkeys(rows["algorithm"]))
    counts = pd.Series([each.chosen for each in learned.values()]).value_counts()
    text = render_markdown(
        "studies/evidence/evidence.md.j2",
        spec=spec,
        facts=facts,
        origin=write_origin("evidence", spec.model),
        first=facts.months[0].nights.first,
        last=facts.months[-1].nights.last,
        confidence=f"{CONFIDENCE:.0%}",
        chosen=CHOSEN,
        findings=list(_compare_algorithms(rows, algorithms)),
        beside=list(_compare_families(rows, algorithms)),
        selections=", ".join(f"{name} {count} times" for name, count in counts.items()),
        metrics=[_describe_metric(rows, algorithms, metric) for metric in TITLES],
        differences={
            other: _tabulate_differences(rows, algorithms, other)
            for other in REFERENCES
            if other in algorithms
        },
        learned=learned,
    )
    write_text(folder / "evidence.md", text)
    return folder / "evidence.md"


def _compare_algorithms(rows: pd.DataFrame, algorithms: Sequence[str]) -> Iterator[dict[str, str]]:
    for algorithm in algorithms:
        for other in REFERENCES:
            if algorithm in (other, HeuristicModel.algorithm) or other not in algorithms:
                continue
            for metric in COMPARED:
                months = find_significant_months(rows, algorithm, other, metric)
                parts = [
                    f"significantly {kind} in {len(months[kind])} ({', '.join(months[kind])})"
                    for kind in ("better", "worse")
                    if months[kind]
                ]
                parts += [f"neither in {len(months['open'])}"] if months["open"] else []
                pooled = select(rows, algorithm=algorithm, metric=metric, against=other, month=POOLED)
                parts += [
                    f"over all months {format_interval(read_interval(row), '+.4f')}"
                    for _, row in pooled.iterrows()
                ]
                found = {"algorithm": algorithm, "against": other, "metric": TITLES[metric]}
                yield {**found, "text": "; ".join(parts)}


def _compare_families(rows: pd.DataFrame, algorithms: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The network beside the trees, where there are both."""
    if not {"torch", "xgboost"} <= set(algorithms):
        return
    apart = select(rows, algorithm="torch", metric="auc", against="xgboost")
    apart = apart[apart["month"] != POOLED].sort_values("value")
    worst, best = (f"{one['month']} ({one['value']:+.4f})" for one in (apart.iloc[0], apart.iloc[-1]))
    yield {
        "within": int((apart["value"] >= -0.01).sum()),
        "months": len(apart),
        "mean": f"{apart['value'].mean():+.4f}",
        "best": best,
        "worst": worst,
    }


def _describe_metric(rows: pd.DataFrame, algorithms: Sequence[str], metric: str) -> dict[str, Any]:
    found = []
    for month in dict.fromkeys(rows["month"]):
        here = select(rows, month=month, metric=metric, against="")
        own = [select(here, algorithm=algorithm).iloc[0] for algorithm in algorithms]
        cells = [format_interval(read_interval(row), ".3f") for row in own]
        first = own[0]
        found.append((month, f"{first['rows']:,}", f"{first['base_rate']:.1%}", *cells))
    heads = ("month", "rows", "base rate", *algorithms)
    picture, title = PICTURES.get(metric, ("", ""))
    return {
        "title": TITLES[metric],
        "meaning": MEANINGS[metric],
        "table": Table(heads, found, range(1, len(heads))),
        "picture": picture,
        "picture_title": title,
    }


def _tabulate_differences(rows: pd.DataFrame, algorithms: Sequence[str], other: str) -> Table:
    pairs = [
        (algorithm, metric)
        for metric in COMPARED
        for algorithm in algorithms
        if algorithm not in (other, HeuristicModel.algorithm)
    ]
    found: list[list[Cell]] = []
    for month in dict.fromkeys(rows["month"]):
        here = select(rows, month=month, against=other)
        cells: list[Cell] = [month]
        for algorithm, metric in pairs:
            cells.append(format_difference(select(here, algorithm=algorithm, metric=metric).iloc[0]))
        found.append(cells)
    heads = ("month", *(f"{algorithm}, {TITLES[metric]}" for algorithm, metric in pairs))
    return Table(heads, found, range(1, len(heads)))


def _list_trainings(learned: Mapping[str, TrainedMonth]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "month": month,
                "algorithm": algorithm,
                **each.windows,
                "rows": each.rows,
                "known_until": each.known_until,
                "is_chosen": algorithm == each.chosen,
                "validation_auc": metrics["auc"],
                "validation_log_loss": metrics["log_loss"],
                "seconds": each.seconds[algorithm],
            }
            for month, each in learned.items()
            for algorithm, metrics in each.validation.items()
        ]
    ).round(6)


def format_difference(row: pd.Series) -> Markdown:
    """With its interval, in bold where it is significant."""
    found = read_interval(row)
    text = format_interval(found, "+.4f")
    return bold(text) if is_significant(found) else Markdown(text)


_SIZE = (8.5, 4.2)


def draw_all(rows: pd.DataFrame) -> Mapping[str, str]:
    """SVG text of `auc.svg`, `log_loss.svg` and `calibration.svg`."""
    kept = rows[(rows["month"] != POOLED) & (rows["algorithm"] != CHOSEN)]
    return {
        "auc.svg": _draw_metric(
            select(kept, metric="auc", against=""), "AUC", "AUC of each month, with intervals by night"
        ),
        "log_loss.svg": _draw_metric(
            select(kept, metric="log_loss", against=HeuristicModel.algorithm),
            "log loss gained",
            "Log loss gained over the heuristic (above 0 is better)",
        ),
        "calibration.svg": _draw_calibration(select(kept, metric="auc", against="")),
    }


def _draw_metric(rows: pd.DataFrame, label: str, title: str) -> str:
    months, algorithms = (list(dict.fromkeys(rows[name])) for name in ("month", "algorithm"))
    with open_figure(*_SIZE) as figure:
        axes = figure.add_subplot(title=title, ylabel=label)
        draw_groups(axes, rows, months, dict(zip(algorithms, algorithms, strict=True)), by="algorithm")
        if (rows["against"] != "").all():
            draw_zero(axes)
        axes.legend(ncols=5)
        return render_svg(figure)


def _draw_calibration(rows: pd.DataFrame) -> str:
    months = list(dict.fromkeys(rows["month"]))
    colours = assign_colours(rows["algorithm"])
    with open_figure(*_SIZE) as figure:
        axes = figure.add_subplot(
            title="Mean prediction of each month, and its base rate", ylabel="share of rows"
        )
        for algorithm, mine in rows.groupby("algorithm", sort=False):
            name = str(algorithm)
            places = [months.index(month) for month in mine["month"]]
            axes.plot(places, mine["mean_prediction"], marker=".", color=colours[name], label=name)
        once = rows.drop_duplicates("month")
        axes.plot(
            range(len(months)), once["base_rate"], color=TEXT, marker="s", linewidth=2, label="base rate"
        )
        axes.set_xticks(range(len(months)), months)
        axes.legend(ncols=5)
        return render_svg(figure)
