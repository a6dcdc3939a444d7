"""Training a night: fit every algorithm of the spec, judge the best against the champion, decide."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from redeye.adapters import lake, ledger, promotions, registry
from redeye.adapters.features import training_frame
from redeye.adapters.git import git_sha
from redeye.adapters.registry import Alias, Version
from redeye.adapters.software import software
from redeye.adapters.training_runs import TrainingRun, training_run
from redeye.adapters.ui_links import version_page
from redeye.core.algorithms.base import Inputs, Model, Training
from redeye.core.algorithms.heuristic import HeuristicModel
from redeye.core.calendar import cutoff
from redeye.core.errors import NotReleased, TooLate
from redeye.core.evaluation import Metrics, Scored
from redeye.core.gates import Contender, GateReport, judge
from redeye.core.model_card import Card
from redeye.core.quality import reference_to_dict
from redeye.core.releases import Promotion, Release
from redeye.core.specs import Spec, load_spec
from redeye.core.splits import TooFewNights, Windows, last_mature, windows
from redeye.core.training import Fitted, best, examples, fit_candidates, rows_of, scored
from redeye.core.training_subject import Subject, training_code_hash
from redeye.jobs.training_record import record, request_tags
from redeye.settings import PROJECT_ROOT, settings

log = logging.getLogger(__name__)

SPECS = PROJECT_ROOT / "ml" / "specs"
SEED = 20130101


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


def train_night(
    model: str, night: date, *, run_id: str, actor: str, reason: str | None = None, run_url: str = ""
) -> TrainOutcome:
    """Train, judge and promote or keep, with what was known at the cutoff of `night`.

    Where the model has no champion yet, its heuristic becomes the first one, from the next night on. A
    training that was killed is taken up where it stopped: nothing is registered or promoted twice. If the
    night's verdict asked for it, that goes with the runs, the version and the promotion.

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
        AlreadyDecided: if another promotion came in between.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    release = ledger.covering_release(night)
    if release is None:
        raise NotReleased(f"night {night} has no release: build night {night} first")
    frame = _frame(spec, release, night)
    said, request = request_tags(model, night)
    subject = Subject(
        spec=spec,
        night=night,
        release=release,
        code_hash=training_code_hash(),
        git_sha=git_sha(),
        run_name=run_id,
        actor=actor,
        run_url=run_url,
        reason=reason or said or "no reason given",
        request=request,
    )
    with training_run(subject) as run:
        try:
            outcome = _train(subject, frame, run)
        except TooLate as error:
            run.log_outcome({"decision": "refused", "decided_because": str(error)}, {})
            champion = promotions.latest_promotion(model)
            record(subject, run.run_id, str(error), champion_version=champion.version if champion else 0)
            raise
        run.log_outcome(
            {"decision": "promoted" if outcome.is_promoted else "kept", "decided_because": outcome.reason},
            {"The version in the registry": outcome.model_version_url},
        )
    record(
        subject,
        outcome.mlflow_run_id,
        outcome.reason,
        champion_version=outcome.champion_version,
        candidate_version=outcome.candidate_version,
        algorithm=outcome.algorithm,
        effective_night=date.fromisoformat(outcome.effective_night) if outcome.effective_night else None,
    )
    log.info("%s, night %s: %s", model, night, outcome.reason)
    return outcome


def _frame(spec: Spec, release: Release, night: date) -> pd.DataFrame:
    """Labelled rows that were known and mature by the night's cutoff, with their features, by key."""
    population, target = spec.population, spec.target
    last = last_mature(night, spec.label_maturity_nights)
    span = spec.split.history_nights + spec.split.validation_nights + spec.split.test_nights
    first = last - timedelta(days=span + 2 * spec.label_maturity_nights)
    known_by = cutoff(night).replace(tzinfo=None)
    con = lake.connect_at(release.snapshot_id)
    try:
        entities = con.execute(
            f"SELECT {spec.schedule_select()}, {target.column} FROM warehouse.{population.relation} "
            f"WHERE {target.column} IS NOT NULL AND {target.known_at} <= ? "
            f"AND {population.night} BETWEEN ? AND ? ORDER BY {population.key}",
            [known_by, first, last],
        ).df()
    finally:
        con.close()
    if entities.empty:
        raise NotReleased(f"{spec.model}: no label is mature on night {night}: train on a later night")
    return training_frame(release.snapshot_id, entities, spec.feature_service)


