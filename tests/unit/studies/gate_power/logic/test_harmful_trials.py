"""Harmful candidates of every kind are refused, every gate is needed, and a good candidate passes.

The fast form of `redeye rehearse-gates`: made-up nights instead of real ones, the same kinds, gates and code.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.settings import SPECS
from redeye.models.algorithms.base import Inputs, Training
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.algorithms.storage import algorithm
from redeye.models.logic.splits import Window, plan_windows
from redeye.models.logic.training import SEED, make_examples, select_rows
from redeye.promotion.logic.gate_report import Gate
from redeye.studies.gate_power.gate_power_page import Rehearsal, write_page
from redeye.studies.gate_power.logic.faulty_models import Fault, Mutant
from redeye.studies.gate_power.logic.gate_power import Pair, Power, measure_power, try_candidate
from redeye.studies.gate_power.logic.harmful_candidates import MAKERS, Episode, Incumbent
from redeye.studies.gate_power.logic.harmful_trials import Trial, mutants

# Of the made-up features two in a view say nearly the same: exchanged, they do no sure harm.
HARMLESS_HERE = {"a view's columns crossed"}
FIRST, NIGHT = date(2013, 1, 1), date(2013, 3, 31)
PER_NIGHT = 300
END_OF_DATA = NIGHT + timedelta(days=28)
COUNTS = ("carrier_origin_hour_delays:late_flights_all", "carrier_origin_hour_delays:flights_all")
FEATURES = (
    *COUNTS,
    "route_delays:late_rate_7n",
    "route_delays:mean_delay_minutes_7n",
    "origin_weather:temperature_f",
)


def made_spec() -> Spec:
    real = load_spec(SPECS / "flight_delay.yaml")
    trees = real.algorithms.xgboost.model_copy(
        update={"rounds": 60, "learning_rate": 0.15, "colsample_bytree": 1.0, "max_depth": 3}
    )
    gates = real.gates.model_copy(
        update={
            "minimum_rows": 1200,
            "maximum_seconds": 0.2,
            "slices": real.gates.slices.model_copy(update={"minimum_rows": 150}),
        }
    )
    schedule = tuple(one for one in real.schedule_columns if one.name in ("carrier_id", "origin_id"))
    return real.model_copy(
        update={
            "features": FEATURES,
            "categorical_features": (),
            "schedule_columns": schedule,
            "algorithms": real.algorithms.model_copy(update={"xgboost": trees}),
            "gates": gates,
        }
    )


def made_frame(shifts: list[tuple[Window, float]], clarity: float) -> pd.DataFrame:
    """Labelled rows to four weeks after the decision; in the windows the log odds shift, and no feature says so.

    Clarity is how much the features say.
    """
    random = np.random.default_rng(4)
    nights = np.repeat(pd.date_range(FIRST, END_OF_DATA), PER_NIGHT)
    rows = nights.size
    route, delay, weather = random.normal(size=(3, rows))
    carrier = random.choice(["AA", "B6", "HA", "UA"], rows, p=[0.06, 0.44, 0.05, 0.45])
    by_night = np.repeat(random.normal(0, 0.16, rows // PER_NIGHT), PER_NIGHT)
    odds = -1.5 + by_night + clarity * (1.1 * route + 0.7 * delay + 0.6 * weather + 0.5 * (carrier == "B6"))
    for window, shift in shifts:
        odds += shift * window.mask(np.asarray(nights))
    flights = np.full(rows, 60)
    frame = {
        "night": nights,
        "carrier_id": carrier,
        "origin_id": random.choice(["EWR", "JFK"], rows),
        "carrier_origin_hour_delays__flights_all": flights,
        "carrier_origin_hour_delays__late_flights_all": random.binomial(flights, expit(-1.1 + 0.4 * route)),
        "route_delays__late_rate_7n": route,
        "route_delays__mean_delay_minutes_7n": delay,
        "origin_weather__temperature_f": 50 + 15 * weather,
        "is_late": random.random(rows) < expit(odds),
    }
    return pd.DataFrame(frame)


def made_episode(spec: Spec, weather: str) -> Episode:
    spans = plan_windows(NIGHT, spec.split, maturity=2, first_night=FIRST)
    shifts, clarity = {
        "a stormy test": ([(spans.test, 0.5)], 1.0),
        "calm since validation": ([(Window(spans.validation.first, END_OF_DATA), -0.9)], 0.5),
        "calm since the test": ([(Window(spans.test.first, END_OF_DATA), -0.45)], 1.0),
    }[weather]
    frame = made_frame(shifts, clarity)
    training = Training(
        make_examples(select_rows(frame, spec, spans.train), spec),
        make_examples(select_rows(frame, spec, spans.validation), spec),
        Inputs.of(spec),
        seed=SEED,
        threads=1,
    )
    fewer = spec.algorithms.xgboost.model_copy(update={"rounds": 12})
    trees = algorithm("xgboost")
    seen = spans.validation.last
    return Episode(
        NIGHT,
        spec,
        frame,
        spans,
        Window(NIGHT + timedelta(days=1), END_OF_DATA),
        trees.fit(training, spec.algorithms.xgboost),
        (
            Incumbent("heuristic", HeuristicModel.fit(training, spec.algorithms.heuristic), seen),
            Incumbent("older", trees.fit(training, fewer), seen),
        ),
    )


@pytest.fixture(scope="module")
def episodes() -> list[Episode]:
    spec = made_spec()
    stormy, calm, calmer = (
        made_episode(spec, weather)
        for weather in ("a stormy test", "calm since validation", "calm since the test")
    )
    # The champions take turns: so each fault meets both of them in each.
    return [stormy, calm, calmer, stormy, calm, calmer]


@pytest.fixture(scope="module")
def trials(episodes: list[Episode]) -> list[Trial]:
    return list(mutants(episodes, 6 * len(set(MAKERS) - HARMLESS_HERE)))


def test_no_harmful_candidate_is_promoted(trials: list[Trial]):
    assert [trial for trial in trials if trial.harm and not trial.failed] == []


def test_every_kind_is_among_them_and_each_does_harm(trials: list[Trial]):
    assert {trial.kind for trial in trials if trial.harm} >= set(MAKERS) - HARMLESS_HERE


def test_what_does_no_harm_faces_the_gates_too_and_is_counted_apart(trials: list[Trial]):
    harmless = [trial for trial in trials if not trial.harm]
    assert harmless
    assert [trial for trial in harmless if trial.failed]


@pytest.mark.parametrize("gate", list(Gate))
def test_without_any_one_gate_some_mutant_would_be_promoted(trials: list[Trial], gate: Gate):
    assert [trial for trial in trials if trial.harm and not set(trial.failed) - {gate}]


def pair(episode: Episode) -> Pair:
    older = episode.champions[1]
    newer = Incumbent("newer", episode.healthy, older.seen_until)
    rows, before = episode.test_rows, episode.chosen_rows
    return Pair(older, newer, episode.spans.test, rows, before, episode.spec, episode.base_rate)


def test_a_candidate_that_is_good_enough_passes_and_the_margin_is_found(episodes: list[Episode]):
    powers = list(measure_power([pair(episodes[0])], strengths=(0.0, 0.6, 1.2)))
    assert powers[-1].rate == 1
    good = try_candidate(pair(episodes[0]), powers[-1].strength)
    assert good.failed == ()
    assert good.gain == pytest.approx(powers[-1].gain)


def test_a_mutant_comes_back_from_its_files(episodes: list[Episode]):
    rows = episodes[0].held_rows
    for fault, detail in (
        (Fault.ZEROED, "route_delays"),
        (Fault.RUINED, "carrier_id=AA"),
        (Fault.BLURRED, ""),
    ):
        mutant = Mutant(episodes[0].healthy, fault, 0.5, detail)
        again = Mutant.from_files(mutant.files())
        assert np.array_equal(mutant.predict(rows), again.predict(rows))
        assert not np.array_equal(mutant.predict(rows), episodes[0].healthy.predict(rows))


def test_the_page_counts_and_names_what_was_promoted(trials: list[Trial], tmp_path):
    page = tmp_path / "gates.md"
    one = next(trial for trial in trials if trial.harm)
    harmful = [replace(one, failed=()), one, one]
    harmless = [replace(one, harm="", failed=()), replace(one, harm="")]
    gains = {date(2013, 7, 31): 0.01, date(2013, 8, 31): -0.002}
    powers = [Power(0.0, 0.0098, 12, 53), Power(0.1, 0.0106, 17, 53)]
    write_page(page, Rehearsal("Made up.", gains, [*harmful, *harmless], powers), "flight_delay")
    text = page.read_text()
    assert "3 harmful candidates of 1 kinds: 1 promoted" in text
    assert "2 mutants did no harm by that measure: 1 of them promoted" in text
    leads = "Of 53 real later models, better by 0.0098 log loss on average, 12 pass (23"
    assert text.index(leads) < text.index("harmful candidates")
    assert "| 2013-08-31 | -0.0020 | it is no better than the heuristic" in text
    assert "Promoted: " in text
