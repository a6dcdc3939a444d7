"""Rehearsing the gates on the nights of a release: harmful candidates and good ones, and the page that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import SPECS, settings
from redeye.models.algorithms.base import Inputs, Training
from redeye.models.algorithms.storage import algorithm
from redeye.models.logic.splits import Window
from redeye.models.logic.training import SEED, make_examples, select_rows
from redeye.studies.evidence.logic.months import find_first_night, plan_training
from redeye.studies.gate_power import gate_power_page
from redeye.studies.gate_power.gate_power_page import Rehearsal
from redeye.studies.gate_power.logic import gate_power
from redeye.studies.gate_power.logic.harmful_candidates import HELD_NIGHTS, Episode, Incumbent
from redeye.studies.gate_power.logic.harmful_trials import Trial, mutants
from redeye.studies.labelled_rows import read_labelled_frame
from redeye.warehouse import release_store

# Decisions at the ends of months; August's is left out: no algorithm beat the heuristic there, and a mutant of what
# is no good candidate shows little.
NIGHTS = tuple(
    date(2013, month, day) for month, day in ((3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (9, 30), (10, 31))
)
# Champions of the power's pairs: up to so many trainings older than the candidate.
BACK = 2
# One of so many windows measures the power; the good candidates are on the others.
POWER_OF = 4


def rehearse(model: str, page: Path, *, harmful: int, good: int, report: Callable[[str], None]) -> Rehearsal:
    """Put so many harmful and good candidates before the gates, and write the page on it.

    The spec must declare `xgboost`, which the healthy candidates are made by.

    Raises:
        NotReleased: if nothing is released.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    release = release_store.latest_release()
    if release is None:
        raise NotReleased("no night is released yet: run `redeye load-year` first")
    frame = read_labelled_frame(spec, release)
    found = rehearse_on(frame, spec, release.release_id, harmful=harmful, good=good, report=report)
    gate_power_page.write_page(page, found, model)
    return found


def rehearse_on(
    frame: pd.DataFrame, spec: Spec, source: str, *, harmful: int, good: int, report: Callable[[str], None]
) -> Rehearsal:
    """The rehearsal on labelled rows."""
    episodes = make_episodes(frame, spec, report)
    harmless: Counter[str] = Counter()
    trials: list[Trial] = []
    for trial in mutants(episodes, harmful, skipped=lambda one: harmless.update([one.kind])):
        trials.append(trial)
        report(f"mutant {len(trials)} of {harmful}: {trial.kind}, {', '.join(trial.failed) or 'PROMOTED'}")
    models = [_name_healthy(one) for one in episodes]
    cases = list(gate_power.pairs(frame, spec, models, back=BACK, step=2, until=36))
    # Windows for the power and for the good candidates in turn, so that no candidate set its own margin.
    powers = []
    for power in gate_power.measure_power(cases[::POWER_OF]):
        powers.append(power)
        report(f"power with hints of strength {power.strength}: {power.rate:.0%}")
    others = [pair for position, pair in enumerate(cases) if position % POWER_OF]
    chosen = [others[at] for at in np.linspace(0, len(others) - 1, min(good, len(others))).astype(int)]
    kept = []
    for pair in chosen:
        kept.append(gate_power.try_candidate(pair, powers[-1].strength))
        report(f"good {len(kept)} of {len(chosen)}: {', '.join(kept[-1].failed) or 'passed'}")
    reported = f"Release `{source}`, decisions of nights {', '.join(str(one.night) for one in episodes)}."
    return Rehearsal(reported, trials, harmless, powers, kept)


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
        held = Window(night + timedelta(days=1), night + timedelta(days=HELD_NIGHTS))
        healthy = algorithm("xgboost").fit(training, spec.algorithms.xgboost)
        found.append(
            Episode(night, spec, frame, spans, held, healthy, tuple(champions), threads=settings().threads)
        )
    return found


def _name_healthy(episode: Episode) -> Incumbent:
    return Incumbent(f"xgboost of {episode.night}", episode.healthy, episode.spans.validation.last)
