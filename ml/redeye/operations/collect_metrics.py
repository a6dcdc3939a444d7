"""How the installation stands, as numbers for a time series: what a dashboard draws and an alert watches.

Everything is read from the ledgers and the outputs at the moment it is asked for; nothing is counted on the side,
so a restart loses nothing. Times are those of nights; the clock says only which night is the newest one due.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from redeye.champions import promotion_store
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import count_nights, count_nights_since, cutoff
from redeye.foundation import cost_store, disk
from redeye.foundation.settings import settings
from redeye.operations import night_status
from redeye.operations.model_status import SHOWN_NIGHTS, ModelState
from redeye.operations.night_status import Morning
from redeye.promotion import decision_store
from redeye.scoring.outputs_reader import OutputsReader, Row

# Each metric without the prefix `redeye_`, the unit at its end, and what it is.
METRICS = {
    "disk_bytes": "Bytes on disk, by part of the home.",
    "disk_budget_bytes": "Bytes that the home may take.",
    "newest_night_timestamp_seconds": "Cutoff of the newest night that anything is known of, in seconds since 1970.",
    "newest_release_timestamp_seconds": "Cutoff of the newest released night, in seconds since 1970.",
    "gap_nights": f"Recorded gaps of the last {SHOWN_NIGHTS} nights.",
    "refused_nights": f"Nights with a candidate release that was refused, of the last {SHOWN_NIGHTS} nights.",
    "missing_nights": "Nights before the head without release and without recorded gap.",
    "stage_done": "1 if the newest night is released, scored, exported or judged, by facts of that very night.",
    "predictions_rows": "Predictions of the newest night.",
    "predictions_degraded_rows": "Those of them that are degraded.",
    "champion_info": "The version that scores the newest night.",
    "champion_age_nights": "Nights since the champion took effect.",
    "promotions": "Decisions on who is champion, the first one counted.",
    "trainings": "Trainings that ended.",
    "training_requests": "Nights whose verdict asked for a training.",
    "quality": "Quality on the newest night with matured labels.",
    "verdict": "1 at the verdict of the newest night; none while it is not judged.",
    "drifted_features_ratio": "Share of the features that drifted.",
    "night_wall_seconds": "Wall time of the newest night's jobs.",
    "night_cpu_seconds": "CPU time of the newest night's jobs.",
    "night_read_bytes": "Bytes that the newest night's jobs read.",
    "night_written_bytes": "Bytes that the newest night's jobs wrote.",
}


class Sample(NamedTuple):
    """One value of one of the metrics, with its labels by name."""

    name: str
    value: float
    labels: dict[str, str]


def samples(reader: OutputsReader, now: datetime) -> Iterator[Sample]:
    """Every metric as of the newest night at the time `now`; only the disk's for an empty installation.

    Args:
        reader: of the outputs lake, kept open between two questions.
        now: the time.
    """
    for part, size in disk.measure_usage(settings()).parts.items():
        yield Sample("disk_bytes", size, {"part": part})
    yield Sample("disk_budget_bytes", settings().disk_budget_gb * 1e9, {})
    found = night_status.read_morning(reader, now=now)
    if found is None:
        return
    yield from _nights(found)
    for model in found.models:
        yield from _model(model, found.night)
        for light in found.list_lights(model.spec.model):
            labels = {"model": model.spec.model, "stage": str(light.stage)}
            yield Sample("stage_done", float(light.is_done), labels)
        yield from _quality(model, found.night)
    for row in cost_store.read_costs(found.night, found.night):
        labels = {"job": row.job, "model": row.model}
        yield Sample("night_wall_seconds", row.wall_seconds, labels)
        yield Sample("night_cpu_seconds", row.cpu_seconds, labels)
        yield Sample("night_read_bytes", row.bytes_read, labels)
        yield Sample("night_written_bytes", row.bytes_written, labels)


def _nights(found: Morning) -> Iterator[Sample]:
    yield Sample("newest_night_timestamp_seconds", cutoff(found.night).timestamp(), {})
    if found.head is not None:
        yield Sample("newest_release_timestamp_seconds", cutoff(found.head.night).timestamp(), {})
    yield Sample("gap_nights", sum(night.release == "gap" for night in found.strip), {})
    yield Sample("refused_nights", sum(night.is_refused for night in found.strip), {})
    yield Sample("missing_nights", sum(count_nights(first, last) for first, last in found.unknown), {})


def _model(state: ModelState, night: date) -> Iterator[Sample]:
    name = state.spec.model
    model = {"model": name}
    if (rows := state.predictions) is not None:
        yield Sample("predictions_rows", rows["rows"], model)
        yield Sample("predictions_degraded_rows", rows["degraded"], model)
    if (champion := state.champion) is not None:
        serving = {**model, "version": str(champion.version), "algorithm": champion.algorithm}
        yield Sample("champion_info", 1, serving)
        yield Sample("champion_age_nights", count_nights_since(champion.effective_night, night), model)
    yield Sample("promotions", len(promotion_store.read_promotions(name)), model)
    yield Sample("trainings", len(decision_store.trainings(name)), model)
    yield Sample("training_requests", len(decision_store.requests(name)), model)


def _quality(state: ModelState, night: date) -> Iterator[Sample]:
    """The newest figures of quality and drift, some nights apart as labels mature; the verdict of the night alone."""
    model = {"model": state.spec.model}
    for row in _newest(state.quality):
        for of in ("champion", "heuristic"):
            if row[of] is not None:
                yield Sample("quality", row[of], {**model, "metric": row["metric"], "of": of})
    if state.verdict is not None and state.verdict["night"] == night:
        for verdict in Verdict:
            reported = float(state.verdict["verdict"] == verdict)
            yield Sample("verdict", reported, {**model, "verdict": str(verdict)})
    for row in _newest(state.shares):
        if row["value"] is not None:
            yield Sample("drifted_features_ratio", row["value"], {**model, "span": row["span"]})


def _newest(rows: list[Row]) -> list[Row]:
    last = max((row["night"] for row in rows), default=None)
    return [row for row in rows if row["night"] == last]
