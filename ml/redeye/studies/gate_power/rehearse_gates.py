"""Rehearsing the gates on the nights of a release: harmful candidates and good ones, and the page that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd

from redeye.declarations.calendar import find_next_night, find_previous_night, shift_nights
from redeye.declarations.specs import Spec
from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import settings
from redeye.models.algorithms.base import Inputs, Training
from redeye.models.algorithms.storage import algorithm
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.splits import Window
from redeye.models.logic.training import SEED, make_examples, read_nights, select_rows
from redeye.studies.evidence.logic.months import find_first_night, plan_training
from redeye.studies.gate_power import gate_power_page
from redeye.studies.gate_power.gate_power_page import Rehearsal
from redeye.studies.gate_power.logic import gate_power
from redeye.studies.gate_power.logic.harmful_candidates import HELD_NIGHTS, Episode, Incumbent
from redeye.studies.gate_power.logic.harmful_trials import Trial, mutants
from redeye.studies.labelled_rows import read_labelled_frame
from redeye.studies.studied_spec import load_studied_spec
from redeye.warehouse import release_store

# Decisions at the ends of months, those too at which no algorithm beat the heuristic.
NIGHTS = tuple(find_previous_night(date(2013, month, 1)) for month in range(4, 12))
# Champions of the power's pairs: up to so many trainings older than the candidate.
BACK = 2
# Share of the harmful candidates that may pass. By luck some look better on two fortnights: rollback is for them.
MOST_PROMOTED = 0.05
# Windows of a pair begin no later than that after the first; none shares a night with another.
LATEST = 36


def rehearse(model: str, page: Path, *, harmful: int, report: Callable[[str], None]) -> Rehearsal:
    """Put so many harmful candidates and real later models before the gates, and write the page on it.

    The spec must declare `xgboost`, which the healthy candidates are made by.

    Raises:
        NotReleased: if nothing is released.
    """
    spec = load_studied_spec(model)
    release = release_store.latest_release()
    if release is None:
        raise NotReleased("no night is released yet: run `./redeye load-year` first")
    frame = read_labelled_frame(spec, release)
    found = rehearse_on(frame, spec, release.release_id, harmful=harmful, report=report)
    gate_power_page.write_page(page, found, model)
    return found


def rehearse_on(
    frame: pd.DataFrame, spec: Spec, source: str, *, harmful: int, report: Callable[[str], None]
) -> Rehearsal:
    """The rehearsal on labelled rows."""
    episodes = make_episodes(frame, spec, report)
    trials: list[Trial] = []
    for trial in mutants(episodes, harmful):
        trials.append(trial)
        done = sum(bool(one.harm) for one in trials)
        outcome = ", ".join(trial.failed) or "PROMOTED"
        report(f"harmful mutant {done} of {harmful}: {trial.kind}, {trial.harm or 'no harm'}, {outcome}")
    models = [_name_healthy(one) for one in episodes]
    cases = list(gate_power.pairs(frame, spec, models, back=BACK, step=spec.split.test_nights, until=LATEST))
    powers = []
    for power in gate_power.measure_power(cases):
        powers.append(power)
        report(f"power with hints of strength {power.strength}: {power.rate:.0%}")
    gains = {one.night: _measure_gain(one) for one in episodes}
    return Rehearsal(f"Release `{source}`.", gains, trials, powers)


def _measure_gain(episode: Episode) -> float:
    """Log loss by which the healthy candidate is better than the heuristic on the gates' window."""
    heuristic, rows = episode.champions[0].model, episode.test_rows
    labels, nights = make_examples(rows, episode.spec).labels, read_nights(rows, episode.spec)
    losses = [
        ScoredProbabilities(labels, one.predict(rows), nights).metrics().log_loss
        for one in (heuristic, episode.healthy)
    ]
    return (losses[0] or 0.0) - (losses[1] or 0.0)


def make_episodes(frame: pd.DataFrame, spec: Spec, report: Callable[[str], None]) -> list[Episode]:
    """The decisions: each with its healthy candidate fitted as a training fits it, and its possible champions."""
    first_night = find_first_night(frame, spec)
    found: list[Episode] = []
    for night in NIGHTS:
        report(f"fitting the healthy candidate of {night}")
        spans = plan_training(spec, night, first_night)
        training = Training(
            train=make_examples(select_rows(frame, spec, spans.train), spec),
            valid=make_examples(select_rows(frame, spec, spans.validation), spec),
            inputs=Inputs.of(spec),
            seed=SEED,
            threads=settings().threads,
        )
        heuristic = algorithm("heuristic").fit(training, spec.algorithms.heuristic)
        champions = [Incumbent("heuristic", heuristic, spans.validation.last)]
        if found:
            champions.append(_name_healthy(found[-1]))
        held = Window(find_next_night(night), shift_nights(night, HELD_NIGHTS))
        healthy = algorithm("xgboost").fit(training, spec.algorithms.xgboost)
        found.append(
            Episode(night, spec, frame, spans, held, healthy, tuple(champions), threads=settings().threads)
        )
    return found


def _name_healthy(episode: Episode) -> Incumbent:
    return Incumbent(f"xgboost of {episode.night}", episode.healthy, episode.spans.validation.last)
