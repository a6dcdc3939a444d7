"""Judging a registered candidate against the champion, on the nights that neither has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import numpy.typing as npt
import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.serving_versions import find_schedule_inputs
from redeye.declarations.project import project
from redeye.features.feast_frames import read_feature_frame
from redeye.foundation.errors import try_in_turn
from redeye.models.algorithms.base import Model
from redeye.models.artifact_store import load_artifact
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.splits import Windows
from redeye.models.logic.training import select_rows
from redeye.models.logic.training_subject import Subject
from redeye.promotion.logic import gate_inputs
from redeye.promotion.logic.gate_report import GateReport
from redeye.promotion.logic.gates import GateInput, judge
from redeye.promotion.register import Candidate, Registration
from redeye.warehouse import lake


@dataclass(frozen=True)
class Evaluation:
    """What the gates said about a candidate, both models' predictions on the test window, if any, and its slices."""

    report: GateReport
    candidate: Scored | None
    champion: Scored | None
    groups: Mapping[str, npt.ArrayLike] = field(default_factory=dict)

    def list_facts(self) -> dict[str, Any]:
        """What the card is told of it, as `Card` names it."""
        return {"report": self.report, "tested": self.candidate, "groups": self.groups}


def evaluate_candidate(
    fresh: Registration, candidate: Candidate, champion: Promotion, spans: Windows
) -> Evaluation:
    """Judge a candidate against the champion on the test window.

    What is judged is what would serve: both models are loaded from the registry by their hashes, and nothing is
    fitted after it. A champion that cannot predict these rows does not serve: the heuristic does, and is compared.

    Raises:
        ModelAltered: if the candidate's files are not what was registered.
    """
    subject, version = fresh.subject, candidate.version
    spec, rows = subject.spec, select_rows(fresh.frame, subject.spec, spans.test)
    served = load_artifact(version.artifact_uri, version.artifact_sha256)
    before = select_rows(fresh.frame, spec, spans.validation)

    def as_holder(one: Promotion) -> GateInput:
        incumbent = load_artifact(one.artifact_uri, one.artifact_sha256)
        windows = [_read_as(one, incumbent, own, subject) for own in (rows, before)]
        found = gate_inputs.make_champion_input(
            f"champion {one.algorithm}",
            incumbent,
            windows[0],
            spec,
            seen_until=date.fromisoformat(one.evidence["seen_until"]),
            before=windows[1],
        )
        if found.scored is None:
            raise ValueError(found.trouble)
        return found

    first = promotion_store.read_promotions(spec.model)[0]
    holders = [
        (f"version {one.version}", partial(as_holder, one)) for one in dict.fromkeys((champion, first))
    ]
    holder = try_in_turn(holders, [])
    algorithms = {"candidate": candidate.model.algorithm, "champion": holder.name.removeprefix("champion ")}
    names = {role: f"{role} {algorithm}" for role, algorithm in algorithms.items()}
    challenger = gate_inputs.make_candidate_input(
        names["candidate"],
        served,
        rows,
        spec,
        seen_until=version.seen_until,
        base=gate_inputs.measure_base(select_rows(fresh.frame, spec, spans.train), spec),
        before=before,
    )
    groups = gate_inputs.group_rows(rows, spec)
    report = judge(
        challenger,
        holder,
        spans.test,
        find_kind(spec),
        groups=groups,
        artifact_sha256=version.artifact_sha256,
        many=project().subject.many,
    )
    both = {"candidate": challenger.scored, "champion": holder.scored}
    shown = {role: one for role, one in both.items() if one is not None}
    fresh.run.log_judgement(report, shown, algorithms, candidate.model.importance())
    return Evaluation(report, challenger.scored, holder.scored, groups)


def _read_as(version: Promotion, model: Model[Any], own: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """The candidate's rows as another version reads them: with its features, and its inputs from the schedule."""
    spec, population = subject.spec, subject.spec.population
    lacking = sorted(find_schedule_inputs(model) - {*own.columns})
    if version.feature_service == spec.feature_service and not lacking:
        return own
    plain = own[[name for name in own.columns if "__" not in name]]
    if lacking:
        nights = pd.to_datetime(own[population.night])
        with lake.connect_at(subject.release.snapshot_id) as con:
            found = con.execute(
                f"SELECT {population.key}, {', '.join(lacking)} FROM warehouse.{population.relation} "
                f"WHERE {population.night} BETWEEN ? AND ?",
                [nights.min().date(), nights.max().date()],
            ).df()
        plain = plain.merge(found, on=population.key, how="left", validate="one_to_one")
    return read_feature_frame(subject.release.snapshot_id, plain, version.feature_service)
