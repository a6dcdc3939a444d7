"""A backtest: past nights predicted by models retrained on each schedule, kept training by training."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.declarations.calendar import find_next_night, list_calendar_nights, list_nights
from redeye.declarations.specs import Spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.errors import ConfigError, NotReleased
from redeye.foundation.settings import settings
from redeye.models.algorithms.storage import load_model, save_model
from redeye.models.logic.splits import TooFewNights, Window
from redeye.models.logic.training import SEED
from redeye.promotion import decision_store
from redeye.studies.backtest import backtest_page
from redeye.studies.backtest.backtest_page import HALVES, Backtest, Facts
from redeye.studies.backtest.logic import schedules
from redeye.studies.backtest.logic.loop import Request, Rules, play_loop
from redeye.studies.backtest.logic.schedules import Schedule, TrainedModel
from redeye.studies.evidence.logic.evidence_quality import POOLED, measure_span
from redeye.studies.evidence.logic.months import find_first_night, plan_training, select_known_rows
from redeye.studies.labelled_rows import PastNights
from redeye.studies.progress import Step
from redeye.studies.studied_spec import load_studied_spec

CALENDAR = (Schedule.NEVER, Schedule.MONTHLY, Schedule.WEEKLY)
REFERENCES = ("heuristic", *map(str, CALENDAR))


def gather(
    model: str,
    *,
    report: Callable[[Step], None],
    algorithm: str = "xgboost",
    since: date | None = None,
    until: date | None = None,
    docs: Path | None = None,
    seed: int = SEED,
    threads: int | None = None,
) -> Path:
    """Predict past nights under every schedule, compare, and write the page.

    Each training is kept as soon as it is made, under a key of everything it depends on: interrupted, it goes on
    where it was, and another span of nights uses what is there.

    All trainings are of one algorithm; `chosen` stands for the selection between all refits of the spec. Predicted
    are the nights `since` to `until`; left out, the first possible one to the last with labels. The HTML page, which
    is returned, lies below the installation's reports; `docs` is a folder for `backtest.md` and `backtest/` as well.

    Raises:
        ConfigError: if the spec has no such algorithm, or `until` lies before `since`.
        NotReleased: if nothing is released, or there are too few nights before `since`.
    """
    spec = load_studied_spec(model)
    if algorithm != schedules.CHOSEN and algorithm not in spec.algorithms.list_declared():
        known = ", ".join((*spec.algorithms.list_declared(), schedules.CHOSEN))
        raise ConfigError(f"{model} has no algorithm {algorithm!r}; there are {known}")
    past = PastNights.find("backtest", Path(schedules.__file__), spec, seed=seed, threads=threads)
    if past is None:
        raise NotReleased("no night with labels is released yet: run `./redeye load-year` first")
    served, frame = _plan_served(past, since, until), past.frame
    kept = TrainingCache(
        settings().reports / "backtest" / "trainings" / f"{model}-{past.key}", past, algorithm
    )

    first = schedules.first_decision(spec, served.first)
    planned = {each: schedules.decisions(each, spec, served) for each in CALENDAR}
    nights = sorted({night for decided in planned.values() for night in decided})
    # One more for what verdicts ask: how many trainings that takes is seen when it is done.
    steps, took = len(nights) + 1, None
    for position, night in enumerate(nights):
        report(Step(position, steps, str(night), took))
        took = kept.ensure_trained(night)
    report(Step(len(nights), steps, "by verdict", took))
    rows = schedules.select_served_rows(frame, spec, served, first)

    def play(schedule: Schedule, rules: Rules) -> tuple[Request, ...]:
        found: tuple[Request, ...] = ()
        for request in play_loop(frame, spec, rows, served, kept.of, rules):
            found = (*found, request)
            report(Step(len(nights), steps, f"{schedule} of {request.night}", None))
        return found

    recorded = _read_recorded(model, spec, served)
    due = list_calendar_nights(
        spec.train_cron, find_next_night(first), schedules.first_decision(spec, served.last)
    )
    asked = {
        Schedule.VERDICT: play(Schedule.VERDICT, Rules()) if recorded is None else recorded,
        Schedule.LOOP: play(Schedule.LOOP, Rules(frozenset(due), is_gated=True)),
    }
    for schedule, requests in asked.items():
        planned[schedule] = (first, *(each.night for each in requests if each.is_promoted))
    report(Step(steps, steps, "", None))

    for schedule, decided in planned.items():
        spans = schedules.reigns(decided, spec, served)
        rows[str(schedule)] = schedules.predict_rows(frame, spec, served, spans, kept.of)
    quality = _measure_quality(rows.drop(columns="known_at"))
    facts = Facts(**vars(past.basis), algorithm=algorithm, served=served, is_recorded=recorded is not None)
    played = Backtest(spec, facts, planned, asked, kept.candidates())
    return backtest_page.write_page(played, quality, settings().reports / "backtest", docs)


class TrainingCache:
    """The trainings of a backtest: made when they are asked for, and kept in a folder."""

    def __init__(self, folder: Path, past: PastNights, algorithm: str) -> None:
        self._folder, self._past, self._algorithm = folder, past, algorithm
        self._held: dict[date, TrainedModel] = {}

    def ensure_trained(self, night: date) -> float | None:
        """Sees to it that the training of a night is there; the seconds it took, None if it was there already."""
        if self._note(night).exists():
            return None
        began = time.perf_counter()
        past, basis = self._past, self._past.basis
        fitted, _ = schedules.train(
            past.frame, past.spec, night, algorithm=self._algorithm, threads=basis.threads, seed=basis.seed
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        # A folder of an attempt that died has no note that names it.
        name = f"{night}-{self._algorithm}-{time.time_ns()}"
        sha256 = save_model(fitted.model, self._folder / name)
        note = {"model": name, "sha256": sha256, "candidate": fitted.name}
        write_text(self._note(night), json.dumps(note))
        return time.perf_counter() - began

    def of(self, night: date) -> TrainedModel:
        """The training of a night."""
        if night not in self._held:
            self.ensure_trained(night)
            note: dict[str, Any] = json.loads(self._note(night).read_text(encoding="utf-8"))
            model = load_model(self._folder / note["model"], note["sha256"])
            frame, spec = self._past.frame, self._past.spec
            spans = plan_training(spec, night, find_first_night(frame, spec))
            known = select_known_rows(frame, spec, night)
            test = schedules.score_test_window(model, known, spec, spans.test)
            self._held[night] = TrainedModel(note["candidate"], model, test)
        return self._held[night]

    def candidates(self) -> dict[date, str]:
        """What was fitted, by night, of the trainings that were used."""
        return {night: trained.candidate for night, trained in sorted(self._held.items())}

    def _note(self, night: date) -> Path:
        return self._folder / f"{night}-{self._algorithm}.json"


def _plan_served(past: PastNights, since: date | None, until: date | None) -> Window:
    first = since or past.first
    while True:
        try:
            plan_training(past.spec, schedules.first_decision(past.spec, first), past.first)
            break
        except TooFewNights as error:
            if since is not None:
                raise NotReleased(f"night {since} cannot be the first one: {error}") from error
            first = find_next_night(first)
    last = min(until or past.last, past.last)
    if last < first:
        raise ConfigError(f"nothing to predict: the nights would be {first} to {last}")
    return Window(first, last)


def _read_recorded(model: str, spec: Spec, served: Window) -> tuple[Request, ...] | None:
    """The requests of an installation that decided every one of these nights; None if it did not."""
    decided = {row.decision.night: row.decision for row in decision_store.decisions(model)}
    last = schedules.first_decision(spec, served.last)
    span = list(list_nights(served.first, last))
    if not span or any(night not in decided for night in span):
        return None
    return tuple(Request(night, decided[night].reason) for night in span if decided[night].is_requested)


def _measure_quality(rows: pd.DataFrame) -> pd.DataFrame:
    """Quality by month and over all nights, as `judged_span` gives it."""
    ordered = rows[["night", "label", "heuristic", *map(str, Schedule)]]
    nights = pd.to_datetime(ordered["night"])
    spans = dict(list(ordered.groupby(nights.dt.strftime("%Y-%m"))))
    middle = nights.min() + (nights.max() - nights.min()) / 2
    spans |= dict(zip(HALVES, (ordered[nights <= middle], ordered[nights > middle]), strict=True))
    spans[POOLED] = ordered
    found = [row for name, mine in spans.items() for row in measure_span(name, mine, REFERENCES)]
    return pd.DataFrame(found).rename(columns={"algorithm": "schedule"})
