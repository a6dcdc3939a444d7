"""How the installation stands, as numbers for a time series: what a dashboard draws and an alert watches.

Everything is read from the ledgers and the outputs at the moment it is asked for; nothing is counted on the side,
so a restart loses nothing. No clock: times are those of nights, and the dashboard knows how late it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from redeye.champions import promotion_store
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import cutoff
from redeye.foundation import cost_store, disk
from redeye.foundation.settings import settings
from redeye.operations import model_status, night_status
from redeye.operations.model_status import ModelState
from redeye.operations.night_status import Morning
from redeye.promotion import decision_store
from redeye.scoring.outputs_reader import OutputsReader, Row


@dataclass(frozen=True)
class Sample:
    """One value of one metric.

    Attributes:
        name: without the prefix `redeye_`; the unit at its end.
        help: what it is.
        labels: by name.
    """

    name: str
    help: str
    value: float
    labels: dict[str, str]


def samples(reader: OutputsReader) -> Iterator[Sample]:
    """Every metric as of the newest night; only the disk's for an empty installation.

    Args:
        reader: of the outputs lake, kept open between two questions.
    """
    yield from _disk()
    found = night_status.read_morning(reader)
    if found is None:
        return
    yield from _nights(found)
    for model in found.models:
        yield from _model(model, found.night)
    yield from _costs(found.night)


def _disk() -> Iterator[Sample]:
    usage = disk.measure_usage(settings())
    for part, size in usage.parts.items():
        yield Sample("disk_bytes", "Bytes on disk, by part of the home.", size, {"part": part})
    yield Sample("disk_budget_bytes", "Bytes that the home may take.", settings().disk_budget_gb * 1e9, {})


def _nights(found: Morning) -> Iterator[Sample]:
    end = "Cutoff of the newest night that anything is known of, in seconds since 1970."
    yield Sample("newest_night_timestamp_seconds", end, cutoff(found.night).timestamp(), {})
    if found.head is not None:
        end = "Cutoff of the newest released night, in seconds since 1970."
        yield Sample("newest_release_timestamp_seconds", end, cutoff(found.head.night).timestamp(), {})
    gaps = sum(night.release == "gap" for night in found.strip)
    refused = sum(night.is_refused for night in found.strip)
    span = f"of the last {model_status.SHOWN_NIGHTS} nights."
    yield Sample("gap_nights", f"Recorded gaps {span}", gaps, {})
    yield Sample("refused_nights", f"Nights with a candidate release that was refused, {span}", refused, {})
    missing = sum((last - first).days + 1 for first, last in found.unknown)
    yield Sample(
        "missing_nights", "Nights before the head without release and without recorded gap.", missing, {}
    )


def _model(state: ModelState, night: date) -> Iterator[Sample]:
    model = {"model": state.spec.model}
    if (rows := state.predictions) is not None:
        yield Sample("predictions_rows", "Predictions of the newest night.", rows["rows"], model)
        yield Sample("predictions_degraded_rows", "Those of them that are degraded.", rows["degraded"], model)
    if state.champion is not None:
        serving = {**model, "version": str(state.champion.version), "algorithm": state.champion.algorithm}
        yield Sample("champion_info", "The version that scores the newest night.", 1, serving)
        age = (night - state.champion.effective_night).days
        yield Sample("champion_age_nights", "Nights since the champion took effect.", age, model)
    yield from _sample_quality(state, model)
    for name, help_, read in (
        (
            "promotions",
            "Decisions on who is champion, the first one counted.",
            promotion_store.read_promotions,
        ),
        ("trainings", "Trainings that ended.", decision_store.trainings),
        ("training_requests", "Nights whose verdict asked for a training.", decision_store.requests),
    ):
        yield Sample(name, help_, len(read(state.spec.model)), model)


def _sample_quality(state: ModelState, model: dict[str, str]) -> Iterator[Sample]:
    """The newest figures of quality, verdict and drift; they lie some nights apart, as labels mature."""
    for row in _newest(state.quality):
        for of in ("champion", "heuristic"):
            if row[of] is not None:
                labels = {**model, "metric": row["metric"], "of": of}
                yield Sample("quality", "Quality on the newest night with matured labels.", row[of], labels)
    if state.verdict is not None:
        for verdict in Verdict:
            reported = float(state.verdict["verdict"] == verdict)
            yield Sample("verdict", "1 at the newest verdict.", reported, {**model, "verdict": str(verdict)})
    for row in _newest(state.shares):
        if row["value"] is not None:
            labels = {**model, "span": row["span"]}
            yield Sample(
                "drifted_features_ratio", "Share of the features that drifted.", row["value"], labels
            )


def _newest(rows: list[Row]) -> list[Row]:
    last = max((row["night"] for row in rows), default=None)
    return [row for row in rows if row["night"] == last]


def _costs(night: date) -> Iterator[Sample]:
    for row in cost_store.read_costs(night, night):
        labels = {"job": row.job, "model": row.model}
        for name, help_, value in (
            ("night_wall_seconds", "Wall time of the newest night's jobs.", row.wall_seconds),
            ("night_cpu_seconds", "CPU time of the newest night's jobs.", row.cpu_seconds),
            ("night_read_bytes", "Bytes that the newest night's jobs read.", row.bytes_read),
            ("night_written_bytes", "Bytes that the newest night's jobs wrote.", row.bytes_written),
        ):
            yield Sample(name, help_, value, labels)
