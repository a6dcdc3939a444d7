from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import Dataset, Delivery, DeliveryRef

NIGHT = date(2013, 4, 4)


def test_a_dataset_ends_with_known_at():
    with pytest.raises(ValueError, match="last column must be known_at"):
        Dataset("fares", ("known_at", "price"), {"known_at": "TIMESTAMP", "price": "DOUBLE"}, ("price",))


def test_a_dataset_types_each_of_its_columns():
    with pytest.raises(ValueError, match=r"differ by \['price'\]"):
        Dataset("fares", ("price", "known_at"), {"known_at": "TIMESTAMP"}, ())


def test_a_datasets_key_is_among_its_columns():
    with pytest.raises(ValueError, match="is not among the columns"):
        Dataset("fares", ("known_at",), {"known_at": "TIMESTAMP"}, ("route",))


def test_a_delivery_is_text():
    with pytest.raises(DeliveryError, match=r"demo/fares/2013-04-04.*not \['price'\]"):
        Delivery("demo", "fares", NIGHT, pa.table({"price": [1]}))


def test_a_delivery_has_no_nulls():
    with pytest.raises(DeliveryError, match="hold nulls"):
        Delivery("demo", "fares", NIGHT, pa.table({"price": pa.array(["1", None])}))


def test_a_delivery_with_rows_is_not_stated_empty():
    with pytest.raises(DeliveryError, match="stated empty, but holds 1 rows"):
        Delivery("demo", "fares", NIGHT, pa.table({"price": ["1"]}), is_stated_empty=True)


@pytest.mark.parametrize(("arrival", "expected"), [(NIGHT, False), (date(2013, 4, 6), True)])
def test_a_restatement_arrives_after_its_own_night(arrival, expected):
    ref = DeliveryRef("demo", "fares", NIGHT, "ab" * 8, Path("x.csv"), 1, False, arrival)
    assert ref.is_restatement is expected
