"""How a model stands after a night, and what became of it: what the pages, metrics and alerts show.

Reads only. Nothing here looks at the clock: whoever asks says the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from redeye.champions import block_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import Standing, VersionBlock, find_champion, list_turns
from redeye.champions.promotion_store import find_passed_over, read_promotions
from redeye.declarations.calendar import shift_nights
from redeye.declarations.played_models import load_played_specs
from redeye.declarations.specs import Spec
from redeye.foundation import cost_store
from redeye.foundation.renamed_values import GATES
from redeye.foundation.settings import SPECS, settings
from redeye.promotion import decision_store
from redeye.promotion.decision_store import Proposal, RecordedDecision, RecordedTraining
from redeye.scoring.outputs_reader import OutputsReader, Row

SHOWN_NIGHTS = 28
SHOWN_WEEKS = 53
# The job that proposes a candidate, as its cost is recorded.
_TRAINING = "train_night"


@dataclass(frozen=True)
class ModelState:
    """How a model stands after a night.

    Attributes:
        champion: who scores the night.
        since: the first night that any version served; None if nothing was promoted yet.
        coming: promotions decided by then that take effect later and were not withdrawn.
        awaiting: candidates that passed every gate and wait for a person, the newest first.
        predictions: of the night, summed up; None if it was not scored.
        quality: rows of the last nights; without a champion's value where the heuristic served itself.
        verdict: of the newest night with one, at most the night.
        verdicts: of every night up to it.
        decision: of that night, what the loop decided and why.
        trainings: what was trained by then, the newest first.
        shares: share of drifted features by night and span.
        drifted: names of the features that drifted in the week that ends with the night.
        answered: candidates that a person has decided about, the newest first.
        asked_at: by version of those that wait, when they were proposed by the wall clock, as far as recorded.
        passed_over: promotions since the last one in the succession whose signature is missing or wrong, and why.
    """

    spec: Spec
    champion: Promotion | None
    since: date | None
    coming: list[Promotion]
    awaiting: list[Proposal]
    predictions: Row | None
    quality: list[Row]
    verdict: Row | None
    verdicts: list[Row]
    decision: RecordedDecision | None
    trainings: list[RecordedTraining]
    shares: list[Row]
    drifted: list[str]
    answered: list[Proposal] = field(default_factory=list)
    asked_at: dict[int, datetime] = field(default_factory=dict)
    passed_over: list[tuple[Promotion, str]] = field(default_factory=list)


def specs() -> dict[str, Spec]:
    """The models of this installation, by name; read again when a file has changed."""
    files = tuple(sorted((path.name, path.stat().st_mtime_ns) for path in SPECS.glob("*.yaml")))
    return _specs((settings().models, *files))


@lru_cache(maxsize=1)
def _specs(stamp: tuple[object, ...]) -> dict[str, Spec]:  # noqa: ARG001  the key of the cache
    return load_played_specs()


def read_model_state(reader: OutputsReader, spec: Spec, night: date) -> ModelState:
    """How one model stands after a night, from the last `SHOWN_NIGHTS` nights."""
    model, first = spec.model, shift_nights(night, 1 - SHOWN_NIGHTS)
    decided = read_promotions(model)
    verdicts = reader.verdicts(model, date.min, night)
    latest = verdicts[-1] if verdicts else None
    decisions = {row.decision.night: row for row in decision_store.decisions(model)}
    predictions = reader.predictions_by_night(model, night, night)
    weekly = reader.drift_of_features(model, night, night, "week")
    trainings = decision_store.trainings(model)
    settled = {(row.night, row.training_key) for row in trainings}
    proposed = [row for row in reversed(decision_store.proposals(model)) if row.night <= night]
    awaiting = [row for row in proposed if (row.night, row.training_key) not in settled]
    return ModelState(
        spec=spec,
        champion=find_champion(decided, night),
        since=decided[0].effective_night if decided else None,
        coming=[
            turn.promotion
            for turn in list_turns([row for row in decided if row.decided_night <= night], night)
            if turn.standing is Standing.COMING
        ],
        awaiting=awaiting,
        predictions=predictions[0] if predictions else None,
        quality=omit_heuristic(reader.quality(model, first, night), decided),
        verdict=latest,
        verdicts=verdicts,
        decision=decisions.get(latest["night"]) if latest else None,
        trainings=[row for row in reversed(trainings) if row.night <= night],
        shares=reader.drift_shares(model, first, night),
        drifted=[row["column_name"] for row in weekly if row["is_drifted"]],
        answered=[row for row in proposed if (row.night, row.training_key) in settled],
        asked_at=read_asked_at(model, awaiting),
        passed_over=[
            pair
            for pair in find_passed_over(model)
            if not decided or pair[0].promotion_id >= decided[-1].promotion_id
        ],
    )


@dataclass(frozen=True)
class ModelHistory:
    """A model's life, and its last nights in detail.

    Attributes:
        decisions: the nights that asked for a training, the newest first.
        weeks: quality by week of scoring and metric, weighted by rows: week's first night, metric, champion,
            heuristic.
        features: by feature, the week's distance over its threshold by night.
        nights: the span that `weeks` covers.
    """

    state: ModelState
    promotions: list[Promotion]
    decisions: list[RecordedDecision]
    weeks: list[Row]
    features: dict[str, list[Row]]
    nights: tuple[date, date]


def read_model_history(reader: OutputsReader, spec: Spec, night: date) -> ModelHistory:
    """What became of a model up to a night: the whole of its ledgers, the quality of `SHOWN_WEEKS` weeks."""
    model, first = spec.model, shift_nights(night, 1 - 7 * SHOWN_WEEKS)
    features: dict[str, list[Row]] = {}
    promotions = read_promotions(model)
    for row in reader.drift_of_features(model, shift_nights(night, 1 - 2 * SHOWN_NIGHTS), night, "week"):
        features.setdefault(row["column_name"], []).append(row)
    return ModelHistory(
        state=read_model_state(reader, spec, night),
        promotions=[row for row in promotions if row.decided_night <= night],
        decisions=[row for row in reversed(decision_store.requests(model)) if row.decision.night <= night],
        weeks=_average_by_week(omit_heuristic(reader.quality(model, first, night), promotions)),
        features=features,
        nights=(first, night),
    )


def read_asked_at(model: str, awaiting: Sequence[Proposal]) -> dict[int, datetime]:
    """By version when its training ended, as far as recorded: other models train on the same nights."""
    found = {}
    for row in awaiting:
        times = cost_store.read_success_times(row.night, row.night, [_TRAINING])
        if own := times.get((_TRAINING, model, row.night)):
            found[row.version] = own[1]
    return found


def omit_heuristic(rows: Iterable[Row], promotions: Iterable[Promotion]) -> list[Row]:
    """Quality by scored night and metric; where the heuristic served, it is not said to be the champion's as well."""
    versions = {row.version for row in promotions if row.is_heuristic}
    return [{**row, "champion": None} if row["model_version"] in versions else row for row in rows]


