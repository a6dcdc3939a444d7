"""What earlier versions wrote is read by the words of now."""

from __future__ import annotations

import pytest

from redeye.champions.logic.verdicts import Verdict
from redeye.foundation.renamed_values import GATES, VERDICTS
from redeye.promotion.logic.gate_report import Gate


def test_a_verdict_of_before_is_that_of_now():
    assert Verdict("watch") is Verdict.WARNING
    assert {Verdict(old) for old in VERDICTS} == {Verdict(new) for new in VERDICTS.values()}


def test_a_word_that_never_was_a_verdict_is_none():
    with pytest.raises(ValueError, match="wait"):
        Verdict("wait")


def test_every_renamed_gate_is_one_of_now():
    assert set(GATES.values()) <= set(Gate)
    assert not set(GATES) & set(Gate)
