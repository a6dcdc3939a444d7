from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from redeye.sources.logic.deliveries import Dataset, DeliveryRef
from redeye.sources.logic.excess import BYTES_A_ROW, MOST_TIMES, ROWS_ALLOWED, refuse_excess

NIGHT = date(2013, 4, 4)


def ref(rows: int, dataset: str = "fares") -> DeliveryRef:
    return DeliveryRef("demo", dataset, NIGHT, "ab" * 8, Path("/landing/x.csv"), rows, False, NIGHT)


def fares(most_rows: int | None = None) -> Dataset:
    return Dataset("fares", ("known_at",), {"known_at": "TIMESTAMP"}, (), most_rows=most_rows)


def is_refused(
    rows: int, size: int = 0, most_rows: int | None = None, earlier: tuple[DeliveryRef, ...] = ()
) -> bool:
    return refuse_excess("arrivals/fares", fares(most_rows), ref(rows), size, lambda: earlier) is not None


def test_more_rows_or_bytes_than_declared_are_refused_whatever_came_before():
    assert not is_refused(10, 10 * BYTES_A_ROW, most_rows=10)
    assert is_refused(11, most_rows=10, earlier=(ref(11),))
    assert is_refused(1, 10 * BYTES_A_ROW + 1, most_rows=10)


def test_without_a_declaration_the_dataset_s_own_history_says_what_is_much():
    assert not is_refused(ROWS_ALLOWED)
    assert is_refused(ROWS_ALLOWED + 1)
    assert not is_refused(MOST_TIMES * ROWS_ALLOWED, earlier=(ref(ROWS_ALLOWED), ref(7)))
    assert is_refused(MOST_TIMES * ROWS_ALLOWED + 1, earlier=(ref(ROWS_ALLOWED),))
    assert is_refused(ROWS_ALLOWED + 1, earlier=(ref(ROWS_ALLOWED, "routes"),))


def test_the_history_is_asked_for_only_where_there_is_reason_to():
    def ask() -> tuple[DeliveryRef, ...]:
        pytest.fail("asked for nothing")

    assert refuse_excess("arrivals/fares", fares(), ref(10), 100, ask) is None


def test_a_refusal_names_night_file_and_bound():
    refused = refuse_excess("arrivals/fares", fares(10), ref(11), 0, tuple)
    assert refused is not None
    assert "11 rows and 0 bytes in /landing/x.csv, at most 10 rows and 5,000 bytes" in refused.message()
    assert refused.failed_nights == (NIGHT,)
