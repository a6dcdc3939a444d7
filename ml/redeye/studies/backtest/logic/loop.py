"""The loop over past nights: what asks for trainings, and the gates between each and the place of the champion."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from redeye.declarations.calendar import count_nights_since, cutoff, list_nights, shift_nights
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import find_kind
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Interval, Scored
from redeye.models.logic.splits import Window
from redeye.models.logic.training import select_rows
from redeye.monitoring.logic.quality import Window as Quality
from redeye.monitoring.logic.quality import measure_quality, measure_window
from redeye.monitoring.logic.verdict import judge
from redeye.promotion.logic import gate_inputs, gates
from redeye.promotion.logic.decision import CALENDAR_REASON, NightVerdict, decide
from redeye.studies.backtest.logic.schedules import TrainedModel, first_decision, reigns
from redeye.studies.evidence.logic.months import find_first_night, plan_training, select_known_rows


@dataclass(frozen=True)
class Request:
    """A night with a training: what asked for it, and whether its model replaced the champion."""

    night: date
    reason: str
    is_promoted: bool = True


@dataclass(frozen=True)
class Rules:
    """What of the loop is played.

    Attributes:
        calendar: nights with a training whatever the verdict.
        is_gated: whether a training's model has to pass the gates.
    """

    calendar: Collection[date] = ()
    is_gated: bool = False


def play_loop(
    frame: pd.DataFrame,
    spec: Spec,
    rows: pd.DataFrame,
    served: Window,
    of: Callable[[date], TrainedModel],
    rules: Rules,
) -> Iterator[Request]:
    """The trainings that the spec's own rules would have asked for, and what became of each.

    After each night, the champion's own matured predictions are judged as the monitoring of a night does it, without
    drift, and the decision follows by the same function. `rows` are those of
    `select_served_rows`, `of` gives the training of a night.
    """
    lag = spec.effective_lag_nights
    decided = [first_decision(spec, served.first)]
    probability, version = pd.Series(np.nan, index=rows.index), pd.Series(-1, index=rows.index)

    def serve_newest() -> None:
        """Lets the last training serve from its effective night on."""
        reign = reigns(decided, spec, served)[-1]
        mine = select_rows(select_rows(frame, spec, served), spec, reign.nights)
        probability.loc[mine.index] = of(reign.decided).model.predict(mine)
        version.loc[mine.index] = len(decided) - 1

    serve_newest()
    references: dict[date, Mapping[str, Interval]] = {}
    verdicts: list[NightVerdict] = []
    asked: list[date] = []
    for night in list_nights(served.first, first_decision(spec, served.last)):
        serving = [each for each in decided if shift_nights(each, lag) <= night][-1]
        is_own = version == decided.index(serving)
        judged = _find_judged(spec, night)
        served_from = shift_nights(serving, lag)
        first = Window(served_from, shift_nights(served_from, judged.nights - 1))
        if serving not in references and first.last < judged.first:
            early = is_own & _find_matured(rows, first, night)
            found = measure_quality(_score(rows[early], probability[early])) if early.any() else {}
            references[serving] = {name: one for name, one in found.items() if one is not None}
        own = is_own & _find_matured(rows, judged, night)
        window = _quality(rows[own], probability[own], references.get(serving, {}), night, serving)
        judgement = judge(window, spec.monitor)
        verdicts.append(
            NightVerdict(
                night,
                judgement.verdict,
                judgement.reasons,
                is_challenge_due=judgement.is_challenge_due,
            )
        )
        decision = decide(verdicts, asked, decided, spec.monitor.retraining, night)
        if not decision.is_requested and night not in rules.calendar:
            continue
        if decision.is_requested:
            asked.append(night)
        is_promoted = not rules.is_gated or _passes_gates(frame, spec, night, decided[-1], of)
        if is_promoted:
            decided.append(night)
            serve_newest()
        yield Request(night, decision.reason if decision.is_requested else CALENDAR_REASON, is_promoted)


def _passes_gates(
    frame: pd.DataFrame, spec: Spec, night: date, champion: date, of: Callable[[date], TrainedModel]
) -> bool:
    """Whether the training of a night passes every gate against that of an earlier one."""
    known, first = select_known_rows(frame, spec, night), find_first_night(frame, spec)
    spans = plan_training(spec, night, first)
    train, validation, test = (
        select_rows(known, spec, each) for each in (spans.train, spans.validation, spans.test)
    )
    report = gates.judge(
        gate_inputs.make_candidate_input(
            "candidate",
            of(night).model,
            test,
            spec,
            seen_until=spans.validation.last,
            base=gate_inputs.measure_base(train, spec),
            before=validation,
        ),
        gate_inputs.make_champion_input(
            "champion",
            of(champion).model,
            test,
            spec,
            seen_until=plan_training(spec, champion, first).validation.last,
            before=validation,
        ),
        spans.test,
        find_kind(spec),
        groups=gate_inputs.group_rows(test, spec),
    )
    return report.is_passed


def _find_judged(spec: Spec, night: date) -> Window:
    last = shift_nights(night, -spec.label_maturity_nights)
    return Window(shift_nights(last, 1 - spec.monitor.window_nights), last)


def _find_matured(rows: pd.DataFrame, window: Window, night: date) -> pd.Series:
    is_known = rows["known_at"] <= cutoff(night).replace(tzinfo=None)
    return is_known & window.mask(rows["night"].to_numpy())


def _score(rows: pd.DataFrame, probability: pd.Series) -> Scored:
    return ScoredProbabilities(rows["label"].to_numpy(), probability.to_numpy(), rows["night"].to_numpy())


def _quality(
    rows: pd.DataFrame, probability: pd.Series, reference: Mapping[str, Interval], night: date, decided: date
) -> Quality:
    champion, heuristic = (
        _score(rows, each) if len(rows) else None for each in (probability, rows["heuristic"])
    )
    age = count_nights_since(decided, night)
    return measure_window(champion, heuristic, reference=reference, age_nights=age)
