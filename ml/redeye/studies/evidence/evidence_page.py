"""The page docs/results/evidence.md: tables by month, what they say and what they do not, rows for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.studies.evidence import evidence_plots
from redeye.studies.evidence.logic.evidence_quality import (
    CHOSEN,
    CONFIDENCE,
    POOLED,
    REFERENCES,
    SAMPLES,
    find_significant_months,
)
from redeye.studies.evidence.logic.months import Learned, Month
from redeye.warehouse.logic.releases import Release

TITLES = {"auc": "AUC", "log_loss": "Log loss", "calibration_error": "Calibration error"}
SENSE = {
    "auc": "The chance that a late flight is ranked above one that is not; larger is better.",
    "log_loss": "Smaller is better.",
    "calibration_error": "Mean distance between what was predicted and what happened, over ten bins of equal row "
    "counts; smaller is better. A resampling's is larger by chance alone, so an interval may lie above its value.",
}


@dataclass(frozen=True)
class Facts:
    """What the evidence was made with.

    Attributes:
        threads: of the fits.
    """

    release: Release
    code_hash: str
    seed: int
    threads: int
    months: tuple[Month, ...]


def write(folder: Path, spec: Spec, rows: pd.DataFrame, learned: Mapping[str, Learned], facts: Facts) -> Path:
    """Writes `evidence.md`, and `evidence/` with pictures, `quality.csv` and `trainings.csv`.

    Args:
        folder: of the docs.
        spec: that was followed.
        rows: as `judged` gives them.
        learned: by month.
        facts: what it was made with.

    Returns:
        The page.
    """
    beside = folder / "evidence"
    beside.mkdir(parents=True, exist_ok=True)
    rows.round(6).to_csv(beside / "quality.csv", index=False)
    _trainings(learned).to_csv(beside / "trainings.csv", index=False)
    evidence_plots.draw(beside, rows)
    algorithms = list(dict.fromkeys(rows["algorithm"]))
    parts = [
        _opening(spec, facts),
        _result(rows, algorithms, learned),
        *(_metric(rows, algorithms, metric) for metric in TITLES),
        *(_differences(rows, algorithms, other) for other in REFERENCES if other in algorithms),
        _trained(learned),
        _limits(facts),
    ]
    page = folder / "evidence.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def _opening(spec: Spec, facts: Facts) -> str:
    first, last = facts.months[0].nights.first, facts.months[-1].nights.last
    split = spec.split
    return f"""# Evidence, month by month

What each algorithm of `{spec.model}` would have been worth from night {first} to {last}: every
month is predicted by models that were trained on the last night before it, on what was known and mature then.
Written by `make evidence`; the rows for machines are [quality.csv](evidence/quality.csv) and
[trainings.csv](evidence/trainings.csv).

- **Data**: release `{facts.release.release_id}` (deliveries `{facts.release.delivery_set_hash[:16]}`), features as
  known at the cutoff of each night. Flights without an arrival (cancelled, diverted) have no label and are left out.
