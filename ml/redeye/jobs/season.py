"""The season report: what was decided from one night to another, and what it was worth."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.adapters import drift_reports, ledger, outputs, promotions, retraining, season_page
from redeye.adapters.artifacts import load_artifact
from redeye.adapters.matured import matured_predictions
from redeye.adapters.season_page import Night, Story, TrainingStory
from redeye.core.calendar import nights
from redeye.core.errors import NotReleased
from redeye.core.releases import Promotion
from redeye.core.season import Contestant, never_retrained, season_of, weekly
from redeye.core.specs import Spec, load_spec
from redeye.core.succession import champion_of
from redeye.jobs.drift import report_night
from redeye.jobs.score import flights_as_scored
from redeye.settings import SPECS, settings

log = logging.getLogger(__name__)

# Nights read at once: some 25,000 rows.
CHUNK_NIGHTS = 28


@dataclass(frozen=True)
class Step:
    """How far it is."""

    done: int
    of: int
    what: str


Tell = Callable[[Step], None]


def write_season(model: str, first: date, last: date, *, tell: Tell, has_drift_pages: bool = True) -> Path:
    """Write the report on the nights `first` to `last` as `<home>/reports/season/<model>-<first>-<last>.{html,md}`.

    The model that was never retrained is what served by the promotions decided before `first`. It is given
    the features that scoring saw, night by night, and each night's probabilities are kept: a second report
    reads them. Labels are those of the newest release.

    Args:
        model: name of the spec.
        first: night.
        last: night, included.
        tell: is called after each night.
        has_drift_pages: write the drift pages of nights that asked for a training, where they are missing.

    Returns:
        The HTML page; the Markdown and its pictures lie beside it.

    Raises:
        NotReleased: if no night was scored, or no label of them is known.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    scored = outputs.scored_nights(model, first, last)
    if not scored:
        raise NotReleased(
            f"{model}: no night from {first} to {last} has been scored: run `make replay` first"
        )
    rows = _rows(spec, scored, first, tell)
    if rows.empty:
        raise NotReleased(f"{model}: no flight of the nights {first} to {last} has a label yet")
    story = _story(spec, first, last, rows)
    if has_drift_pages:
        _drift_pages(spec, story)
    return season_page.write(story, season_of(rows), weekly(rows, first), settings().reports / "season")


def _rows(spec: Spec, scored: list[date], first: date, tell: Tell) -> pd.DataFrame:
    """Every scored flight that has a label: night, version, label and the three probabilities."""
    release = ledger.latest_release()
    if release is None:
        raise NotReleased("nothing is released: there are no labels")
    before = never_retrained(promotions.promotions(spec.model), first)
    parts, done = [], 0
    for start in range(0, len(scored), CHUNK_NIGHTS):
        chunk = scored[start : start + CHUNK_NIGHTS]
        matured = matured_predictions(spec, release, release.night, chunk[0], chunk[-1])
        for night in chunk:
            mine = matured[pd.to_datetime(matured["night"]) == pd.Timestamp(night)]
            done += 1
            if len(mine):
                parts.append(_night_rows(spec, night, mine, champion_of(before, night)))
            tell(Step(done, len(scored), str(night)))
    columns = ["night", "model_version", "label", *(each.column for each in Contestant)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _night_rows(spec: Spec, night: date, rows: pd.DataFrame, never: Promotion | None) -> pd.DataFrame:
    kept = ["flight_id", "night", "model_version", "label", "probability", "baseline_probability"]
    frame = rows[kept].astype({"model_version": "int64"})
    column = Contestant.NEVER.column
    if never is None:
        # Nobody served before: what was promoted on the way is all there is to compare with.
        frame = frame.assign(**{column: frame["baseline_probability"]})
    elif (frame["model_version"] == never.version).all():
        frame = frame.assign(**{column: frame["probability"]})
    else:
        own = _never_probabilities(spec, night, never)
        frame = frame.merge(own, on="flight_id", how="left", validate="one_to_one")
    return frame.drop(columns="flight_id")


def _never_probabilities(spec: Spec, night: date, never: Promotion) -> pd.DataFrame:
    """What a version would have said of a night's flights, from the features that scoring saw."""
    from redeye.adapters.features import training_frame

    standing = outputs.read("predictions", spec.model, night, night)
    name = f"{night}-{standing['release_id'].iloc[0]}.parquet"
    path = settings().home / "season" / spec.model / never.artifact_sha256[:16] / name
    if path.is_file():
        return pd.read_parquet(path)
    flights, release = flights_as_scored(spec, night, standing)
    frame = training_frame(release.snapshot_id, flights, never.feature_service)
    model = load_artifact(never.artifact_uri, never.artifact_sha256)
    found = pd.DataFrame(
        {
            "flight_id": frame[spec.population.key].to_numpy(),
            Contestant.NEVER.column: model.predict(frame),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_suffix(".part")
    found.to_parquet(making, index=False)
    making.replace(path)
    return found


def _story(spec: Spec, first: date, last: date, rows: pd.DataFrame) -> Story:
    model = spec.model
    crowned = promotions.promotions(model)
    return Story(
        model=model,
        first=first,
        last=last,
        nights=tuple(_nights(spec, first, last)),
        requests=tuple(r for r in retraining.requests(model) if first <= r.decision.night <= last),
        trainings=tuple(
            TrainingStory.of(model, training)
            for training in retraining.trainings(model)
            if first <= training.night <= last
        ),
        promotions=tuple(each for each in crowned if first <= each.decided_night <= last),
        before=never_retrained(crowned, first),
        shift_weeks=settings().shift_weeks,
        labelled_rows=len(rows),
    )


def _nights(spec: Spec, first: date, last: date) -> list[Night]:
    """One per night of the calendar, scored or not."""
    decisions = {row.decision.night: row.decision for row in retraining.decisions(spec.model)}
    verdicts = {
        pd.Timestamp(row["night"]).date(): row
        for row in outputs.read("verdicts", spec.model, first, last).to_dict("records")
    }
    served: dict[date, dict[str, Any]] = {}
    days = list(nights(first, last))
    for start in range(0, len(days), CHUNK_NIGHTS):
        chunk = days[start : start + CHUNK_NIGHTS]
        found = outputs.read("predictions", spec.model, chunk[0], chunk[-1])
        for night, part in found.groupby(pd.to_datetime(found["night"])):
            served[pd.Timestamp(str(night)).date()] = {
                "rows": len(part),
                "version": int(part["model_version"].iloc[0]),
                "algorithm": str(part["algorithm"].iloc[0]),
                "degraded": str(part["degraded_reason"].iloc[0]) if part["is_degraded"].any() else "",
            }
    return [
        Night(
            night=night,
            rows=served.get(night, {}).get("rows", 0),
            version=served.get(night, {}).get("version"),
            algorithm=served.get(night, {}).get("algorithm", ""),
            degraded=served.get(night, {}).get("degraded", ""),
            gap=ledger.gap_reason(night) or "",
            verdict=str(verdicts[night]["verdict"]) if night in verdicts else "",
            reasons=str(verdicts[night]["reasons"]) if night in verdicts else "",
            decision=decisions[night].reason if night in decisions else "",
            is_requested=night in decisions and decisions[night].is_requested,
        )
        for night in days
    ]


def _drift_pages(spec: Spec, story: Story) -> None:
    for request in story.requests:
        night = request.decision.night
        if not (drift_reports.folder_of(spec.model, night) / "week.html").is_file():
            report_night(spec.model, night)