def _train(subject: Subject, frame: pd.DataFrame, run: TrainingRun) -> TrainOutcome:
    spec, night = subject.spec, subject.night
    champion = promotions.latest_promotion(spec.model)
    first_night = pd.Timestamp(frame[spec.population.night].min()).date()
    try:
        spans = windows(night, spec.split, maturity=spec.label_maturity_nights, first_night=first_night)
    except TooFewNights as shortage:
        run.log_data(frame, None)
        why = f"no candidate was fitted: {shortage}"
        if champion is not None:
            return _outcome(subject, run, champion, None, is_promoted=False, reason=why)
        seen_until = last_mature(night, spec.label_maturity_nights)
        model = _heuristic(frame, spec)
        champion = _first_champion(_Fresh(subject, frame, run, None), model, None, seen_until=seen_until)
        return _outcome(subject, run, champion, None, is_promoted=True, reason=f"{champion.reason}; {why}")

    run.log_data(frame, spans)
    began = time.monotonic()
    candidates = fit_candidates(frame, spec, spans, seed=SEED, threads=settings().threads)
    run.log_fitting(time.monotonic() - began)
    for each in candidates:
        run.log_candidate(each)
    fresh, seen_until = _Fresh(subject, frame, run, spans), spans.validation.last
    if champion is None:
        heuristic = next(each for each in candidates if each.algorithm == HeuristicModel.algorithm)
        champion = _first_champion(fresh, heuristic.model, heuristic.validation, seen_until=seen_until)
    chosen = best(candidates, spec)
    version = fresh.registered(chosen.model, seen_until=seen_until)
    if standing := _promoted_before(spec.model, version):
        return _outcome(subject, run, standing, version, is_promoted=True, reason=standing.reason)

    report, tested, rival = _judged(subject, frame, spans, chosen, version, champion, run)
    fresh.describe(
        version,
        chosen.model,
        validation=chosen.validation,
        tested=tested,
        champion=(f"version {champion.version} ({champion.algorithm})", rival) if rival else None,
        report=report,
    )
    if not report.is_passed:
        why = f"version {champion.version} stays champion: {report.message()}"
        registry.point_alias(spec.model, version.version, Alias.CHALLENGER)
        return _outcome(subject, run, champion, version, is_promoted=False, reason=why)
    promotion = _promote(
        subject,
        run,
        version,
        effective_night=night + timedelta(days=spec.effective_lag_nights),
        reason=f"{subject.reason}: {report.message()}",
        evidence={
            "gates": report.to_dict(),
            "champion_version": champion.version,
            "test_metrics": tested.metrics().to_dict() if tested else {},
            "test_intervals": reference_to_dict(tested, seed=SEED) if tested else {},
        },
        follows=champion,
    )
    return _outcome(subject, run, promotion, version, is_promoted=True, reason=promotion.reason)


def _heuristic(frame: pd.DataFrame, spec: Spec) -> HeuristicModel:
    rows = examples(frame, spec)
    training = Training(train=rows, valid=rows, inputs=Inputs.of(spec), seed=SEED, threads=1)
    return HeuristicModel.fit(training, spec.algorithms.heuristic)


@dataclass(frozen=True)
class _Fresh:
    """What a fitted model goes into the registry with."""

    subject: Subject
    frame: pd.DataFrame
    run: TrainingRun
    spans: Windows | None

    def registered(self, model: Model[Any], *, seen_until: date) -> Version:
        with self.run.of(model.algorithm) as child_id:
            return registry.register(
                self.subject,
                model.algorithm,
                model,
                seen_until=seen_until,
                run_id=child_id,
                example=self.frame,
                windows=self.spans,
            )

    def describe(self, version: Version, model: Model[Any], **found: Any) -> None:  # noqa: ANN401  as Card's
        """Give the version its card, before anything is decided about it."""
        card = Card(
            subject=self.subject,
            algorithm=model.algorithm,
            version=version.version,
            rows=len(self.frame),
            windows=self.spans,
            environment=software(model.packages),
            seed=SEED,
            links={"training in MLflow": self.run.page, "task in Airflow": self.subject.run_url},
            **found,
        )
        registry.describe(version, card.markdown())


