"""What columns read, and which column of a row is never before the night by which that was known."""

from __future__ import annotations

import pytest

from redeye.warehouse.logic.column_lineage import (
    ROWS,
    LineageError,
    QueryColumns,
    Read,
    Table,
    describe,
    merge_reads,
)

SALES = Table("raw.sales", ("night", "shop", "amount"), known_by="night")
NEWEST = Table("raw.newest", ("shop", "size"))
CALENDAR = Table("raw.calendar", ("day", "is_holiday"), is_timeless=True)
TABLES = {each.name: each for each in (SALES, NEWEST, CALENDAR)}
AMOUNT, NIGHT, SHOP = (Read("raw.sales", name) for name in ("amount", "night", "shop"))
SOLD = Read("raw.sales", ROWS)


def follow(sql: str, *trusted: str) -> QueryColumns:
    for each in TABLES.values():
        _, _, name = each.name.partition(".")
        sql = sql.replace(f"@{name}", f"w.raw.{name}")
    return describe(sql, TABLES, catalog="w", trusted=trusted)


def holders(sql: str, column: str = "amount", read: Read = AMOUNT, *trusted: str) -> set[str] | None:
    found = follow(sql, *trusted).columns[column][read]
    return None if found is None else set(found)


def test_a_table_is_held_by_its_night_by_nothing_or_always():
    assert SALES.describe().columns["amount"] == {AMOUNT: {"night"}}
    assert SALES.describe().rows == {SOLD: {"night"}}
    assert NEWEST.describe().columns["size"] == {Read("raw.newest", "size"): frozenset()}
    assert CALENDAR.describe().columns["day"] == {Read("raw.calendar", "day"): None}
    assert CALENDAR.describe().rows == {Read("raw.calendar", ROWS): None}


def test_a_read_is_said_without_its_schema():
    assert str(AMOUNT) == "sales.amount"


def test_a_column_reads_what_it_is_made_from_and_what_decides_about_rows():
    found = follow("select night, amount * 2 as double from @sales where shop = 'x'")
    assert found.columns["double"].keys() == {AMOUNT, SHOP, SOLD}
    assert found.rows.keys() == {SHOP, SOLD}
    assert found.values == {"night": {NIGHT}, "double": {AMOUNT}}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select night, amount from @sales", {"night"}),
        ("select night as day, amount from @sales", {"day"}),
        ("select night + 1 as night, amount from @sales", {"night"}),
        ("select night - 1 as night, amount from @sales", set()),
        ("select amount from @sales", set()),
        ("select night, sum(amount) as amount from @sales group by night", {"night"}),
        ("select shop, sum(amount) as amount from @sales group by shop", set()),
        ("select max(night) as night, sum(amount) as amount from @sales", {"night"}),
        ("select min(night) as night, sum(amount) as amount from @sales", set()),
        ("select d.day, s.amount from @calendar d join @sales s on s.night <= d.day", {"day"}),
        ("select d.day, s.amount from @calendar d join @sales s on s.night = d.day - 7", set()),
        ("select d.day, s.amount from @calendar d join @sales s on s.night + 7 = d.day", {"day"}),
        ("select d.day, s.amount from @calendar d join @sales s on s.night >= d.day", set()),
        ("select d.day, s.amount from @calendar d, @sales s where s.night < d.day", {"day"}),
        ("select d.day, s.amount from @calendar d left join @sales s on s.night <= d.day", {"day"}),
        ("select d.day, s.amount from @calendar d right join @sales s on s.night <= d.day", set()),
        ("select d.day, s.amount from @calendar d full join @sales s on s.night <= d.day", set()),
        ("with t as (select night, amount from @sales) select night, amount from t", {"night"}),
        ("select t.n, t.amount from (select night as n, amount from @sales) as t", {"n"}),
        ("select night, amount from @sales union all select night, amount from @sales", {"night"}),
        ("select night, amount from @sales union all select night - 1, amount from @sales", set()),
        ("select night, (select max(amount) from @sales) as amount from @sales", set()),
        ("select night, sum(amount) over (partition by night) as amount from @sales", {"night"}),
        ("select night, sum(amount) over (partition by shop) as amount from @sales", set()),
        ("select night, lag(amount) over (order by night) as amount from @sales", {"night"}),
        ("select night, lead(amount) over (order by night) as amount from @sales", set()),
        ("select night, lead(amount) over w as amount from @sales window w as (order by night)", set()),
        ("select night, lag(amount) over w as amount from @sales window w as (order by night)", {"night"}),
        ("select night + i as night, amount from @sales, range(7) as r(i)", {"night"}),
        ("select night - i as night, amount from @sales, range(7) as r(i)", set()),
    ],
)
def test_what_holds_a_value_is_what_is_never_before_its_night(sql: str, expected: set[str]):
    assert holders(sql) == expected


