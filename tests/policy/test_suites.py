"""House rules of the expectation suites: every bound says why, judges a column that exists, and judges each row."""

from __future__ import annotations

import pytest

from flights.arrival_audits import ArrivalAudits
from flights.nycflights13 import NycFlights13
from flights.release_frames import FEATURE_KEYS, OTHER_FEATURES
from redeye.audits.contract_files import CONTRACT, EXPECTATIONS_ROOT
from redeye.audits.logic.known_times import KNOWN_AT_COLUMNS
from redeye.audits.logic.suite import SuiteSpec
from redeye.audits.suite_files import load_suite, suite_names

NAMES = suite_names()
TYPES = {"INTEGER": "int", "DOUBLE": "float", "VARCHAR": "text", "TIMESTAMP": "timestamp"}


@pytest.fixture(params=NAMES)
def named_suite(request: pytest.FixtureRequest) -> tuple[str, SuiteSpec]:
    return request.param, load_suite(request.param)


def test_every_expectation_says_why(named_suite: tuple[str, SuiteSpec]) -> None:
    _, suite = named_suite
    for expectation in suite.expectations:
        assert len(expectation.because.split()) >= 2, expectation
        assert expectation.because.endswith("."), expectation


def test_no_expectation_tolerates_a_share_of_bad_rows(named_suite: tuple[str, SuiteSpec]) -> None:
    _, suite = named_suite
    for expectation in suite.expectations:
        assert "mostly" not in expectation.kwargs, (
            f"{expectation}: over many nights a share hides a bad night"
        )


def test_every_number_is_bounded(named_suite: tuple[str, SuiteSpec]) -> None:
    """A number that no expectation judges may be anything; the parts of dates and raw clocks are derived."""
    _, suite = named_suite
    judged = {column for expectation in suite.expectations for column in expectation.columns}
    parts = {
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "dep_time",
        "sched_dep_time",
        "arr_time",
        "sched_arr_time",
    }
    through_others = {
        "distance",
        "weekday",
        "late_flights",
        "nights_before",
        "scheduled_rows",
        "scheduled_keys",
    }
    ends = ("_time", "is_open", "flight_number", "outcome_version")
    free = [
        column
        for column, kind in suite.types.items()
        if kind in ("int", "float")
        and column not in judged | parts | through_others
        and not column.startswith(("late_flights_", "rows_of"))
        and not column.endswith(ends)
    ]
    assert free == []


@pytest.mark.parametrize("dataset", NycFlights13.datasets, ids=lambda dataset: dataset.name)
def test_every_dataset_has_a_suite_of_its_own_columns(dataset: object) -> None:
    suite = load_suite(f"arrivals/{dataset.name}")  # type: ignore[attr-defined]
    assert list(suite.types) == [*dataset.columns, "night"]  # type: ignore[attr-defined]
    for column, kind in dataset.types.items():  # type: ignore[attr-defined]
        assert suite.types[column] == TYPES[kind]


@pytest.mark.parametrize("dataset", NycFlights13.datasets, ids=lambda dataset: dataset.name)
def test_a_key_is_never_missing_and_unique(dataset: object) -> None:
    suite = load_suite(f"arrivals/{dataset.name}")  # type: ignore[attr-defined]
    key = set(dataset.key)  # type: ignore[attr-defined]
    assert not key & set(suite.may_be_null)
    unique = [e for e in suite.expectations if e.expect == "expect_compound_columns_to_be_unique"]
    assert any(set(expectation.columns) - {"night"} == key for expectation in unique)


def test_suites_with_derived_columns_have_code_that_derives_them() -> None:
    for name in NAMES:
        if set(load_suite(name).derived) - KNOWN_AT_COLUMNS and not name.startswith("predictions/"):
            assert ArrivalAudits().derive_step(name) is not None, name


def test_every_feature_table_is_judged() -> None:
    assert {f"releases/{table}" for table in OTHER_FEATURES} <= set(NAMES)
    contained = next(e for e in load_suite("releases/profile").expectations if e.column == "feature_table")
    assert set(contained.kwargs["value_set"]) == set(FEATURE_KEYS)


def test_only_suites_lie_among_the_suites() -> None:
    strays = [
        path.name
        for path in EXPECTATIONS_ROOT.rglob("*")
        if path.is_file()
        and path.suffix != ".yml"
        and not (path.parent.name == "arrivals" and path.name.endswith(CONTRACT))
    ]
    assert strays == ["airport_places.csv"]
