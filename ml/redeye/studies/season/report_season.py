"""The season report: what was decided from one night to another, and what it was worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import find_champion
from redeye.declarations.calendar import list_nights
from redeye.declarations.specs import Spec
from redeye.foundation.atomic_files import replace_file
from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import settings
from redeye.models.artifact_store import load_artifact
from redeye.monitoring import evidently_reports
from redeye.monitoring.matured_predictions import read_matured_predictions
from redeye.monitoring.measure_drift import report_night
from redeye.promotion import decision_store
from redeye.scoring import outputs_store
from redeye.scoring.score import read_scored_rows
from redeye.studies.progress import Step
from redeye.studies.season import season_page
from redeye.studies.season.logic.season_quality import (
    Contestant,
    measure_season,
    measure_weeks,
    select_first_promotions,
)
from redeye.studies.season.season_page import Night, Story, TrainingStory
from redeye.studies.studied_spec import load_studied_spec
from redeye.warehouse import release_store

# Nights read at once: some 25,000 rows.
CHUNK_NIGHTS = 28


def write_season(model: str, first: date, last: date, *, report: Callable[[Step], None]) -> Path:
    """Write the report on the nights `first` to `last` as `<home>/reports/season/<model>-<first>-<last>.{html,md}`.

    The model that was never retrained is what served by the promotions decided before `first`. It is given
    the features that scoring saw, night by night, and each night's probabilities are kept: a second report
    reads them. Labels are those of the newest release. Drift pages of nights that asked for a training are
    written where they are missing. Returns the HTML page.

    Raises:
        NotReleased: if no night was scored, or no label of them is known.
    """
    spec = load_studied_spec(model)
    scored = outputs_store.list_scored_nights(model, first, last)
    if not scored:
        raise NotReleased(
            f"{model}: no night from {first} to {last} has been scored: run `./redeye replay` first"
        )
    rows = _rows(spec, scored, first, report)
    if rows.empty:
        raise NotReleased(f"{model}: no prediction of the nights {first} to {last} has a label yet")
    story = _story(spec, first, last)
    for night in (request.decision.night for request in story.requests):
        if not (evidently_reports.locate_folder(model, night) / "week.html").is_file():
            report_night(model, night)
    return season_page.write_page(
        story, measure_season(rows), measure_weeks(rows, first), settings().reports / "season"
    )


def _rows(spec: Spec, scored: list[date], first: date, report: Callable[[Step], None]) -> pd.DataFrame:
    """Every scored row that has a label: night, version, label and the three probabilities."""
    release = release_store.latest_release()
    if release is None:
        raise NotReleased("nothing is released: there are no labels")
    before = select_first_promotions(promotion_store.read_promotions(spec.model), first)
    parts, done = [], 0
    for chunk in _divide_nights(scored):
        matured = read_matured_predictions(spec, release, release.night, chunk[0], chunk[-1])
        days = pd.to_datetime(matured["night"])
        mine = {night: matured[days == pd.Timestamp(night)] for night in chunk}
        never = {night: find_champion(before, night) for night in chunk if len(mine[night])}
        others = _never_probabilities(spec, {n: v for n, v in never.items() if v and _is_other(mine[n], v)})
        for night in chunk:
            if len(mine[night]):
                parts.append(_night_rows(mine[night], never[night], others, spec.population.key))
        done += len(chunk)
        report(Step(done, len(scored), str(chunk[-1]), None))
    columns = ["night", "model_version", "label", *(each.column for each in Contestant)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _divide_nights(nights: list[date]) -> Iterator[list[date]]:
    return (nights[start : start + CHUNK_NIGHTS] for start in range(0, len(nights), CHUNK_NIGHTS))


def _is_other(rows: pd.DataFrame, never: Promotion) -> bool:
    return bool((rows["model_version"] != never.version).any())


def _night_rows(rows: pd.DataFrame, never: Promotion | None, others: pd.DataFrame, key: str) -> pd.DataFrame:
    kept = [key, "night", "model_version", "label", "probability", "raw_probability", "baseline_probability"]
    frame = rows[kept].astype({"model_version": "int64"})
    if never is not None and _is_other(frame, never):
        return frame.merge(others, on=key, how="left", validate="one_to_one").drop(
            columns=[key, "raw_probability"]
        )
    # Where nobody served before, what was promoted on the way is all there is to compare with.
    same = "baseline_probability" if never is None else "raw_probability"
    return frame.assign(**{Contestant.NEVER.column: frame[same]}).drop(columns=[key, "raw_probability"])


def _never_probabilities(spec: Spec, never: dict[date, Promotion]) -> pd.DataFrame:
    """What versions would have said of some nights' rows, from the features that scoring saw.

    Nights of one release and version are read together: most of a night's cost is not its rows.

    Returns:
        The key and the column of the contestant.
    """
    key = spec.population.key
    found = [pd.DataFrame({key: [], Contestant.NEVER.column: []}).astype({key: "str"})]
    if not never:
        return found[0]
    standing = outputs_store.read("predictions", spec.model, min(never), max(never))
    days = pd.to_datetime(standing["night"])
    missing: dict[tuple[int, str], list[tuple[Path, pd.DataFrame]]] = {}
    for night, version in never.items():
        predictions = standing[days == pd.Timestamp(night)]
        name = f"{night}-{predictions['release_id'].iloc[0]}.parquet"
        path = settings().home / "season" / spec.model / version.artifact_sha256[:16] / name
        if path.is_file():
            found.append(pd.read_parquet(path))
            continue
        rows, release = read_scored_rows(spec, night, predictions)
        missing.setdefault((release.snapshot_id, version.artifact_sha256), []).append((path, rows))
    versions = {version.artifact_sha256: version for version in never.values()}
    for (snapshot_id, sha256), some in missing.items():
        found += _predict(spec, snapshot_id, versions[sha256], some)
    return pd.concat(found, ignore_index=True)


def _predict(
    spec: Spec, snapshot_id: int, version: Promotion, some: list[tuple[Path, pd.DataFrame]]
) -> Iterator[pd.DataFrame]:
    from redeye.features.feast_frames import read_feature_frame

    key = spec.population.key
    scheduled = pd.concat([each for _, each in some], ignore_index=True)
    frame = read_feature_frame(snapshot_id, scheduled, version.feature_service)
    model = load_artifact(version.artifact_uri, version.artifact_sha256)
    made = pd.DataFrame({key: frame[key].to_numpy(), Contestant.NEVER.column: model.predict(frame)})
    for path, own in some:
        rows = made[made[key].isin(own[key])].reset_index(drop=True)
        with replace_file(path) as making:
            rows.to_parquet(making, index=False)
        yield rows


def _story(spec: Spec, first: date, last: date) -> Story:
    model = spec.model
    crowned = promotion_store.read_promotions(model)
    return Story(
        model=model,
        first=first,
        last=last,
        nights=tuple(_nights(spec, first, last)),
        requests=tuple(r for r in decision_store.requests(model) if first <= r.decision.night <= last),
        trainings=tuple(
            TrainingStory.of(model, training)
            for training in decision_store.trainings(model)
            if first <= training.night <= last
        ),
        promotions=tuple(each for each in crowned if first <= each.decided_night <= last),
        before=select_first_promotions(crowned, first),
        shift_weeks=settings().shift_weeks,
    )


def _nights(spec: Spec, first: date, last: date) -> list[Night]:
    """One per night of the calendar, scored or not."""
    decisions = {row.decision.night: row.decision for row in decision_store.decisions(spec.model)}
    verdicts = {
        pd.Timestamp(row["night"]).date(): row
        for row in outputs_store.read("verdicts", spec.model, first, last).to_dict("records")
    }
    served: dict[date, dict[str, Any]] = {}
    days = list(list_nights(first, last))
    for chunk in _divide_nights(days):
        found = outputs_store.read("predictions", spec.model, chunk[0], chunk[-1])
        for night, part in found.groupby(pd.to_datetime(found["night"])):
            served[pd.Timestamp(str(night)).date()] = {
                "rows": len(part),
                "version": int(part["model_version"].iloc[0]),
                "algorithm": str(part["algorithm"].iloc[0]),
                "degraded": str(part["degraded_reason"].iloc[0]) if part["is_degraded"].any() else "",
            }
    unserved = {"rows": 0, "version": None, "algorithm": "", "degraded": ""}
    return [
        Night(
            night=night,
            **served.get(night, unserved),
            gap=release_store.gap_reason(night) or "",
            verdict=str(verdicts[night]["verdict"]) if night in verdicts else "",
            reasons=str(verdicts[night]["reasons"]) if night in verdicts else "",
            decision=decisions[night].reason if night in decisions else "",
            is_requested=night in decisions and decisions[night].is_requested,
        )
        for night in days
    ]
