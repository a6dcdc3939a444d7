"""The very bits on the machine of the training, a tolerance for torch on another, and the reason says which."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.models.logic.prediction_equality import TOLERANCE, Equality, choose_equality

HERE, THERE = "x86_64, torch by AVX2, torch==2", "x86_64, torch by DEFAULT, torch==2"


def choose(algorithm: str, recorded: str) -> Equality:
    return choose_equality(algorithm, recorded, lambda: HERE)


@pytest.mark.parametrize("algorithm", ["torch", "average"])
def test_torch_is_held_to_the_bits_only_where_it_was_trained(algorithm: str) -> None:
    assert choose(algorithm, HERE).tolerance == 0
    elsewhere = choose(algorithm, THERE)
    assert elsewhere.tolerance == TOLERANCE
    assert THERE in elsewhere.reason
    assert HERE in elsewhere.reason


def test_a_version_without_a_fingerprint_has_the_tolerance_and_the_reason_says_so() -> None:
    assert "from before fingerprints were recorded" in choose("torch", "").reason
    assert choose("torch", "").tolerance == TOLERANCE


@pytest.mark.parametrize("algorithm", ["heuristic", "logistic", "xgboost"])
def test_no_other_algorithm_has_a_tolerance_nor_is_the_machine_read_for_it(algorithm: str) -> None:
    def read_current() -> str:
        raise AssertionError("reading it imports torch")

    assert choose_equality(algorithm, THERE, read_current).tolerance == 0


def test_equal_is_within_the_tolerance_and_missing_is_never() -> None:
    now = [0.5, 0.5 + 9e-6, 0.5 + 2e-5, np.nan]
    assert Equality(1e-5, "").is_equal([0.5] * 4, now).tolist() == [True, True, False, False]
    assert Equality(0.0, "").is_equal([0.5] * 4, now).tolist() == [True, False, False, False]
