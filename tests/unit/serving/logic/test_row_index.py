"""Rows are found by their values and ordered by any column, whatever was asked for before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from redeye.serving.logic.queries import Query
from redeye.serving.logic.row_index import RowIndex

ROWS = [
    {
        "parcel_id": str(rank),
        "depot": depot,
        "weight": weight,
        "rank": rank,
    }
    for rank, (depot, weight) in enumerate([("AB", 2.0), ("CD", None), ("AB", 1.0), ("EF", 3.0)], start=1)
]


def select(index=None, **asked):
    places, total = (index or RowIndex(ROWS)).select(Query(**asked))
    return [ROWS[place]["rank"] for place in places], total


def test_rows_are_filtered_sorted_and_paged():
    assert select() == ([1, 2, 3, 4], 4)
    assert select(equal=(("depot", frozenset({"AB"})),)) == ([1, 3], 2)
    assert select(equal=(("depot", frozenset({"AB", "EF"})), ("weight", frozenset({2.0, 3.0})))) == (
        [1, 4],
        2,
    )
    assert select(equal=(("depot", frozenset({"ZZ"})),)) == ([], 0)
    assert select(sort="weight") == ([3, 1, 4, 2], 4), "a row without a value comes last"
    assert select(sort="-weight") == ([4, 1, 3, 2], 4)
    assert select(sort="-weight", limit=2, offset=1) == ([1, 3], 4)


def test_a_row_is_found_by_its_key():
    assert RowIndex(ROWS).find("parcel_id", "3") == [2]
    assert RowIndex(ROWS).find("parcel_id", "9") == []


SMALL = st.integers(0, 3)
MADE = st.lists(st.fixed_dictionaries({"a": SMALL, "b": st.none() | SMALL, "rank": SMALL}), max_size=12)


@given(
    MADE,
    st.lists(
        st.builds(
            Query,
            equal=st.lists(
                st.tuples(st.sampled_from("ab"), st.frozensets(SMALL, min_size=1)), max_size=3
            ).map(tuple),
            sort=st.sampled_from(["a", "-a", "b", "-b", "rank"]),
            limit=st.integers(1, 5),
            offset=st.integers(0, 5),
        ),
        max_size=4,
    ),
)
def test_it_finds_what_a_walk_over_all_rows_finds(rows, queries):
    index = RowIndex(rows)
    for query in queries:
        found = [row for row in rows if all(row[name] in values for name, values in query.equal)]
        by, is_falling = query.sort.removeprefix("-"), query.sort.startswith("-")
        known = sorted(
            (row for row in found if row[by] is not None), key=lambda row: row[by], reverse=is_falling
        )
        ordered = known + [row for row in found if row[by] is None]
        places, total = index.select(query)
        assert [rows[place] for place in places] == ordered[query.offset : query.offset + query.limit]
        assert total == len(found)
