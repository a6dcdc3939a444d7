"""From what a model says to predictions with rank, baseline and lineage, and what judges a night of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from redeye.declarations.calendar import cutoff, list_coming_days
from redeye.declarations.subject import Subject
from redeye.models.kinds.interface import Kind, name_columns
from redeye.models.logic.prediction_equality import Equality
from redeye.models.logic.recalibration import IDENTITY, Recalibration

LIVE = "live"
# What all predictions of a night have in common.
LINEAGE = ("release_id", "model_version", "algorithm", "feature_service", "run_id")
# Stored and exported with every row: by how many weeks the installation's calendar is shifted, 0 for the data's own,
# and which rehearsal made it, empty in an installation that rehearses nothing.
LABEL, REHEARSAL = "shift_weeks", "rehearsal"


def name_backtest_run_type(version: int, release_id: str) -> str:
    """The run type of a version's predictions of past nights from one release; it is never exported."""
    return f"backtest_v{version}_{release_id}"


def describe_rank(subject: Subject, kind: Kind | None) -> str:
    """What the first rank means: the highest of what the kind ranks by, which of a yes or no is the risk."""
    if kind is None or kind.outcome_form == "flag":
        return f"1 is the riskiest {subject.one} of the night."
    among = f", of those with the same {' and '.join(kind.groups)}," if kind.groups else ""
    return f"1 is the {subject.one} of the night{among} with the highest {kind.columns[0]}."


def prediction_columns(subject: Subject, kind: Kind | None) -> dict[str, tuple[str, str]]:
    """Type and meaning of each column of predictions, in order: between those of all, the subject's and the kind's own.

    Without a kind those that predictions of every kind have.
    """
    own = [] if kind is None else [*kind.columns, *kind.baseline_columns]
    raw = [] if kind is None else [name for name in kind.raw_columns if name not in own]
    meanings = {} if kind is None else kind.meanings
    return {
        "prediction_id": ("text", f"Key: model, run type and {subject.one}."),
        "model": ("text", "The model, as its spec names it."),
        "lane": ("text", "`live`, or the run type of a backtest."),
        "night": ("date", "The night at whose end the prediction was made."),
        **{name: (str(each.type), each.description) for name, each in subject.columns.items()},
        **({} if kind is None else {name: ("text", meaning) for name, meaning in kind.texts.items()}),
        **{name: ("number", meanings[name]) for name in own},
        "rank": ("integer", describe_rank(subject, kind)),
        "release_id": ("text", "Release of the warehouse whose features were read."),
        "model_version": ("integer", "Version in the model registry."),
        "algorithm": ("text", "What the version is."),
        "feature_service": ("text", "The set of features it reads."),
        "run_id": ("text", "The orchestrator's run that scored."),
        "created_at": ("instant", "The night's cutoff: the data's clock, not the wall's."),
        "is_degraded": ("flag", "Whether the prediction is worth less than usual."),
        "degraded_reason": ("text", "Why; empty for a good night."),
        "is_reconstructed": (
            "flag",
            "Whether the release holds later nights too, cut to what was known then.",
        ),
        **{name: ("number", meanings[name]) for name in raw},
        "recalibration_night": (
            "date",
            "The night after which the recalibration was decided; empty where the raw probability is served.",
        ),
    }


@dataclass(frozen=True)
class Lineage:
    """Where a night's predictions come from, and why they are worth less than usual; the same on each of its rows.

    They are reconstructed if the release holds more than the night's own would, cut to what was known then.
    """

    model: str
    night: date
    release_id: str
    model_version: int
    algorithm: str
    feature_service: str
    run_id: str
    degraded_reasons: tuple[str, ...] = ()
    run_type: str = LIVE
    is_reconstructed: bool = False
    recalibration: Recalibration = IDENTITY


