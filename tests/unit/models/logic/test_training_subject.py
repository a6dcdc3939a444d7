"""What makes two trainings the same one, and what is said of a training on runs and versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS
from redeye.models.logic.training_subject import Subject
from redeye.warehouse.logic.releases import Release, ReleaseKind

NIGHT = date(2013, 3, 31)
RELEASE = Release(
    "2013-03-31.r1", NIGHT, 1, date(2013, 1, 1), ReleaseKind.NIGHTLY, 7, "deliveries", "dbt code", "sha"
)
SPEC = load_spec(SPECS / "flight_delay.yaml")
SUBJECT = Subject(SPEC, NIGHT, RELEASE, "code", "sha", "run", "ann", "a reason")


@pytest.mark.parametrize(
    "change",
    [
        {"run_name": "another"},
        {"run_url": "http://airflow"},
        {"actor": "bob"},
        {"reason": "another"},
        {"git_sha": "another"},
        {"request": {"verdict": "retrain"}},
        {"release": replace(RELEASE, snapshot_id=8, git_sha="another")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_is_the_same_training_whoever_runs_it_and_why(change: dict[str, object]):
    assert replace(SUBJECT, **change).key() == SUBJECT.key()


@pytest.mark.parametrize(
    "change",
    [
        {"spec": SPEC.model_copy(update={"model": "another"})},
        {"spec": SPEC.model_copy(update={"label_maturity_nights": SPEC.label_maturity_nights + 1})},
        {"night": date(2013, 4, 1)},
        {"release": replace(RELEASE, release_id="2013-03-31.r2")},
        {"code_hash": "another"},
    ],
    ids=["model", "spec", "night", "release", "code"],
)
def test_it_is_another_training_of_another_spec_night_release_or_code(change: dict[str, object]):
    assert replace(SUBJECT, **change).key() != SUBJECT.key()


def test_each_candidate_of_a_training_has_a_key_of_its_own():
    keys = [SUBJECT.key(name) for name in ("", "xgboost", "torch")]
    assert len(set(keys)) == 3
    assert all(len(key) == 24 and int(key, 16) for key in keys)


def test_tags_say_of_what_it_was_and_what_asked_for_it():
    tags = replace(SUBJECT, request={"verdict": "retrain"}).tags()
    assert tags == {
        "model": SPEC.model,
        "night": "2013-03-31",
        "release_id": "2013-03-31.r1",
        "delivery_set_hash": "deliveries",
        "warehouse_code_hash": "dbt code",
        "feature_service": SPEC.feature_service,
        "spec_hash": SPEC.hash,
        "code_hash": "code",
        "git_sha": "sha",
        "verdict": "retrain",
    }


def test_only_a_shifted_release_says_by_how_many_weeks():
    shifted = replace(SUBJECT, release=replace(RELEASE, shift_weeks=678))
    assert shifted.tags() == {**SUBJECT.tags(), "shift_weeks": "678"}
