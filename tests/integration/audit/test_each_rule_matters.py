"""Each line of a contract stops a fault that no other line stops: without it, that fault passes.

The faults are put into the frame that Great Expectations judges, after the derived columns are computed, so that a
fault of one column is none of another. What a fault in the raw text breaks is tested in `test_corrupt_deliveries.py`.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from flights.arrival_audits import ArrivalAudits
from redeye.audits.audit import audit, audit_many
from redeye.audits.contract_files import ARRIVALS, CONTRACT, EXPECTATIONS_ROOT
from redeye.audits.logic.contract import PROFILE
from redeye.audits.logic.known_times import add_known_at_columns
from redeye.audits.logic.suite import ExpectationSpec
from redeye.audits.logic.typed_frames import parse_frame
from redeye.audits.night_profiles import make_profile_step
from redeye.audits.references import relate_references
from redeye.audits.suite_files import load_suite, suite_names

from .real_deliveries import Frames, delivered, of_nights  # noqa: TID252 - the tests are no package of their own
from .rule_faults import Fault, combine, list_faults, list_gaps  # noqa: TID252 - the tests are no package of their own

SUITES = [name for name in suite_names() if name.startswith(ARRIVALS)]
OF_ONE_CELL = {f"expect_column_values_to_{what}" for what in ("be_between", "be_in_set", "match_regex")}
Named = tuple[str, str | None]


@pytest.fixture
def judge(
    request: pytest.FixtureRequest, night: dict[str, pd.DataFrame], history: Frames
) -> Callable[[Fault], list[Named]]:
    """Judges the true frame of a suite with a fault in it: check and column of each failure."""
    suite: str = request.param
    rows = suite.removesuffix(PROFILE)
    own = ArrivalAudits().derive_step(rows) or add_known_at_columns

    def derive(typed: pd.DataFrame) -> pd.DataFrame:
        return relate_references(own(typed), suite=rows, judged=night, history=history)[0]

    frame, base = night[rows], derive
    if suite.endswith(PROFILE):
        profile = make_profile_step(rows, night, history, EXPECTATIONS_ROOT)
        assert profile is not None
        typed, _ = parse_frame(frame, load_suite(rows).types)
        frame = profile(derive(typed))[list(load_suite(suite).types)]

        def base(typed: pd.DataFrame) -> pd.DataFrame:
            return typed

    def run(fault: Fault) -> list[Named]:
        found = audit(suite, frame, subject=suite, derive=lambda typed: fault(base(typed)))
        return [(each.expectation, each.column) for each in found.failures]

    return run


@pytest.mark.parametrize(
    ("judge", "suite"), [(name, name) for name in SUITES], indirect=["judge"], ids=SUITES
)
def test_each_rule_stops_a_fault_that_no_other_stops(
    judge: Callable[[Fault], list[Named]], suite: str
) -> None:
    spec = load_suite(suite)
    assert judge(lambda frame: frame) == []

    # A rule on a column that no other judges is stopped by it alone: all of those are broken at once.
    judged = Counter(column for rule in spec.expectations for column in rule.columns)
    apart = [
        rule for rule in spec.expectations if rule.expect in OF_ONE_CELL and judged[rule.columns[0]] == 1
    ]
    broken = combine([list_faults(spec, rule)[0] for rule in apart])
    found = Counter(judge(broken)) if apart else Counter()
    idle = {name(rule) for rule in apart if found[name(rule)] != 1}
    idle |= {each for each in found if each not in {name(rule) for rule in apart}}
    for rule in (rule for rule in spec.expectations if rule not in apart):
        if not any(judge(fault) == [name(rule)] for fault in list_faults(spec, rule)):
            idle.add(name(rule))
    gaps = combine([list_gaps(spec, column)[0] for column in spec.never_null])
    is_each_told = Counter(judge(gaps)) == Counter(("not_null", column) for column in spec.never_null)
    for column in () if is_each_told else spec.never_null:
        if not any(judge(fault) == [("not_null", column)] for fault in list_gaps(spec, column)):
            idle.add(("not_null", column))
    assert idle == set()


def name(rule: ExpectationSpec) -> Named:
    """A rule as a failure names it: check and columns."""
    return rule.expect, ", ".join(rule.columns) or None


EXCEPTED = sorted({(suite, each.night) for suite in SUITES for each in load_suite(suite).exceptions}, key=str)


@pytest.mark.parametrize(
    ("suite", "excepted"), EXCEPTED, ids=[f"{suite} {night}" for suite, night in EXCEPTED]
)
def test_each_exception_lets_a_true_night_pass(suite: str, excepted: date, tmp_path: Path) -> None:
    rows = suite.removesuffix(PROFILE)
    back = delivered(excepted - timedelta(days=ArrivalAudits.history_nights), excepted)
    judged = of_nights(back, lambda nights: nights == excepted.isoformat())
    history = of_nights(back, lambda nights: nights < excepted.isoformat())
    root = tmp_path / "expectations"
    shutil.copytree(EXPECTATIONS_ROOT, root)
    contract = root / f"{rows}{CONTRACT}"
    contract.write_text(re.sub(r"(?m)^ +- \{property: redeye\.exception.*\n", "", contract.read_text()))
    contract.write_text(re.sub(r"(?m)^ +customProperties:\n(?=\S| +- name:|\Z)", "", contract.read_text()))

    result = audit_many({rows: judged[rows]}, subject="without", history=history, root=root)[rows]

    wanted = {each.column for each in load_suite(suite).exceptions if each.night == excepted}
    assert {each.column for each in result.failures if each.suite == suite} == wanted