- **Windows**: those of every training. The decision falls on the last night of the month before. The last
  {split.test_nights} nights with mature labels are held back for the gates (and learned from by no one),
  {split.validation_nights} before them stop the fits early and choose between the algorithms, all nights before
  (at most {split.history_nights}) are learned from; labels need {spec.label_maturity_nights} nights to mature. The
  dates are [below](#what-was-trained).
- **Intervals**: {SAMPLES} resamplings of whole nights, since the flights of a night share its weather. Each bound
  holds with {CONFIDENCE:.0%} by itself. A difference is taken on the same flights and the same resampled nights.
- **Seed** {facts.seed}, {facts.threads} threads, code `{facts.code_hash}`, parameters as in
  `ml/specs/{spec.model}.yaml`. `{CHOSEN}` is, month by month, what the training would have put forward.
"""


def _result(rows: pd.DataFrame, algorithms: list[str], learned: Mapping[str, Learned]) -> str:
    lines = ["## What it says", "", "Sure is what leaves 0 outside its interval, month by month.", ""]
    for algorithm in algorithms:
        for other in REFERENCES:
            if algorithm == other or other not in algorithms or algorithm == HeuristicModel.algorithm:
                continue
            for metric in ("auc", "log_loss"):
                lines.append(f"- {_verdict(rows, algorithm, other, metric)}")
    if {"torch", "xgboost"} <= set(algorithms):
        apart = _picked(rows, "torch", "auc", "xgboost")
        apart = apart[apart["month"] != POOLED].sort_values("value")
        worst, best = apart.iloc[0], apart.iloc[-1]
        within = int((apart["value"] >= -0.01).sum())
        lines.append(
            f"- **torch beside xgboost**: at least as good or behind by at most 0.01 AUC in {within} of {len(apart)} "
            f"months, on average {apart['value'].mean():+.4f}; best in {best['month']} ({best['value']:+.4f}), "
            f"worst in {worst['month']} ({worst['value']:+.4f})."
        )
    counts = pd.Series([each.chosen for each in learned.values()]).value_counts()
    chosen = ", ".join(f"{name} {count} times" for name, count in counts.items())
    lines += [f"- Validation would have put forward: {chosen}.", ""]
    lines += ["![AUC by month](evidence/auc.svg)", ""]
    return "\n".join(lines)


def _verdict(rows: pd.DataFrame, algorithm: str, other: str, metric: str) -> str:
    said = find_significant_months(rows, algorithm, other, metric)
    pooled = _picked(rows, algorithm, metric, other)
    pooled = pooled[pooled["month"] == POOLED]
    parts = [
        f"{word} in {len(said[kind])} ({', '.join(said[kind])})"
        for kind, word in (("better", "surely better"), ("worse", "surely worse"))
        if said[kind]
    ]
    if said["open"]:
        parts.append(f"neither in {len(said['open'])}")
    whole = ""
    if len(pooled):
        one = pooled.iloc[0]
        whole = f"; over all months {_signed(one)}"
    return f"**{algorithm}** against {other}, {TITLES[metric]}: {'; '.join(parts)}{whole}."


def _metric(rows: pd.DataFrame, algorithms: list[str], metric: str) -> str:
    lines = [f"## {TITLES[metric]}", "", SENSE[metric], ""]
    lines += ["| month | flights | late | " + " | ".join(algorithms) + " |"]
    lines += ["|---|---:|---:|" + "---:|" * len(algorithms)]
    for month in dict.fromkeys(rows["month"]):
        here = rows[(rows["month"] == month) & (rows["metric"] == metric) & (rows["against"] == "")]
        cells = []
        for algorithm in algorithms:
            one = here[here["algorithm"] == algorithm].iloc[0]
            cells.append(f"{one['value']:.3f} ({one['lower']:.3f} to {one['upper']:.3f})")
        first = here.iloc[0]
        lines.append(f"| {month} | {first['flights']:,} | {first['base_rate']:.1%} | {' | '.join(cells)} |")
    picture = {
        "log_loss": "![Log loss against the heuristic](evidence/log_loss.svg)",
        "calibration_error": "![Predicted and late](evidence/calibration.svg)",
    }.get(metric)
    return "\n".join([*lines, "", *([picture, ""] if picture else [])])


def _differences(rows: pd.DataFrame, algorithms: list[str], other: str) -> str:
    compared = [each for each in algorithms if each not in (other, HeuristicModel.algorithm)]
    metrics = ("auc", "log_loss")
    titles = [f"{algorithm}, {TITLES[metric]}" for metric in metrics for algorithm in compared]
    lines = [f"## Better than {other}", "", "Positive is better; bold where the interval leaves 0 out.", ""]
    lines += ["| month | " + " | ".join(titles) + " |", "|---|" + "---:|" * len(titles)]
    for month in dict.fromkeys(rows["month"]):
        cells = []
        for metric in metrics:
            for algorithm in compared:
                found = _picked(rows, algorithm, metric, other)
                one = found[found["month"] == month].iloc[0]
                is_sure = one["lower"] > 0 or one["upper"] < 0
                cells.append(f"**{_signed(one)}**" if is_sure else _signed(one))
        lines.append(f"| {month} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _trained(learned: Mapping[str, Learned]) -> str:
    lines = [
        "## What was trained",
        "",
        "| month | learned from | flights | stopped and chosen by | held back |",
    ]
    lines[-1] += " chosen | seconds to fit |"
    lines.append("|---|---|---:|---|---|---|---|")
    for month, each in learned.items():
        spans = each.windows
        seconds = ", ".join(f"{name} {took:.0f}" for name, took in each.seconds.items())
        lines.append(
            f"| {month} | {_dates(spans['train'])} | {each.rows:,} | {_dates(spans['validation'])} | "
            f"{_dates(spans['test'])} | {each.chosen} | {seconds} |"
        )
    return "\n".join([*lines, "", "Seconds are wall time on a machine that did other work meanwhile.", ""])


def _limits(facts: Facts) -> str:
    return f"""## What it does not show

- One year, one city, one split into months. Nothing here says what another year would bring.
- One seed. Another seed moves a network's AUC by some thousandths from month to month; the intervals are about
  nights, not about seeds.
- With {len(facts.months)} months and several comparisons, one of them may look sure by chance.
- A running installation lets a decision take effect a night later than here, keeps a champion until a candidate
  passes the gates, and may train within a month. Here every month has new models, gates or not.
- The features of old nights come from one release of today's code. They use only what was known at the cutoff of
  their night, but not what an installation of that day would have had if deliveries came late.
- How the parameters were chosen is said in [models](../reference/models.md#how-the-parameters-were-chosen).
"""


def _trainings(learned: Mapping[str, Learned]) -> pd.DataFrame:
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


def _picked(rows: pd.DataFrame, algorithm: str, metric: str, against: str) -> pd.DataFrame:
    return rows[(rows["algorithm"] == algorithm) & (rows["metric"] == metric) & (rows["against"] == against)]


def _signed(one: pd.Series) -> str:
    # Adding 0 turns the -0.0 of two equal models into 0.0.
    value, lower, upper = (round(float(one[name]), 4) + 0.0 for name in ("value", "lower", "upper"))
    return f"{value:+.4f} ({lower:+.4f} to {upper:+.4f})"


def _dates(window: str) -> str:
    return window.replace("..", " to ")
