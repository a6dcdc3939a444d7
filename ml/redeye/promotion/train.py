"""Training a night: fit every algorithm of the spec, judge the best against the champion, decide."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.declarations.calendar import cutoff, shift_nights
from redeye.declarations.spec_algorithms import HEURISTIC
from redeye.declarations.specs import REQUIRED, Spec, load_spec
from redeye.features.feast_frames import read_feature_frame
from redeye.features.known_past import KnownPast, read_known_past
from redeye.foundation.errors import NotReleased, TooLate, VersionIsBlocked
from redeye.foundation.git import git_sha
from redeye.foundation.settings import SPECS, settings
from redeye.foundation.task_session import task_session
from redeye.foundation.ui_links import link_version
from redeye.models import mlflow_registry
from redeye.models.algorithms.base import Inputs, Model, Training
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.distinct_outcomes import TooFewOutcomes, require_distinct_outcomes
from redeye.models.logic.splits import TooFewNights, find_last_mature, plan_windows
from redeye.models.logic.training import SEED, fit_candidates, make_examples, select_candidate
from redeye.models.logic.training_subject import Subject
from redeye.models.mlflow_registry import Alias, Version
from redeye.models.training_code import hash_training_code
from redeye.promotion import decision_store
from redeye.promotion.evaluate_candidate import evaluate_candidate
from redeye.promotion.load_parent import load_parent
from redeye.promotion.logic.four_eyes import is_person
from redeye.promotion.mlflow_runs import TrainingRun, open_training_run
from redeye.promotion.promote import PassedCandidate, find_earlier_promotion, first_champion, promote, propose
from redeye.promotion.reconcile import reconcile, require_registry
from redeye.promotion.register import Registration
from redeye.warehouse import lake, release_store
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainOutcome:
    """What a training came to.

    Attributes:
        night: ISO date of the decision.
        champion_version: of the last decided champion.
        candidate_version: registered version of the candidate, None if none was fitted.
        effective_night: ISO date from which a promotion of this training is in effect.
        reason: why, for an operator.
        mlflow_run_url: its page.
        model_version_url: page of the candidate, or of the champion if there is none.
        awaits_approval: whether the candidate passed every gate and is promoted only if a person says so.
        gates: the report on the candidate; empty if none came before the gates.
    """

    model: str
    night: str
    release_id: str
    champion_version: int
    candidate_version: int | None
    algorithm: str | None
    is_promoted: bool
    effective_night: str | None
    reason: str
    mlflow_run_id: str
    mlflow_run_url: str
    model_version_url: str
    awaits_approval: bool = False
    gates: dict[str, Any] = field(default_factory=dict)


@task_session()
def train_night(
    model: str, night: date, *, run_id: str, actor: str, reason: str | None = None, run_url: str = ""
) -> TrainOutcome:
    """Train, judge and promote or keep, with what was known at the cutoff of `night`.

    Where the model has no champion yet, its heuristic becomes the first one, from the next night on. A
    training that was killed is taken up where it stopped: nothing is registered or promoted twice. If the
    night's verdict asked for it, that goes with the runs, the version and the promotion.

    Of a spec with `approval: required`, and with four eyes where a person asked, a candidate that passed is proposed
    and not promoted: `settle` in `redeye.promotion.approve` ends the training then. A replay has nobody to ask, so
    there it ends with that.

    Args:
        model: name of the spec.
        night: of the decision; a promotion takes effect `effective_lag_nights` later.
        run_id: the orchestrator's.
        actor: who or what asked.
        run_url: page of the orchestrator's task, for links.
        reason: why; if left out, what the night's verdict said.

    Raises:
        NotReleased: if no release holds the night, or none of its labels is mature.
        TooLate: if the candidate passed, and the nights it would serve from are scored already.
        AlreadyDecided: if another promotion came in between, or the candidate is blocked.
        RegistryDiffers: if the registry and the ledger differ in what cannot be repaired; all is recorded then,
            unless the model is not in the registry at all: then nothing is trained.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    release = release_store.covering_release(night)
    if release is None:
        raise NotReleased(f"night {night} has no release: build night {night} first")
    require_registry(model)
    past = read_known_past(spec, release)
    for caveat in past.caveats:
        log.info("%s, night %s: nobody can know: %s", model, night, caveat)
    frame = _frame(spec, release, night, past)
    reported, request = decision_store.request_tags(model, night)
    subject = Subject(
        spec=spec,
        night=night,
        release=release,
        code_hash=hash_training_code(),
        git_sha=git_sha(),
        run_name=run_id,
        actor=actor,
        run_url=run_url,
        reason=reason or reported or "no reason given",
        request=request,
    )
    with open_training_run(subject) as run:
        try:
            outcome = _train(subject, frame, run, past)
        except (TooLate, VersionIsBlocked) as error:
            run.log_outcome({"decision": "refused", "decided_because": str(error)}, {})
            champion = promotion_store.read_latest_promotion(model)
            _record(subject, run.run_id, str(error), champion.version if champion else 0)
            raise
        decision = "promoted" if outcome.is_promoted else "proposed" if outcome.awaits_approval else "kept"
        run.log_outcome(
            {"decision": decision, "decided_because": outcome.reason},
            {"The version in the registry": outcome.model_version_url},
        )
    # What awaits a person has not come to an end.
    if not outcome.awaits_approval:
        _record(subject, run.run_id, outcome.reason, outcome.champion_version, outcome)
    # Last: what is wrong with the registry must not keep a decision from being recorded.
    reconcile(model)
    log.info("%s, night %s: %s", model, night, outcome.reason)
    return outcome


