"""The correction of bounds: the published quantile, and the coverage that it claims, measured."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.models.kinds.conformal import find_margin

DRAWS, CORRECTING, NEW = 1500, 60, 200


def test_the_margin_is_the_quantile_of_one_row_more() -> None:
    labels = np.arange(1.0, 10.0)
    still = np.zeros(9)
    assert find_margin(labels, still, still, 0.8) == 8
    assert find_margin(labels, still, still, 0.5) == 5
    # No finite one is enough.
    assert find_margin(labels, still, still, 0.99) == 9


def test_bounds_that_are_too_wide_go_inwards() -> None:
    labels = np.zeros(19)
    assert find_margin(labels, labels - 5, labels + 3, 0.9) == -3


def test_without_rows_there_is_no_correction() -> None:
    none = np.empty(0)
    with pytest.raises(ValueError, match="no rows"):
        find_margin(none, none, none, 0.8)


def measure_coverage(promised: float, *, is_whole: bool) -> tuple[float, float]:
    """Mean coverage over many corrections of bounds that are far too narrow, and its standard error."""
    random = np.random.default_rng(20130101)
    found = []
    for _ in range(DRAWS):
        place = random.normal(size=CORRECTING + NEW)
        labels = place + np.exp(place / 3) * random.normal(size=place.size)
        if is_whole:
            labels = np.rint(2 * labels)
        lower, upper = place - 0.2, place + 0.3
        margin = find_margin(labels[:CORRECTING], lower[:CORRECTING], upper[:CORRECTING], promised)
        new = slice(CORRECTING, None)
        found.append(((lower[new] - margin <= labels[new]) & (labels[new] <= upper[new] + margin)).mean())
    return float(np.mean(found)), float(np.std(found) / np.sqrt(DRAWS))


@pytest.mark.parametrize("promised", [0.5, 0.8, 0.95])
def test_exchangeable_rows_are_covered_as_often_as_is_claimed(promised: float) -> None:
    coverage, error = measure_coverage(promised, is_whole=False)
    assert promised - 3 * error <= coverage <= promised + 1 / (CORRECTING + 1) + 3 * error


@pytest.mark.parametrize("promised", [0.5, 0.8, 0.95])
def test_whole_numbers_are_covered_at_least_as_often(promised: float) -> None:
    coverage, error = measure_coverage(promised, is_whole=True)
    assert coverage >= promised - 3 * error
