from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pendulum
import pyarrow as pa
import pytest

from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources.logic.deliveries import Dataset, Delivery, DeliveryRef, require_names

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


@pytest.mark.parametrize("name", ["../../../evil", "..", "a/b", "/etc", "", "a\0b", "x" * 65, None])
def test_a_name_that_leads_out_of_the_landing_is_refused_where_it_is_given(name):
    frame = pa.table({"price": ["1"]})
    with pytest.raises(DeliveryError, match=r"dataset .* is no name"):
        Delivery("demo", name, NIGHT, frame)
    with pytest.raises(DeliveryError, match=r"source .* is no name"):
        Delivery(name, "fares", NIGHT, frame)


@pytest.mark.parametrize("name", ["../evil", "fares; DROP TABLE x", "day-fares", "", "1st"])
def test_the_name_of_a_dataset_may_stand_in_a_table(name):
    with pytest.raises(ValueError, match="a name is a word"):
        Dataset(name, ("known_at",), {"known_at": "TIMESTAMP"}, ())


@pytest.mark.parametrize(
    ("name", "layout"), [("../evil", "demo"), ("demo", "../evil"), ("demo", "a-b"), (None, "demo")]
)
def test_a_source_has_a_proper_name_and_layout(name, layout):
    with pytest.raises(ConfigError, match="name"):
        require_names(SimpleNamespace(name=name, layout=layout))


@pytest.mark.parametrize("night", ["2013-04-04", datetime(2013, 4, 4, tzinfo=UTC), "../../evil", None])
def test_the_night_of_a_delivery_is_a_date(night):
    with pytest.raises(DeliveryError, match="is no date"):
        Delivery("demo", "fares", night, pa.table({"price": ["1"]}))


def test_the_night_may_be_a_date_of_the_scheduler():
    given = pendulum.date(2013, 4, 4)
    assert Delivery("demo", "fares", given, pa.table({"price": ["1"]})).night == date(2013, 4, 4)


def test_columns_of_one_name_are_left_to_the_audit():
    twice = pa.table([pa.array(["1"]), pa.array(["2"])], names=["price", "price"])
    assert Delivery("demo", "fares", NIGHT, twice).frame.num_columns == 2


def test_a_delivery_is_utf_8():
    offsets, content = pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")
    broken = pa.StringArray.from_buffers(1, offsets, content)
    with pytest.raises(DeliveryError, match="UTF-8"):
        Delivery("demo", "fares", NIGHT, pa.table({"price": broken}))


def test_a_delivery_with_rows_is_not_stated_empty():
    with pytest.raises(DeliveryError, match="stated empty, but holds 1 rows"):
        Delivery("demo", "fares", NIGHT, pa.table({"price": ["1"]}), is_stated_empty=True)
    nothing = pa.table({"price": pa.array([], pa.string())})
    with pytest.raises(DeliveryError, match="holds 0 rows and more follows"):
        Delivery("demo", "fares", NIGHT, nothing, is_stated_empty=True, more_follows=True)


@pytest.mark.parametrize(("arrival", "expected"), [(NIGHT, False), (date(2013, 4, 6), True)])
def test_a_restatement_arrives_after_its_own_night(arrival, expected):
    ref = DeliveryRef("demo", "fares", NIGHT, "ab" * 8, Path("x.csv"), 1, False, arrival)
    assert ref.is_restatement is expected