def _record(
    subject: Subject, run_id: str, reason: str, champion_version: int, outcome: TrainOutcome | None = None
) -> None:
    """Keep in the ledger what a training came to; None: it was refused."""
    effective_night = outcome.effective_night if outcome else None
    decision_store.record_training(
        decision_store.RecordedTraining(
            model=subject.spec.model,
            night=subject.night,
            training_key=subject.key(),
            is_promoted=effective_night is not None,
            champion_version=champion_version,
            candidate_version=outcome.candidate_version if outcome else None,
            algorithm=outcome.algorithm if outcome else None,
            effective_night=date.fromisoformat(effective_night) if effective_night else None,
            asked=subject.reason,
            reason=reason,
            actor=subject.actor,
            run_id=subject.run_name,
            mlflow_run_id=run_id,
            gates=outcome.gates if outcome else {},
        )
    )


def _frame(spec: Spec, release: Release, night: date, past: KnownPast) -> pd.DataFrame:
    """Labelled rows that were known and mature by the night's cutoff, with their features, by key."""
    population, target = spec.population, spec.target
    last = find_last_mature(night, spec.label_maturity_nights)
    span = spec.split.history_nights + spec.split.validation_nights + spec.split.test_nights
    first = shift_nights(last, -(span + 2 * spec.label_maturity_nights))
    if past.first_night:
        first = max(first, past.first_night)
    known_by = cutoff(night).replace(tzinfo=None)
    label = find_kind(spec).select_learned(target.column)
    with lake.connect_at(release.snapshot_id) as con:
        entities = con.execute(
            f"SELECT {spec.schedule_select()}, {label} AS {target.column} "
            f"FROM warehouse.{population.relation} WHERE {label} IS NOT NULL AND {target.known_at} <= ? "
            f"AND {population.night} BETWEEN ? AND ? ORDER BY {population.key}",
            [known_by, first, last],
        ).df()
    if entities.empty:
        why = f" ({past.reason})" if past.reason else ""
        raise NotReleased(f"{spec.model}: no label is mature on night {night}{why}: train on a later night")
    return read_feature_frame(release.snapshot_id, entities, spec.feature_service)