def require_predictions(values: np.ndarray, rows: int, width: int = 1) -> np.ndarray:
    """One number for each of so many rows, or so many of each, as they came.

    Raises:
        ValueError: if there are more or fewer, or one is not a number.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.shape != ((rows,) if width == 1 else (rows, width)):
        raise ValueError(f"{rows} rows, but predictions of the shape {found.shape}")
    if unknown := int((~np.isfinite(found.reshape(rows, width))).any(axis=1).sum()):
        raise ValueError(f"{unknown} of {rows} predictions are no numbers")
    return found


def assemble(
    schedule: pd.DataFrame,
    raw: np.ndarray,
    baseline: np.ndarray,
    lineage: Lineage,
    subject: Subject,
    kind: Kind,
) -> pd.DataFrame:
    """The predictions of one night: what the champion and the heuristic say of each row of the schedule.

    Returns:
        `prediction_columns`, one row per subject, ordered by rank: 1 is the highest, of a kind with groups in each
        of them; equal ones are ranked by key. `created_at` is the night's cutoff: the data's clock, not the wall's.

    Raises:
        ValueError: if the arrays do not match the schedule.
    """
    if not len(schedule) == len(raw) == len(baseline):
        raise ValueError(
            f"{len(schedule)} {subject.many}, {len(raw)} {kind.plural}, {len(baseline)} baselines"
        )
    rows = schedule.loc[:, list(subject.columns)].copy()
    made = np.asarray(raw, dtype=np.float64)
    parts = {
        kind.raw_columns: made,
        kind.columns: kind.recalibrate(made, lineage.recalibration),
        kind.baseline_columns: np.asarray(baseline, dtype=np.float64),
    }
    for names, values in parts.items():
        rows = rows.assign(**name_columns(values, names))
    rows = kind.tell(rows)
    rows = rows.sort_values([kind.columns[0], subject.key], ascending=[False, True], ignore_index=True)
    rows["rank"] = np.arange(1, len(rows) + 1, dtype=np.int64)
    if kind.groups:
        rows["rank"] = rows.groupby(list(kind.groups), dropna=False).cumcount() + 1
        rows = rows.sort_values(["rank", *kind.groups], ignore_index=True)
    rows["model"], rows["lane"], rows["night"] = lineage.model, lineage.run_type, lineage.night
    rows["release_id"] = lineage.release_id
    rows["model_version"] = np.int64(lineage.model_version)
    rows["algorithm"] = lineage.algorithm
    rows["feature_service"] = lineage.feature_service
    rows["run_id"] = lineage.run_id
    rows["created_at"] = pd.Timestamp(cutoff(lineage.night).replace(tzinfo=None)).as_unit("us")
    rows["is_degraded"] = bool(lineage.degraded_reasons)
    rows["degraded_reason"] = "; ".join(lineage.degraded_reasons)
    rows["is_reconstructed"] = lineage.is_reconstructed
    night = lineage.recalibration.night
    rows["recalibration_night"] = pd.Timestamp(night).as_unit("us") if night else pd.NaT
    rows["prediction_id"] = [f"{lineage.model}/{lineage.run_type}/{key}" for key in rows[subject.key]]
    return rows.loc[:, list(prediction_columns(subject, kind))]


def list_recalibration(kind: Kind) -> list[str]:
    """How a prediction came to be served. Suites of predictions do not know them: a project's own stays as it is."""
    return [*(name for name in kind.raw_columns if name not in kind.columns), "recalibration_night"]


def derive_predictions(frame: pd.DataFrame, subject: Subject, kind: Kind) -> pd.DataFrame:
    """The checks of a night's typed predictions with `scheduled_rows`; what concerns all is the same on each row."""
    name = kind.columns[0]
    rows, value, rank = len(frame), frame[name], frame["rank"]
    ranked = value.groupby([frame[each] for each in kind.groups] or np.zeros(rows), dropna=False)
    # Equal ones share the places from `first` to `last`; any order among them is right.
    first, last = (
        ranked.rank(method="min", ascending=False),
        ranked.rank(method="max", ascending=False),
    )
    reason = frame["degraded_reason"].fillna("") != ""
    is_degraded = frame["is_degraded"].astype("boolean").fillna(False).astype(bool)
    return frame.assign(
        days_ahead=(frame[subject.day] - frame["night"]).dt.days,
        days_outside=_count_days_outside(frame[subject.day], frame["night"]),
        rows_missing=frame["scheduled_rows"] - rows,
        rank_error=(first - rank).clip(lower=0) + (rank - last).clip(lower=0),
        rank_beyond_rows=(1 - rank).clip(lower=0) + (rank - ranked.transform("size")).clip(lower=0),
        **{
            f"same_{kind.plural}": value.groupby(value).transform("size") / rows if rows > 1 else 0.0,
            f"mean_{name}": value.mean(),
            f"spread_{name}": value.std(ddof=0),
        },
        lineages=sum(frame[column].nunique(dropna=False) - 1 for column in LINEAGE),
        is_unexplained=(is_degraded != reason).astype("int64"),
        **kind.derive_checks(frame),
    )


def _count_days_outside(days: pd.Series, nights: pd.Series) -> pd.Series:
    """How many days each day lies before or after those that its night predicts."""
    coming = {night: list_coming_days(night.date()) for night in nights.dropna().unique()}
    first = nights.map({night: pd.Timestamp(found[0]) for night, found in coming.items()})
    last = nights.map({night: pd.Timestamp(found[-1]) for night, found in coming.items()})
    return (first - days).dt.days.clip(lower=0) + (days - last).dt.days.clip(lower=0)


def differences(
    written: pd.DataFrame, again: pd.DataFrame, subject: Subject, kind: Kind, equality: Equality
) -> Sequence[str]:
    """How a second scoring of a night differs from the one that was written, in words; empty if it does not."""
    found = []
    before, after = set(written[subject.key]), set(again[subject.key])
    if before != after:
        found.append(f"{len(after - before)} {subject.many} more, {len(before - after)} fewer")
    for column in ("model_version", "release_id", "feature_service"):
        then, now = sorted(set(written[column])), sorted(set(again[column]))
        if then != now:
            found.append(f"{column} {now} instead of {then}")
    both = written.merge(again, on=subject.key, suffixes=("_then", "_now"))
    before_it, after_it = (
        both[[f"{name}_{when}" for name in kind.columns]].to_numpy(dtype=np.float64)
        for when in ("then", "now")
    )
    moved = ~equality.is_equal(before_it, after_it).all(axis=1)
    if moved.any():
        widest = float(np.nanmax(np.abs(before_it - after_it), initial=0.0))
        found.append(f"{int(moved.sum())} {kind.plural}, by up to {widest:.2g} ({equality.reason})")
    return found