def test_the_condition_of_a_left_join_says_nothing_of_the_other_side():
    sql = (
        "select s.night, d.day, s.amount from @sales s left join @calendar d on s.night <= d.day "
        "and d.is_holiday"
    )
    assert holders(sql) == {"night"}
    assert holders(sql.replace("left join", "join")) == {"night", "day"}


def test_what_was_always_known_needs_no_holder_until_it_meets_what_was_not():
    day = Read("raw.calendar", "day")
    assert holders("select day from @calendar", "day", day) is None
    assert holders("select max(day) as day from @calendar", "day", day) is None
    found = follow("select day, count(*) as n from @calendar, @newest group by day")
    assert found.columns["n"][Read("raw.newest", ROWS)] == frozenset()
    assert found.columns["n"][Read("raw.calendar", ROWS)] is None


def test_a_trusted_window_or_smallest_night_is_taken_at_its_word():
    window = "select night, lead(amount) over (order by night) as amount from @sales"
    assert holders(window, "amount", AMOUNT, "amount") == {"night"}
    smallest = "select min(night) as night, sum(amount) as amount from @sales"
    assert holders(smallest, "amount", AMOUNT, "night") == {"night"}
    assert holders(smallest, "amount", AMOUNT, "another") == set()


def test_a_union_by_name_matches_columns_by_name_and_keeps_those_of_either():
    found = follow(
        "select night, amount from @sales "
        "union all by name select n.shop as extra, n.size as amount, d.day as night from @newest n, @calendar d"
    )
    size, shop = (Read("raw.newest", name) for name in ("size", "shop"))
    assert list(found.columns) == ["night", "amount", "extra"]
    assert found.columns["amount"][AMOUNT] == {"night"}
    assert found.columns["amount"][size] == frozenset()
    day = Read("raw.calendar", "day")
    assert found.values == {"night": {NIGHT, day}, "amount": {AMOUNT, size}, "extra": {shop}}
    by_place = follow("select night, amount from @sales union all select amount, night from @sales")
    assert by_place.values == {"night": {NIGHT, AMOUNT}, "amount": {NIGHT, AMOUNT}}


def test_a_common_table_expression_hides_no_table_that_is_named_with_its_schema():
    sql = "with sales as (select shop, size as amount from @newest) select amount from "
    assert follow(f"{sql} sales").values["amount"] == {Read("raw.newest", "size")}
    assert follow(f"{sql} @sales").values["amount"] == {AMOUNT}


def test_values_are_not_made_of_what_chooses_rows_for_them():
    found = follow(
        "select sum(amount) filter (where shop = 'x') as some, "
        "max(amount) over (partition by shop order by night) as most, "
        "(select max(size) from @newest) as size from @sales group by all"
    )
    assert found.values["some"] == {AMOUNT}
    assert found.values["most"] == {AMOUNT}
    assert found.values["size"] == {Read("raw.newest", "size")}


def test_merged_reads_are_held_by_what_holds_each_and_by_anything_if_always_known():
    one, other = frozenset({"a", "b"}), frozenset({"b", "c"})
    assert merge_reads([{AMOUNT: one, SHOP: one}, {AMOUNT: other}]) == {AMOUNT: {"b"}, SHOP: one}
    assert merge_reads([{AMOUNT: None}, {AMOUNT: other}]) == {AMOUNT: other}
    assert merge_reads([{AMOUNT: one}, {AMOUNT: None}]) == {AMOUNT: one}
    assert merge_reads([{AMOUNT: None}, {AMOUNT: None}]) == {AMOUNT: None}
    assert merge_reads([{AMOUNT: frozenset()}, {AMOUNT: one}]) == {AMOUNT: frozenset()}


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select (", "the query cannot be followed"),
        ("select nothing from @sales", "nothing"),
        ("select a from w.raw.unknown", "no known relation|cannot be followed"),
        ("with recursive t as (select 1 as n union all select n + 1 from t) select n from t", "recursive"),
        ("insert into w.raw.sales select * from w.raw.sales", "a Insert cannot be followed"),
        (
            "select night, (select max(n.size) from @newest n where n.shop = s.shop) as size from @sales s",
            "s.shop is no column of its query",
        ),
    ],
    ids=["no query", "no column", "no table", "recursive", "no select", "outer column"],
)
def test_what_cannot_be_followed_is_an_error(sql: str, message: str):
    with pytest.raises(LineageError, match=message):
        follow(sql)