def _train(subject: Subject, frame: pd.DataFrame, run: TrainingRun, past: KnownPast) -> TrainOutcome:
    spec, night = subject.spec, subject.night
    champion = promotion_store.read_latest_promotion(spec.model)
    end = partial(_outcome, subject, run)
    first_night = pd.Timestamp(frame[spec.population.night].min()).date()
    try:
        spans = plan_windows(night, spec.split, maturity=spec.label_maturity_nights, first_night=first_night)
        require_distinct_outcomes(frame, spec, spans)
    except (TooFewNights, TooFewOutcomes) as shortage:
        run.log_data(frame, None)
        why = "; ".join(filter(None, (f"no candidate was fitted: {shortage}", past.reason)))
        if champion is not None:
            return end(champion, None, "kept", why)
        seen_until = find_last_mature(night, spec.label_maturity_nights)
        model = _heuristic(frame, spec)
        champion = first_champion(
            Registration(subject, frame, run, None, past.caveats), model, None, seen_until=seen_until
        )
        return end(champion, None, "promoted", f"{champion.reason}; {why}")

    run.log_data(frame, spans)
    began = time.monotonic()
    candidates = fit_candidates(
        frame, spec, spans, seed=SEED, threads=settings().threads, parent=load_parent(spec, night)
    )
    run.log_candidates(candidates, time.monotonic() - began)
    fresh, seen_until = Registration(subject, frame, run, spans, past.caveats), spans.validation.last
    if champion is None:
        heuristic = next(each for each in candidates if each.name == HEURISTIC)
        champion = first_champion(fresh, heuristic.model, heuristic.validation, seen_until=seen_until)
    chosen, choice = select_candidate(candidates, spec)
    run.log_selection(choice)
    candidate = fresh.register_candidate(
        chosen.model,
        seen_until=seen_until,
        name=chosen.name,
        validation=chosen.validation,
        parent_version=chosen.parent_version,
    )
    version = candidate.version
    if standing := find_earlier_promotion(spec.model, version):
        return end(standing, version, "promoted", standing.reason, standing.evidence.get("gates", {}))

    evaluation = evaluate_candidate(fresh, candidate, champion, spans)
    report, tested, rival = evaluation.report, evaluation.candidate, evaluation.champion
    fresh.describe(
        candidate,
        choice=choice.reason,
        champion=(f"version {champion.version} ({champion.algorithm})", rival) if rival else None,
        **evaluation.list_facts(),
    )
    gates = report.to_dict()
    if not report.is_passed:
        why = f"version {champion.version} stays champion: {report.message()}"
        mlflow_registry.point_alias(spec.model, version.version, Alias.CHALLENGER)
        return end(champion, version, "kept", why, gates)
    passed = PassedCandidate(
        effective_night=shift_nights(night, spec.effective_lag_nights),
        reason=f"{subject.reason}: {report.message()}",
        evidence={
            "gates": gates,
            "candidate": candidate.name,
            "parent_version": candidate.parent_version,
            "choice": choice.reason,
            "champion_version": champion.version,
            "test_metrics": asdict(tested.metrics()) if tested else {},
        },
        follows=champion,
    )
    if spec.approval == REQUIRED or _needs_another(subject, champion):
        propose(fresh, candidate, passed)
        mlflow_registry.point_alias(spec.model, version.version, Alias.CHALLENGER)
        why = f"version {version.version} awaits approval: {report.message()}"
        return end(champion, version, "awaits approval", why, gates)
    promotion = promote(fresh, candidate, passed)
    return end(promotion, version, "promoted", promotion.reason, gates)


def _needs_another(subject: Subject, champion: Promotion) -> bool:
    """Whether somebody asked for this, so that another one says whether it is promoted.

    The training that makes a model's first champion has nothing to protect yet.
    """
    is_first = champion.kind is PromotionKind.FIRST and champion.run_id == subject.run_name
    return settings().four_eyes and is_person(subject.actor) and not is_first


def _heuristic(frame: pd.DataFrame, spec: Spec) -> Model[Any]:
    rows = make_examples(frame, spec)
    training = Training(train=rows, valid=rows, inputs=Inputs.of(spec), seed=SEED, threads=1)
    return find_kind(spec).fit(HEURISTIC, training, spec.algorithms.heuristic)


def _outcome(
    subject: Subject,
    run: TrainingRun,
    champion: Promotion,
    candidate: Version | None,
    decision: str,
    reason: str,
    gates: dict[str, Any] | None = None,
) -> TrainOutcome:
    """The outcome, after the version's tags say it as well."""
    model, shown, is_promoted = subject.spec.model, (candidate or champion).version, decision == "promoted"
    mlflow_registry.annotate(model, shown, {"decision": decision, "decided_because": reason})
    return TrainOutcome(
        model=model,
        night=subject.night.isoformat(),
        release_id=subject.release.release_id,
        champion_version=champion.version,
        candidate_version=candidate.version if candidate else None,
        algorithm=candidate.algorithm if candidate else None,
        is_promoted=is_promoted,
        effective_night=champion.effective_night.isoformat() if is_promoted else None,
        reason=reason,
        mlflow_run_id=run.run_id,
        mlflow_run_url=run.page,
        model_version_url=link_version(model, shown),
        awaits_approval=decision == "awaits approval",
        gates=gates or {},
    )
