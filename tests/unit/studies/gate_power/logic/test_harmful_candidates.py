"""Which harmful candidates are proposed: kinds, strengths, places, and the rows that they learned from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from made_rows import FIRST, made_frame, short_spec

from redeye.declarations.specs import Spec
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.logic.splits import Window, plan_windows
from redeye.models.logic.training import make_examples, read_nights
from redeye.studies.gate_power.logic.faulty_models import Fault, Mutant, views
from redeye.studies.gate_power.logic.harmful_candidates import (
    MAKERS,
    Episode,
    HarmfulCandidate,
    Incumbent,
)

NIGHT = FIRST + timedelta(days=59)
BEST, SECOND = "route_delays", "origin_weather"


@dataclass(frozen=True)
class Weighing(HeuristicModel):
    """Says by which inputs it decides."""

    def importance(self) -> dict[str, float]:
        return {name: 3.0 for name in FRAME if name.startswith(f"{BEST}__")} | {
            next(name for name in FRAME if name.startswith(f"{SECOND}__")): 1.0
        }


def made_spec() -> Spec:
    spec = short_spec()
    slices = spec.gates.slices.model_copy(update={"columns": ("carrier_id", "origin_id")})
    gates = spec.gates.model_copy(update={"slices": slices, "maximum_seconds": 2.0})
    return spec.model_copy(update={"gates": gates})


SPEC = made_spec()
FRAME = made_frame(SPEC, nights=67, per_night=30).assign(
    carrier_id=lambda rows: np.where(np.arange(len(rows)) % 3 > 0, "AA", "B6")
)
HEURISTIC = SPEC.algorithms.heuristic
assert HEURISTIC is not None
COUNTS = tuple(name.replace(":", "__") for name in (HEURISTIC.successes, HEURISTIC.trials))
HEALTHY = Weighing(*COUNTS, prior=0.3, prior_strength=20)
SPANS = plan_windows(NIGHT, SPEC.split, maturity=SPEC.label_maturity_nights, first_night=FIRST)
EPISODE = Episode(
    NIGHT,
    SPEC,
    FRAME,
    SPANS,
    Window(NIGHT + timedelta(days=1), NIGHT + timedelta(days=7)),
    HEALTHY,
    (Incumbent("older", HEALTHY, SPANS.validation.last),),
)


def propose(kind: str, episode: Episode = EPISODE) -> list[HarmfulCandidate]:
    found = list(MAKERS[kind](episode))
    assert {each.kind for each in found} <= {kind}
    return found


def mutants(kind: str, episode: Episode = EPISODE) -> list[Mutant]:
    found = [each.model for each in propose(kind, episode)]
    assert all(isinstance(each, Mutant) and each.inner is episode.healthy for each in found)
    return [each for each in found if isinstance(each, Mutant)]


def nights(rows: pd.DataFrame | None) -> set[date]:
    assert rows is not None
    return {night.item() for night in read_nights(rows, SPEC)}


def test_the_rows_of_an_episode_are_those_of_its_windows():
    for rows, window in (
        (EPISODE.test_rows, SPANS.test),
        (EPISODE.chosen_rows, SPANS.validation),
        (EPISODE.held_rows, EPISODE.held),
    ):
        assert (min(nights(rows)), max(nights(rows))) == (window.first, window.last)
        assert len(rows) == 30 * window.nights


@pytest.mark.parametrize(
    ("kind", "fault", "strengths"),
    [
        ("upside down", Fault.STRETCHED, [-1.0, -0.3]),
        ("too sure", Fault.STRETCHED, [1.6, 2.5, 4.0]),
        ("shifted base rate", Fault.SHIFTED, [0.5, 0.25, 0.7, -0.8, -0.5, -1.0, 1.0]),
        ("blurred ranking", Fault.BLURRED, [0.4, 0.6, 0.8, 1.2]),
        ("no probability for some rows", Fault.GAPPED, [0.001, 0.05]),
        ("raises on some rows", Fault.BROKEN, [0.002, 0.05]),
        ("another answer each time", Fault.NOISY, [0.05, 0.2]),
        ("depends on its company", Fault.IN_COMPANY, [0.2, 0.3]),
        ("too large", Fault.FAT, [120.0]),
    ],
)
def test_a_fault_comes_in_its_strengths(kind: str, fault: Fault, strengths: list[float]):
    assert [(each.fault, each.strength) for each in mutants(kind)] == [(fault, each) for each in strengths]


@pytest.mark.parametrize(
    ("kind", "fault", "strengths"),
    [
        ("one number for all, nearly", Fault.STRETCHED, [0.05, 0.02, 0.1]),
        ("blurred ranking, at a likely base rate", Fault.BLURRED, [0.3, 0.2, 0.4]),
        ("a view in another unit", Fault.RESCALED, [0.1, 10.0, 60.0]),
    ],
)
def test_each_place_of_a_fault_meets_all_its_strengths(kind: str, fault: Fault, strengths: list[float]):
    found = mutants(kind)
    places = list(dict.fromkeys(each.detail for each in found))
    assert len(places) > 1
    assert [(each.detail, each.strength) for each in found] == [
        (place, strength) for place in places for strength in strengths
    ]
    assert {each.fault for each in found} == {fault}


def test_how_slow_is_too_slow_is_for_the_spec_to_say():
    assert [each.strength for each in mutants("too slow")] == [pytest.approx(1.3 * 2.0)]


def test_a_mutant_claims_to_have_seen_no_more_than_the_healthy_one():
    for kind in set(MAKERS) - {kind for kind in MAKERS if kind.startswith("refit")}:
        assert {each.seen_until for each in propose(kind)} == {SPANS.validation.last}, kind


def test_log_odds_are_stretched_around_the_rate_of_the_nights_before_the_window():
    rate = make_examples(EPISODE.chosen_rows, SPEC).labels.mean()
    assert {each.detail for each in mutants("upside down")} == {f"{rate:.4f}"}


def test_one_number_for_all_is_tried_at_the_likely_rates_the_nearest_first():
    own, *others = dict.fromkeys(each.detail for each in mutants("one number for all, nearly"))
    assert set(others) == {"0.10", "0.15", "0.20", "0.25", "0.30", "0.35", "0.40"}
    distances = [abs(float(each) - float(own)) for each in others]
    assert distances == sorted(distances)


def test_views_are_faulty_by_what_the_healthy_one_uses_most():
    found = [each.detail for each in mutants("a view silently zero")]
    assert found[:2] == [BEST, SECOND]
    # All others weigh nothing: by name.
    assert found[2:] == sorted(set(views(FRAME)) - {BEST, SECOND})[:4]


def test_categories_are_faulty_where_the_gates_look():
    assert [each.detail for each in mutants("a category recoded")] == [
        name for name in SPEC.categorical_columns if name in ("carrier_id", "origin_id")
    ]


def test_values_of_a_slice_are_ruined_the_rarest_of_the_eight_most_frequent_first():
    assert [each.detail for each in mutants("one value of the first slice ruined")] == [
        "carrier_id=B6",
        "carrier_id=AA",
    ]
    assert {each.detail[:10] for each in mutants("one value of the last slice ruined")} == {"origin_id="}
    letters = FRAME.assign(carrier_id=np.resize([*"aabbccddeeffgghhi"], len(FRAME)))
    found = mutants("one value of the first slice ruined", replace(EPISODE, frame=letters))
    assert len(found) == 8
    assert "carrier_id=i" not in {each.detail for each in found}


def test_without_slices_no_value_is_ruined():
    none = SPEC.gates.slices.model_copy(update={"columns": ()})
    spec = SPEC.model_copy(update={"gates": SPEC.gates.model_copy(update={"slices": none})})
    assert propose("one value of the first slice ruined", replace(EPISODE, spec=spec)) == []


def test_what_is_proposed_says_its_strength_and_place_or_else_its_fault():
    rate = mutants("upside down")[0].detail
    assert [each.what for each in propose("upside down")] == [f"-1 {rate}", f"-0.3 {rate}"]
    assert propose("a view silently zero")[0].what == BEST
    assert propose("too large")[0].what == "120"


def test_lucky_nights_are_the_six_on_which_the_shift_is_least_wrong():
    found = propose("judged by a few lucky nights")
    assert [each.model.strength for each in found if isinstance(each.model, Mutant)] == [0.5, 0.6, -0.6, 1.0]
    for each in found:
        lucky = nights(each.rows)
        assert len(lucky) == 6
        assert lucky < nights(EPISODE.test_rows)
        wrong = {
            night: abs(make_examples(rows, SPEC).labels.mean() - each.model.predict(rows).mean())
            for night, rows in EPISODE.test_rows.groupby(read_nights(EPISODE.test_rows, SPEC))
        }
        (left,) = set(wrong) - {pd.Timestamp(night) for night in lucky}
        assert wrong[left] == max(wrong.values())


@pytest.mark.parametrize(
    ("kind", "count", "seen_until"),
    [
        ("refit on shuffled labels", 2, SPANS.validation.last),
        ("refit on permuted features", 1, SPANS.validation.last),
        ("refit on a few nights", 2, SPANS.validation.last),
        ("refit on the nights it is chosen by", 5, SPANS.validation.last),
        ("refit on the gates' own window", 3, SPANS.test.last),
        ("refit on a feature that leaks the outcome", 2, SPANS.validation.last),
    ],
)
def test_a_refit_says_which_nights_it_has_seen(kind: str, count: int, seen_until: date):
    found = propose(kind)
    assert [each.seen_until for each in found] == [seen_until] * count
    assert {each.model.algorithm for each in found} == {"xgboost"}
    assert len({each.what for each in found}) == count


@pytest.mark.parametrize(("back", "changed"), [(0, [0, 1]), (1, [0, 1]), (2, [1]), (3, [1]), (4, [])])
def test_a_few_nights_are_the_last_two_and_the_last_four_of_training(back: int, changed: list[int]):
    night = np.datetime64(SPANS.train.last - timedelta(days=back))
    turned = FRAME["is_late"].to_numpy(dtype=bool) ^ (read_nights(FRAME, SPEC) == night)
    other = replace(EPISODE, frame=FRAME.assign(is_late=turned))
    models = zip(propose("refit on a few nights"), propose("refit on a few nights", other), strict=True)
    assert [at for at, (one, two) in enumerate(models) if one.model.files() != two.model.files()] == changed


def test_without_trees_in_the_spec_there_is_nothing_to_refit():
    none = SPEC.algorithms.model_copy(update={"xgboost": None})
    episode = replace(EPISODE, spec=SPEC.model_copy(update={"algorithms": none}))
    with pytest.raises(ValueError, match="declares no xgboost to refit"):
        propose("refit on shuffled labels", episode)


def test_a_memory_of_the_gates_window_is_better_there_than_one_of_the_nights_before():
    labels = make_examples(EPISODE.test_rows, SPEC).labels

    def find_error(kind: str) -> float:
        return float(np.mean((propose(kind)[-1].model.predict(EPISODE.test_rows) - labels) ** 2))

    assert find_error("refit on the gates' own window") < 0.7 * find_error(
        "refit on the nights it is chosen by"
    )


def test_a_leak_is_in_the_rows_that_it_is_judged_by_and_not_in_those_after():
    for each in propose("refit on a feature that leaks the outcome"):
        for rows, window in ((each.rows, SPANS.test), (each.before, SPANS.validation)):
            assert rows is not None
            assert (min(nights(rows)), max(nights(rows))) == (window.first, window.last)
            told = np.corrcoef(rows[each.what], make_examples(rows, SPEC).labels)[0, 1]
            assert told > 0.8
        held = EPISODE.held_rows
        assert abs(np.corrcoef(held[each.what], make_examples(held, SPEC).labels)[0, 1]) < 0.3