def _first_champion(
    fresh: _Fresh, model: Model[Any], validation: Metrics | None, *, seen_until: date
) -> Promotion:
    subject, run = fresh.subject, fresh.run
    version = fresh.registered(model, seen_until=seen_until)
    fresh.describe(version, model, validation=validation)
    return _promote(
        subject,
        run,
        version,
        effective_night=subject.night + timedelta(days=1),
        reason="first champion",
        evidence={},
        follows=None,
    )


def _judged(
    subject: Subject,
    frame: pd.DataFrame,
    spans: Windows,
    chosen: Fitted,
    version: Version,
    champion: Promotion,
    run: TrainingRun,
) -> tuple[GateReport, Scored | None, Scored | None]:
    """The gates' report on the test window, and the candidate's and the champion's predictions there, if any."""
    spec, rows = subject.spec, rows_of(frame, subject.spec, spans.test)
    incumbent = registry.load_artifact(champion.artifact_uri, champion.artifact_sha256)
    its_rows = rows
    if champion.feature_service != spec.feature_service:
        own = [name for name in rows.columns if "__" not in name]
        its_rows = training_frame(subject.release.snapshot_id, rows[own], champion.feature_service)
    algorithms = {"candidate": chosen.algorithm, "champion": champion.algorithm}
    names = [f"{role} {algorithm}" for role, algorithm in algorithms.items()]
    predicted = (_scored(chosen.model, rows, spec), _scored(incumbent, its_rows, spec))
    report = judge(
        Contender(names[0], predicted[0], version.seen_until),
        Contender(names[1], predicted[1], date.fromisoformat(champion.evidence["seen_until"])),
        spans.test,
        spec.gates,
        seed=SEED,
    )
    shown = {role: one for role, one in zip(algorithms, predicted, strict=True) if one is not None}
    run.log_judgement(report, shown, algorithms, chosen.model.importance())
    return report, *predicted


def _scored(model: Model[Any], rows: pd.DataFrame, spec: Spec) -> Scored | None:
    try:
        return scored(model, rows, spec)
    except ValueError:
        log.exception("%s gave no predictions that can be judged", model.algorithm)
        return None


def _promoted_before(model: str, version: Version) -> Promotion | None:
    """The promotion of this very version after the first champion's, if an earlier attempt got that far."""
    return next((row for row in promotions.promotions(model)[1:] if row.version == version.version), None)


def _promote(
    subject: Subject,
    run: TrainingRun,
    version: Version,
    *,
    effective_night: date,
    reason: str,
    evidence: dict[str, Any],
    follows: Promotion | None,
) -> Promotion:
    return promotions.promote(
        subject.spec.model,
        version=version.version,
        algorithm=version.algorithm,
        feature_service=subject.spec.feature_service,
        artifact_uri=version.artifact_uri,
        artifact_sha256=version.artifact_sha256,
        decided_night=subject.night,
        effective_night=effective_night,
        reason=reason,
        evidence={
            **evidence,
            **subject.tags(),
            "seen_until": version.seen_until.isoformat(),
            "mlflow_run_id": run.run_id,
        },
        actor=subject.actor,
        run_id=subject.run_name,
        follows=follows,
    )


def _outcome(
    subject: Subject,
    run: TrainingRun,
    champion: Promotion,
    candidate: Version | None,
    *,
    is_promoted: bool,
    reason: str,
) -> TrainOutcome:
    """The outcome, after the registry shows what the ledger says: an earlier attempt may have died before."""
    registry.point_alias(subject.spec.model, champion.version, Alias.CHAMPION)
    decision = "promoted" if is_promoted else "kept"
    registry.annotate(
        subject.spec.model,
        candidate.version if candidate else champion.version,
        {"decision": decision, "decided_because": reason},
    )
    return TrainOutcome(
        model=subject.spec.model,
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
        model_version_url=version_page(subject.spec.model, (candidate or champion).version),
    )
