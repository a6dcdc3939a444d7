"""What the first screen of a drift page shows of a night's rows of the table `drift`, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from redeye.monitoring.logic.drift_measures import COUNTED
from redeye.monitoring.logic.drift_result import Kind, Span
from redeye.monitoring.logic.joint_drift import CLASSIFIER, DISCREPANCY

_SUBJECTS = {
    Kind.SHARE: "features that drifted, as a share",
    Kind.PREDICTION: "predictions",
    Kind.JOINT: "all inputs together",
    Kind.LABEL: "label",
    Kind.CONCEPT: "label at equal predictions",
    Kind.QUALITY: "quality on matured labels",
}
_STATISTICS = {
    CLASSIFIER: "AUC of a classifier between week and training",
    DISCREPANCY: "maximum mean discrepancy",
    "jensen_shannon": "Jensen-Shannon distance",
    "wasserstein": "Wasserstein distance",
    "newest_night_auc_drop": "AUC drop of the newest night",
}
_COUNTED = frozenset(str(each) for each in COUNTED)
_OF_COLUMNS = frozenset({Kind.FEATURE, Kind.PREDICTION})


@dataclass(frozen=True)
class Measure:
    """One row of the table `drift` in words; `value` and `bound` are empty where there is none.

    Attributes:
        note: what explains the value, or why there is none.
    """

    span: str
    subject: str
    statistic: str
    value: str
    bound: str
    note: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Measure:
        """From a row of the table."""
        kind = Kind(row["kind"])
        name = str(row["statistic"])
        return cls(
            span=str(row["span"]),
            subject=_SUBJECTS.get(kind, str(row["column_name"])),
            statistic=_STATISTICS.get(name, name.replace("_", " ")),
            value=_format(row["value"]),
            bound=_format(row["threshold"]),
            note=str(row["note"] or ""),
        )


@dataclass(frozen=True)
class DriftSummary:
    """The rows of a night that its page on one span shows, each group with the farthest beyond its bound first.

    Attributes:
        beyond: what is beyond its bound, of both spans, but for single features and quality: verdicts go by these.
        share: of the span.
        features: single features of the span beyond their bounds, as far as they count for the share.
        quality: metrics of the span that were measured.
        unmeasured: by reason, what of the span was not measured.
        pictured: names of columns to show: those that drifted, then the inputs that moved most together.
    """

    beyond: tuple[Measure, ...]
    share: Measure
    features: tuple[Measure, ...]
    quality: tuple[Measure, ...]
    unmeasured: Mapping[str, tuple[str, ...]]
    pictured: tuple[str, ...]


def summarise_drift(rows: pd.DataFrame, span: Span) -> DriftSummary:
    """What a night's rows, of both spans, amount to for the page on one of them."""
    kind = rows["kind"].map(Kind)
    excess = rows["value"] / rows["threshold"]
    order = rows.assign(excess=excess).sort_values(["excess", "column_name"], ascending=[False, True])
    kind = kind.reindex(order.index)
    is_counted = ~kind.isin(_OF_COLUMNS) | order["statistic"].isin(_COUNTED)
    is_beyond = order["is_drifted"].astype(bool) & is_counted
    is_here = order["span"] == str(span)
    features = order[is_beyond & is_here & (kind == Kind.FEATURE)]
    predictions = order[is_beyond & is_here & (kind == Kind.PREDICTION)]
    unknown = order[is_here & order["value"].isna()]
    reasons: dict[str, dict[str, None]] = {}
    for row in map(Measure.of, _list_rows(unknown)):
        reasons.setdefault(row.note or "no reason is recorded", {})[row.subject] = None
    moved = order[is_beyond & is_here & (kind == Kind.JOINT)]["note"].head(1)
    leading = [name for note in moved for name in str(note).split(", ")]
    drawn = list(predictions["column_name"])[:1] + list(features["column_name"]) + leading
    return DriftSummary(
        beyond=describe_rows(order[is_beyond & ~kind.isin([Kind.FEATURE, Kind.QUALITY])]),
        share=describe_rows(order[is_here & (kind == Kind.SHARE)])[0],
        features=describe_rows(features),
        quality=describe_rows(order[is_here & (kind == Kind.QUALITY) & order["value"].notna()]),
        unmeasured={why: tuple(sorted(names)) for why, names in sorted(reasons.items())},
        pictured=tuple(dict.fromkeys(drawn)),
    )


def describe_rows(rows: pd.DataFrame) -> tuple[Measure, ...]:
    """Rows of the table in words, in their order."""
    return tuple(map(Measure.of, _list_rows(rows)))


def _list_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _format(value: float | None) -> str:
    return "" if pd.isna(value) else f"{value:.3f}"
