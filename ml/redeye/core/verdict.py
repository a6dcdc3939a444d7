"""The verdict on a model after a night: `ok`, `watch` or `retrain`, with the reasons for it.

First form: quality on matured labels, against the heuristic on the same rows and against what the
model showed in its own test. Nothing acts on a verdict by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from redeye.core.specs import Monitor, Threshold


class Verdict(StrEnum):
    """In order of severity."""

    OK = "ok"
    WATCH = "watch"
    RETRAIN = "retrain"


@dataclass(frozen=True)
class Window:
    """The quality of the last nights whose labels have matured, pooled.

    Attributes:
        rows: flights with a prediction and a matured label.
        nights: how many nights they come from.
        champion: metric to value, of the predictions as they were made.
        heuristic: the same metrics of the baseline, on the same rows.
        auc_over_heuristic: confidence interval of the paired difference in AUC, or None if there is none.
        reference: the champion's metrics in its own test; empty if none were recorded.
    """

    rows: int
    nights: int
    champion: Mapping[str, float]
    heuristic: Mapping[str, float]
    auc_over_heuristic: tuple[float, float] | None
    reference: Mapping[str, float]


@dataclass(frozen=True)
class Judgement:
    """A verdict and every reason for it, the gravest first."""

    verdict: Verdict
    reasons: tuple[str, ...]


def judge(window: Window, rules: Monitor) -> Judgement:
    """Judge a window by the spec's rules.

    Too few rows say nothing: the verdict is then `ok`, and says so. A metric that is missing or not a
    number where it is needed is a reason to watch, never silence.
    """
    if window.rows < rules.minimum_rows:
        return Judgement(
            Verdict.OK,
            (
                f"{window.rows} matured rows of {window.nights} nights: fewer than {rules.minimum_rows}, not judged",
            ),
        )
    found: list[tuple[Verdict, str]] = []
    interval = window.auc_over_heuristic
    if interval is None:
        found.append((Verdict.WATCH, "the AUC against the heuristic could not be computed"))
    elif interval[1] < 0:
        found.append(
            (
                Verdict.RETRAIN,
                f"worse than the heuristic: AUC difference {interval[0]:+.4f} to {interval[1]:+.4f}",
            )
        )
    quality = rules.quality
    found += _over("calibration error", window.champion.get("calibration_error"), quality.calibration_error)
    if window.reference:
        found += _over("AUC drop since its test", _fall(window, "auc"), quality.auc_drop)
        rise = _fall(window, "log_loss")
        found += _over("log loss rise since its test", None if rise is None else -rise, quality.log_loss_rise)
    found.sort(key=lambda item: list(Verdict).index(item[0]), reverse=True)
    if not found:
        return Judgement(Verdict.OK, (f"within every bound on {window.rows} rows of {window.nights} nights",))
    return Judgement(found[0][0], tuple(reason for _, reason in found))


def _fall(window: Window, metric: str) -> float | None:
    then, now = window.reference.get(metric), window.champion.get(metric)
    return None if then is None or now is None else then - now


def _over(name: str, value: float | None, threshold: Threshold) -> list[tuple[Verdict, str]]:
    if value is None or value != value:
        return [(Verdict.WATCH, f"{name} could not be computed")]
    for verdict, bound in ((Verdict.RETRAIN, threshold.act), (Verdict.WATCH, threshold.watch)):
        if value > bound:
            return [(verdict, f"{name} {value:.4f} is above {bound}")]
    return []
