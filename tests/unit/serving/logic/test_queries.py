"""What a request asks for, and which rows it gets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import delay_minutes
import made_classes
import pytest
from prediction_frames import KIND

from redeye.declarations.subject import Subject
from redeye.models.kinds.interface import find_kind
from redeye.serving.logic.queries import (
    CSV,
    JSON,
    PARQUET,
    BadQuery,
    describe_columns,
    negotiate,
    read_night,
    read_query,
)
from redeye.serving.openapi import describe_parameters

ZONE = ZoneInfo("Europe/Madrid")
SUBJECT = Subject.model_validate(
    {
        "one": "parcel",
        "many": "parcels",
        "key": "parcel_id",
        "day": "due",
        "time": "due_at",
        "columns": {
            "parcel_id": {"type": "text", "description": "Key."},
            "due": {"type": "date", "description": "Day."},
            "due_at": {"type": "instant", "description": "Time."},
            "depot": {
                "type": "text",
                "description": "Depot.",
                "search": {"example": "AB", "pattern": "[A-Z]{2}"},
            },
            "weight": {"type": "number", "description": "Kilograms."},
            "pieces": {"type": "integer", "description": "Pieces."},
        },
        "shown": ["depot"],
    }
)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("application/vnd.apache.parquet", PARQUET),
        ("text/*", CSV),
        ("application/*", JSON),
        ("text/csv;q=0.5, application/json;q=0.4", CSV),
        ("text/html, */*;q=0.1", JSON),
        ("text/html", None),
        ("text/csv;q=0", None),
        ("text/csv;q=many", None),
    ],
)
def test_the_wanted_format_is_given(accept, kind):
    assert negotiate(accept) == kind


def test_a_query_reads_values_by_the_columns_types():
    given = [
        ("depot", "ab"),
        ("depot", "CD"),
        ("due", "2013-04-04"),
        ("due_at", "2013-04-04T09:00:00+02:00"),
        ("weight", "1.5"),
        ("pieces", "3"),
        ("sort", "-weight"),
        ("limit", "10"),
        ("offset", "5"),
    ]
    found = read_query(given, SUBJECT, KIND, ZONE)
    assert dict(found.equal) == {
        "depot": {"AB", "CD"},
        "due": {date(2013, 4, 4)},
        "due_at": {datetime(2013, 4, 4, 7, tzinfo=UTC).replace(tzinfo=None)},
        "weight": {1.5},
        "pieces": {3},
    }
    assert (found.sort, found.limit, found.offset) == ("-weight", 10, 5)


def test_an_instant_without_an_offset_is_local():
    found = read_query([("due_at", "2013-01-04T09:00:00")], SUBJECT, KIND, ZONE)
    assert dict(found.equal)["due_at"] == {datetime(2013, 1, 4, 8, tzinfo=UTC).replace(tzinfo=None)}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([("colour", "red")], "'colour' is no parameter: there are sort, limit, offset, parcel_id"),
        ([("sort", "colour")], "sort: 'colour' is no column: there are probability"),
        ([("limit", "0")], "limit: '0' is no whole number from 1 to 10000"),
        ([("limit", "many")], "limit: 'many'"),
        ([("offset", "-1")], "offset: '-1'"),
        ([("limit", "1"), ("limit", "2")], "limit is given twice"),
        ([("depot", "A1")], "depot: 'A1' is not written as AB"),
        ([("due", "soon")], "due: 'soon' is no date: write it as 2013-04-04"),
        ([("due_at", "0001-01-01T00:00:00+23:00")], "due_at: '0001"),
        ([("weight", "heavy")], "weight: 'heavy' is no number: write it as 1.5"),
        ([("pieces", "1.5")], "pieces: '1.5' is no integer: write it as 1"),
    ],
)
def test_what_is_not_understood_is_named_with_what_is_allowed(given, named):
    with pytest.raises(BadQuery) as caught:
        read_query(given, SUBJECT, KIND, ZONE)
    assert str(caught.value).startswith(named)


@pytest.mark.parametrize(
    ("module", "column", "described"),
    [
        (delay_minutes, "value", "1 is the parcel of the night with the highest value."),
        (
            made_classes,
            "predicted_class",
            "1 is the parcel of the night with the highest probability_cancelled.",
        ),
    ],
)
def test_another_kind_is_sorted_by_columns_of_its_own(
    module: ModuleType, column: str, described: str, tmp_path: Path
) -> None:
    kind = find_kind(module.make_spec(tmp_path))
    assert read_query([("sort", f"-{column}")], SUBJECT, kind, ZONE).sort == f"-{column}"
    with pytest.raises(BadQuery, match=f"there are {kind.columns[0]}, {kind.columns[1]}"):
        read_query([("sort", "probability")], SUBJECT, kind, ZONE)
    assert describe_columns(SUBJECT, kind, "late")["rank"] == ("integer", described)
    (sort, *_) = describe_parameters(SUBJECT, [KIND, kind])
    assert {"probability", f"-{column}", "-rank"} <= {*sort["schema"]["enum"]}


@pytest.mark.parametrize("text", ["2013-4-4", "20130404", "2013-02-30", "", "latest"])
def test_a_night_is_written_in_one_way(text):
    assert read_night("2013-04-04") == date(2013, 4, 4)
    with pytest.raises(BadQuery, match="write it as 2013-04-04"):
        read_night(text)


def test_columns_are_the_projects_then_the_engines():
    found = describe_columns(SUBJECT, KIND, "late")
    assert list(found)[:6] == list(SUBJECT.columns)
    assert found["probability"] == ("number", "That the parcel will be late, 0 to 1.")