def _average_by_week(rows: Sequence[Row]) -> list[Row]:
    """The means of `average_metrics` by week, from Monday, and metric."""
    weeks: dict[date, list[Row]] = {}
    for row in rows:
        year, week, _ = row["night"].isocalendar()
        weeks.setdefault(date.fromisocalendar(year, week, 1), []).append(row)
    return [
        {"night": week, "metric": metric, **mean}
        for week, own in sorted(weeks.items())
        for metric, mean in sorted(average_metrics(own).items())
    ]


def average_metrics(rows: Iterable[Row]) -> dict[str, dict[str, float]]:
    """By metric the means over nights of champion and heuristic, weighted by rows."""
    known: dict[str, list[Row]] = {}
    for row in rows:
        if row["rows"] and row["champion"] is not None and row["heuristic"] is not None:
            known.setdefault(row["metric"], []).append(row)
    return {
        metric: {
            who: sum(row[who] * row["rows"] for row in own) / sum(row["rows"] for row in own)
            for who in ("champion", "heuristic")
        }
        for metric, own in known.items()
    }


def read_gates(row: Promotion | RecordedTraining) -> list[dict[str, Any]]:
    """What the gates said of a candidate, with values and bounds; none of one that never came before them."""
    report = row.gates if isinstance(row, RecordedTraining) else row.evidence.get("gates") or {}
    return [{**each, "gate": GATES.get(each["gate"], each["gate"])} for each in report.get("results", [])]


def list_blocked_versions(model: str) -> list[VersionBlock]:
    """The versions that may not come back, each with the row that says so."""
    last = {row.version: row for row in block_store.read_blocks(model)}
    return [row for row in last.values() if row.is_blocked]
