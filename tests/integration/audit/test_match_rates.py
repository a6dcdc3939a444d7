"""What rows refer to is there, as far as is usual; the side whose keys changed is the one that is refused."""

from __future__ import annotations

from datetime import date

import pandas as pd

from redeye.audits.audit import audit_many
from redeye.audits.logic.reference_rates import measure_rates
from redeye.audits.logic.typed_frames import parse_frame
from redeye.audits.suite_files import find_rates, load_suite

from .real_deliveries import Frames, delivered  # noqa: TID252 - the tests are no package of their own

PLANES, OUTCOMES, SCHEDULE = "arrivals/planes", "arrivals/outcomes", "arrivals/schedule"


def change_keys(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The same keys in another order of their signs: each keeps to the pattern, hardly one is known."""
    return frame.assign(**{column: frame[column].str[:1] + frame[column].str[:0:-1]})


def refuse(suite: str, frame: pd.DataFrame, history: Frames) -> set[str | None]:
    result = audit_many({suite: frame}, subject=suite, history=history)[suite]
    return {each.column for each in result.failures if "matched" in str(each.column)}


def test_a_registry_whose_keys_changed_is_refused_when_it_comes_again(
    night: dict[str, pd.DataFrame], history: Frames
) -> None:
    known = {**history, PLANES: night[PLANES]}
    again = night[PLANES].assign(night="2013-04-04", known_at="2013-04-05T00:00:00Z")
    assert refuse(PLANES, again, known) == set()
    assert refuse(PLANES, change_keys(again, "tailnum"), known) == {"matched_by_outcomes"}
    assert refuse(PLANES, again.head(2000), known) == {"matched_by_outcomes"}


def test_rows_whose_keys_changed_are_refused(night: dict[str, pd.DataFrame], history: Frames) -> None:
    known = {**history, PLANES: night[PLANES]}
    assert refuse(OUTCOMES, night[OUTCOMES], known) == set()
    assert refuse(OUTCOMES, change_keys(night[OUTCOMES], "tailnum"), known) == {"matched_in_planes"}


def test_every_true_night_of_the_year_keeps_to_its_rates(dimensions: Frames) -> None:
    year = delivered(date(2012, 12, 31), date(2014, 1, 1))
    frames = {f"arrivals/{name}": frame for name, frame in {**year, **dimensions}.items()}
    for suite in (OUTCOMES, SCHEDULE):
        rates = find_rates(suite.removeprefix("arrivals/"))
        types = load_suite(suite).types
        columns = ["night", *dict.fromkeys(column for rate in rates for column in rate.ours)]
        rows = parse_frame(frames[suite][columns], {column: types[column] for column in columns})[0]
        found = measure_rates(
            rows,
            None,
            rates,
            lambda rate: frames[f"arrivals/{rate.dataset}"],
            nights_back=28,
        )
        for rate in rates:
            assert found[rate.column].min() >= rate.at_least + 0.01, (rate, found[rate.column].describe())
