"""A corrupted delivery is refused by name; the true one passes."""

from __future__ import annotations

import pytest

from redeye.audits.audit import audit_many
from redeye.audits.logic.audit_result import AuditFailure

from .delivery_corruptions import CORRUPTIONS, Corruption  # noqa: TID252 - the tests are no package of their own
from .real_deliveries import NIGHT, Frames  # noqa: TID252 - the tests are no package of their own


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda c: f"{c.dataset}: {c.name}")
def test_a_corrupted_delivery_is_refused_and_the_refusal_names_it(
    corruption: Corruption, night: Frames, history: Frames
) -> None:
    suite = f"arrivals/{corruption.dataset}"
    true = night[suite]
    wrong = corruption.corrupt(true.copy(), history.get(suite, true))

    result = audit_many({suite: wrong}, subject=f"{corruption.dataset} of {NIGHT}", history=history)[suite]

    assert not result.is_success
    named = [failure for failure in result.failures if corruption.column in _said(failure)]
    assert named, result.message()
    assert named[0].suite.startswith(suite)


def _said(failure: AuditFailure) -> str:
    return f"{failure.column} {failure.expectation} {failure.observed}"


def test_the_true_night_passes(night: Frames, history: Frames) -> None:
    results = audit_many(night, subject=f"night {NIGHT}", history=history)
    assert {suite: result.message() for suite, result in results.items() if not result.is_success} == {}
