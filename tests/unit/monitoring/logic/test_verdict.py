"""A verdict names every reason; only what is sure asks for a training; missing figures are not silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.specs import load_spec
from redeye.models.logic.evaluation import Interval
from redeye.monitoring.logic.quality import Predecessor, Window
from redeye.monitoring.logic.verdict import Button, judge

RULES = load_spec(Path(__file__).parents[4] / "ml/specs/flight_delay.yaml").monitor
TEST = {
    "auc": Interval(0.70, 0.68, 0.72),
    "relative_log_loss": Interval(0.92, 0.90, 0.94),
    "calibration_error": Interval(0.02, 0.0, 0.03),
}
GOOD = Window(
    rows=RULES.minimum_rows,
    nights=14,
    champion={},
    heuristic={},
    measured=TEST,
    over_heuristic={"log_loss": Interval(0.01, 0.005, 0.015), "auc": Interval(0.03, 0.01, 0.05)},
    reference=TEST,
    age_nights=30,
)


def measured(**changes: Interval | None) -> Window:
    return replace(GOOD, measured={**TEST, **changes})


def test_a_good_window_is_ok() -> None:
    assert judge(GOOD, RULES).verdict is Verdict.OK


@pytest.mark.parametrize("short", [{"rows": RULES.minimum_rows - 1}, {"nights": 1}])
def test_too_few_rows_are_not_judged_and_say_so(short: dict[str, Any]) -> None:
    bad = replace(GOOD, over_heuristic={"auc": Interval(-0.2, -0.3, -0.1)}, **short)
    verdict = judge(bad, RULES)
    assert verdict.verdict is Verdict.OK
    assert "not judged" in verdict.reasons[-1]


@pytest.mark.parametrize("metric", ["auc", "log_loss"])
def test_significantly_worse_than_the_heuristic_asks_for_retraining(metric: str) -> None:
    worse = {**GOOD.over_heuristic, metric: Interval(-0.02, -0.04, -0.01)}
    assert judge(replace(GOOD, over_heuristic=worse), RULES).verdict is Verdict.RETRAIN


def test_an_interval_that_holds_zero_is_no_alarm() -> None:
    unsure = {**GOOD.over_heuristic, "auc": Interval(-0.02, -0.04, 0.01)}
    assert judge(replace(GOOD, over_heuristic=unsure), RULES).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("metric", "now", "verdict"),
    [
        ("calibration_error", Interval(0.10, 0.09, 0.11), Verdict.RETRAIN),
        ("calibration_error", Interval(0.10, 0.06, 0.14), Verdict.WARNING),
        ("calibration_error", Interval(0.12, 0.01, 0.20), Verdict.OK),  # a stormy week: wide
        ("calibration_error", Interval(0.06, 0.03, 0.09), Verdict.OK),
        ("relative_log_loss", Interval(1.05, 1.01, 1.09), Verdict.RETRAIN),
        ("relative_log_loss", Interval(1.05, 0.98, 1.15), Verdict.WARNING),
        ("relative_log_loss", Interval(1.05, 0.95, 1.15), Verdict.OK),
        ("auc", Interval(0.60, 0.59, 0.61), Verdict.RETRAIN),
        ("auc", Interval(0.66, 0.65, 0.67), Verdict.OK),  # its test was as unsure
        ("auc", Interval(0.64, 0.63, 0.65), Verdict.WARNING),
        ("auc", Interval(0.62, 0.56, 0.68), Verdict.OK),
        ("auc", None, Verdict.WARNING),
        ("calibration_error", None, Verdict.WARNING),
    ],
)
def test_each_bound_bites_only_where_it_is_sure(metric: str, now: Interval | None, verdict: Verdict) -> None:
    assert judge(measured(**{metric: now}), RULES).verdict is verdict


def test_what_nights_differ_too_much_to_be_sure_of_is_said_and_no_warning() -> None:
    verdict = judge(measured(calibration_error=Interval(0.12, 0.01, 0.20)), RULES)
    assert verdict.causes == ()
    assert "nights differ too much to be sure" in verdict.reasons[0]


def test_the_gravest_reason_comes_first_and_none_is_lost() -> None:
    bad = measured(calibration_error=Interval(0.06, 0.055, 0.065), auc=Interval(0.60, 0.59, 0.61))
    verdict = judge(bad, RULES, ["12 features drifted"])
    assert verdict.verdict is Verdict.RETRAIN
    assert verdict.causes == ("retrain: AUC drop since its first nights", "warning: calibration error")
    assert len(verdict.reasons) == 3
    assert "AUC drop" in verdict.reasons[0]
    assert not any("; " in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    "window",
    [
        replace(GOOD, over_heuristic={"auc": Interval(0.03, 0.01, 0.05), "log_loss": None}),
        replace(GOOD, degraded_share=RULES.maximum_degraded_share + 0.01),
    ],
)
def test_what_a_person_should_see_is_a_warning(window: Window) -> None:
    assert judge(window, RULES).verdict is Verdict.WARNING


OLD = replace(GOOD, age_nights=RULES.maximum_age_nights + 1)


@pytest.mark.parametrize(
    ("window", "drift"),
    [(OLD, []), (GOOD, ["half of the features drifted", "the predictions drifted"])],
)
def test_age_and_drift_ask_for_a_challenge_and_are_no_warning(window: Window, drift: list[str]) -> None:
    verdict = judge(window, RULES, drift)
    assert (verdict.verdict, verdict.is_challenge_due) == (Verdict.OK, True)
    assert all(reason.endswith("(asks for a challenge)") for reason in verdict.reasons)
    assert verdict.causes == ()


def test_a_season_of_age_alone_has_no_warning() -> None:
    nights = [judge(replace(GOOD, age_nights=age), RULES, ["the week drifted"]) for age in range(273)]
    assert {each.verdict for each in nights} == {Verdict.OK}


WARNINGS = {
    "a bound that is missed": measured(calibration_error=Interval(0.06, 0.055, 0.065)),
    "another bound that is missed": measured(relative_log_loss=Interval(1.05, 0.98, 1.15)),
    "a fall of the AUC": measured(auc=Interval(0.64, 0.63, 0.65)),
    "a figure that is missing": measured(auc=None),
    "a comparison that is missing": replace(GOOD, over_heuristic={"log_loss": None, "auc": None}),
    "degraded predictions": replace(GOOD, degraded_share=0.7),
    "degraded predictions of the last resort": replace(GOOD, degraded_share=0.7, is_last_resort=True),
    "a label of another form": GOOD,
}
# Of a champion that has not served yet: what a rollback or a promotion leave to be judged.
FRESH = Window(0, 0, {}, {}, {}, {}, {})
AFTER = {
    Button.RETRAIN: (lambda window: replace(window, kept_nights_ago=2), lambda _: FRESH),
    Button.ROLL_BACK: (lambda _: FRESH,),
}


@pytest.mark.parametrize("kind", WARNINGS)
def test_each_warning_names_the_button_that_ends_it_and_it_does(kind: str) -> None:
    window, changes = WARNINGS[kind], ["no row has a label"] if kind == "a label of another form" else []
    before = judge(window, RULES, label_changes=changes)
    assert before.verdict is Verdict.WARNING
    for reason in before.reasons:
        (button,) = [each for each in Button if f'(ended by "{each}")' in reason]
        for act in AFTER[button]:
            # A new champion learned from the label as it is now.
            left = act(window)
            after = judge(left, RULES, label_changes=changes if left is not FRESH else [])
            assert (after.verdict, after.causes) == (Verdict.OK, ())


def test_every_warning_of_a_window_is_in_the_table_of_those_that_end() -> None:
    causes = {
        cause
        for kind, window in WARNINGS.items()
        for cause in judge(
            window, RULES, label_changes=["x"] if kind == "a label of another form" else []
        ).causes
    }
    assert causes == {
        "warning: calibration error",
        "warning: log loss over the base rate's",
        "warning: AUC drop since its first nights",
        "warning: log loss against the heuristic",
        "warning: AUC against the heuristic",
        "warning: degraded predictions",
        "warning: label schema",
    }


def test_a_training_that_kept_the_champion_answers_for_a_windows_length_and_no_longer() -> None:
    bad = replace(OLD, measured={**TEST, "calibration_error": Interval(0.06, 0.055, 0.065)})
    for nights, verdict in ((RULES.window_nights, Verdict.OK), (RULES.window_nights + 1, Verdict.WARNING)):
        found = judge(replace(bad, kept_nights_ago=nights), RULES)
        assert (found.verdict, found.is_challenge_due) == (verdict, verdict is Verdict.WARNING)


def test_what_asks_for_a_training_stays_whatever_a_training_kept() -> None:
    worse = replace(
        GOOD, over_heuristic={"log_loss": Interval(-0.02, -0.04, -0.01), "auc": Interval(0.1, 0, 0.2)}
    )
    assert judge(replace(worse, kept_nights_ago=2), RULES).verdict is Verdict.RETRAIN


def test_causes_are_the_same_while_the_figures_change() -> None:
    causes = [
        judge(measured(calibration_error=Interval(value, value - 0.001, 1)), RULES).causes
        for value in (0.06, 0.061, 0.1)
    ]
    assert causes == [("warning: calibration error",)] * 2 + [("retrain: calibration error",)]


def predecessors(*evidence: float) -> Window:
    found = (
        Predecessor(number, f"version {number}", 30, 0.02, each, needed=20.0)
        for number, each in enumerate(evidence, 1)
    )
    return replace(GOOD, predecessors=tuple(found))


def test_what_it_could_return_to_being_significantly_better_is_roll_back() -> None:
    verdict = judge(predecessors(1.0, 19.9, 57.3), RULES)
    assert (verdict.verdict, verdict.returns_to) == (Verdict.ROLL_BACK, 3)
    assert "version 3, to which it can return, is better" in verdict.reasons[0]
    assert "log loss by 0.0200 over 30 nights, evidence 57.3 (20 is significant)" in verdict.reasons[0]


def test_the_first_one_that_is_significantly_better_is_returned_to() -> None:
    assert judge(predecessors(20.0, 900.0), RULES).returns_to == 1


@pytest.mark.parametrize("evidence", [1.0, 0.0, 19.9])
def test_one_that_is_not_significantly_better_is_no_reason_to_leave(evidence: float) -> None:
    verdict = judge(predecessors(evidence), RULES)
    assert (verdict.verdict, verdict.returns_to) == (Verdict.OK, None)


def test_of_too_few_rows_nothing_is_rolled_back() -> None:
    few = replace(predecessors(500.0), rows=RULES.minimum_rows - 1)
    assert judge(few, RULES).returns_to is None


def test_a_champion_without_first_nights_is_judged_by_the_rest() -> None:
    assert judge(replace(GOOD, reference={}), RULES).verdict is Verdict.OK
