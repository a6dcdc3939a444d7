"""Verdicts are a closed list in order of severity, and the words of before are read as those of now."""

from __future__ import annotations

import pytest

from redeye.champions.logic.verdicts import ASKING, Verdict


def test_severity_is_the_order_of_the_list():
    assert [str(each) for each in Verdict] == ["ok", "warning", "retrain", "roll back"]


def test_a_rollback_asks_for_a_training_as_a_retrain_does_and_a_warning_does_not():
    assert {each for each in Verdict if each in ASKING} == {Verdict.RETRAIN, Verdict.ROLL_BACK}


def test_a_word_of_before_is_read_as_that_of_now():
    assert Verdict("watch") is Verdict.WARNING


@pytest.mark.parametrize("value", ["", "WARNING", "act", None])
def test_what_never_was_a_verdict_is_refused(value: str | None):
    with pytest.raises(ValueError, match="is not a valid Verdict"):
        Verdict(value)
