"""Judging a registered candidate against the champion, on the nights that neither has seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from redeye.champions.logic.promotions import Promotion
from redeye.declarations.project import project
from redeye.features.feast_frames import read_feature_frame
from redeye.models.artifact_store import load_artifact
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.splits import Windows
from redeye.models.logic.training import select_rows
from redeye.promotion.logic import gate_inputs
from redeye.promotion.logic.gate_report import GateReport
from redeye.promotion.logic.gates import judge
from redeye.promotion.register import Candidate, Registration


@dataclass(frozen=True)
class Evaluation:
    """What the gates said about a candidate, and both models' predictions on the test window, if any."""

    report: GateReport
    candidate: Scored | None
    champion: Scored | None


def evaluate_candidate(
    fresh: Registration, candidate: Candidate, champion: Promotion, spans: Windows
) -> Evaluation:
    """Judge a candidate against the champion on the test window.

    What is judged is what would serve: both models are loaded from the registry by their hashes, and nothing is
    fitted after it.

    Raises:
        ModelAltered: if the files of either are not what was registered.
    """
    subject, version = fresh.subject, candidate.version
    spec, rows = subject.spec, select_rows(fresh.frame, subject.spec, spans.test)
    served = load_artifact(version.artifact_uri, version.artifact_sha256)
    incumbent = load_artifact(champion.artifact_uri, champion.artifact_sha256)
    before = select_rows(fresh.frame, spec, spans.validation)

    def as_champion(own: pd.DataFrame) -> pd.DataFrame:
        if champion.feature_service == spec.feature_service:
            return own
        plain = own[[name for name in own.columns if "__" not in name]]
        return read_feature_frame(subject.release.snapshot_id, plain, champion.feature_service)

    algorithms = {"candidate": candidate.model.algorithm, "champion": champion.algorithm}
    names = {role: f"{role} {algorithm}" for role, algorithm in algorithms.items()}
    challenger = gate_inputs.make_candidate_input(
        names["candidate"], served, rows, spec, seen_until=version.seen_until, before=before
    )
    holder = gate_inputs.make_champion_input(
        names["champion"],
        incumbent,
        as_champion(rows),
        spec,
        seen_until=date.fromisoformat(champion.evidence["seen_until"]),
        before=as_champion(before),
    )
    report = judge(
        challenger,
        holder,
        spans.test,
        spec.gates,
        groups=gate_inputs.group_rows(rows, spec),
        artifact_sha256=version.artifact_sha256,
        many=project().subject.many,
    )
    both = {"candidate": challenger.scored, "champion": holder.scored}
    shown = {role: one for role, one in both.items() if one is not None}
    fresh.run.log_judgement(report, shown, algorithms, candidate.model.importance())
    return Evaluation(report, challenger.scored, holder.scored)
