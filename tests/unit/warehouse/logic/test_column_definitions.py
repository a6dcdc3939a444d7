"""Which columns an edit of SQL changes: all that are made from it, and no others."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from redeye.warehouse.logic.column_definitions import Definition, Definitions, edits
from redeye.warehouse.logic.column_lineage import Read

RAW = Definition("raw.flights", dict.fromkeys(("night", "origin", "delay", "tail"), "text"))
PLACES = Definition("raw.places", dict.fromkeys(("origin", "city"), "text"))
STAGED = Definition(
    "staging.flights",
    {"night": "date", "origin_id": "varchar", "delay_minutes": "bigint", "plane_id": "varchar"},
    sql="""select night, origin as origin_id, delay::bigint as delay_minutes, tail as plane_id
        from warehouse.raw.flights where delay is not null""",
    path="stg.sql",
    key=("night", "origin_id"),
)
FEATURE = Definition(
    "features.feat_origin__delays",
    {"night": "date", "origin_id": "varchar", "late_flights": "bigint", "mean_delay": "double"},
    sql="""with keys as (select distinct night, origin_id from warehouse.staging.flights),
        late as (
            select night, origin_id, sum((delay_minutes >= 15)::integer) as late_flights,
                avg(delay_minutes) as mean_delay
            from warehouse.staging.flights group by all
        )
        select keys.night, keys.origin_id, coalesce(late.late_flights, 0)::bigint as late_flights, late.mean_delay
        from keys left join late on keys.night = late.night and keys.origin_id = late.origin_id
        order by keys.night""",
    path="feat.sql",
    key=("night", "origin_id"),
)
ALL = {"night", "origin_id", "late_flights", "mean_delay"}


def of(*relations: Definition) -> Definitions:
    return Definitions({each.name: each for each in (RAW, PLACES, *relations)}, "warehouse")


def edited(old: str, new: str, *, which: Definition = FEATURE, **other: object) -> set[str]:
    """The feature's columns that an edit of one of the two models changes."""
    assert old in which.sql
    after = replace(which, sql=which.sql.replace(old, new), **other)
    columns = [Read(FEATURE.name, each) for each in FEATURE.columns]
    changed = of(*(after if each is which else each for each in (STAGED, FEATURE)))
    found = edits(of(STAGED, FEATURE), changed, columns)
    assert all(each.paths == (which.path,) for each in found)
    return {each.read.column for each in found}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("select keys.night", "-- A remark.\n  SELECT   keys.night"),
        ("keys", "keyed"),
        ("keys.night,", "keys.night as night,"),
        ("late.mean_delay", "late.mean_delay, 1 as is_new"),
        ("from keys left", "from keys left join warehouse.raw.places as p on p.origin = keys.origin_id left"),
        (
            "late.mean_delay",
            "late.mean_delay, rank() over (partition by keys.night order by late.mean_delay) as n",
        ),
        ("late.mean_delay", "late.mean_delay, sum(late.late_flights) over (partition by keys.night) as n"),
    ],
    ids=[
        "layout",
        "names within",
        "alias",
        "column beside",
        "column beside by a join",
        "rank",
        "sum over rows",
    ],
)
def test_what_defines_the_same_changes_nothing(old: str, new: str) -> None:
    assert edited(old, new) == set()


@pytest.mark.parametrize(
    ("old", "new", "hit"),
    [
        (">= 15", ">= 30", {"late_flights"}),
        ("avg(", "max(", {"mean_delay"}),
        ("coalesce(late.late_flights, 0)", "late.late_flights", {"late_flights"}),
        (
            "from warehouse.staging.flights group",
            "from warehouse.staging.flights where delay_minutes > 0 group",
            None,
        ),
        ("group by all", "group by night, origin_id, plane_id", None),
        ("select distinct night", "select distinct night + 1 as night", ALL),
        ("from keys left join", "from keys inner join", ALL),
        ("order by keys.night", "where keys.night is not null", ALL),
    ],
)
def test_an_edit_changes_what_is_made_from_it(old: str, new: str, hit: set[str] | None) -> None:
    # Rows of a joined query decide about its values, not about the rows of what it is joined to.
    assert edited(old, new) == (hit or {"late_flights", "mean_delay"})


@pytest.mark.parametrize("over", ["(partition by keys.night order by late.mean_delay)", "w"])
def test_a_window_is_of_all_that_it_reads(over: str) -> None:
    sql = FEATURE.sql.replace("late.mean_delay\n", f"late.mean_delay, rank() over {over} as place\n")
    if over == "w":
        sql = sql.replace(
            "order by keys.night", "window w as (partition by keys.night order by late.mean_delay)"
        )
    ranked = replace(FEATURE, columns={**FEATURE.columns, "place": "bigint"}, sql=sql)
    read = [Read(FEATURE.name, each) for each in ranked.columns]

    def hit(old: str, new: str) -> set[str]:
        assert old in sql
        after = replace(ranked, sql=sql.replace(old, new))
        return {each.read.column for each in edits(of(STAGED, ranked), of(STAGED, after), read)}

    assert hit("avg(", "max(") == {"mean_delay", "place"}
    assert hit("keys.night = late.night", "keys.night = late.night + 1") == {
        "late_flights",
        "mean_delay",
        "place",
    }
    assert hit("partition by keys.night", "partition by keys.origin_id") == {"place"}


def test_an_edit_upstream_reaches_what_is_made_from_it_and_no_more() -> None:
    assert edited("delay::bigint", "delay::bigint + 1", which=STAGED) == {"late_flights", "mean_delay"}
    assert edited("tail as", "upper(tail) as", which=STAGED) == set()
    assert edited("delay is not null", "true", which=STAGED) == ALL


def test_a_join_that_nothing_holds_to_one_row_counts_for_every_column() -> None:
    joined = "from keys left join warehouse.raw.places as p on p.origin = keys.origin_id left"
    before, after = (
        replace(FEATURE, key=(), sql=sql)
        for sql in (FEATURE.sql, FEATURE.sql.replace("from keys left", joined))
    )
    found = edits(of(STAGED, before), of(STAGED, after), [Read(FEATURE.name, each) for each in ALL])
    assert {each.read.column for each in found} == ALL


def test_types_and_what_is_not_in_the_query_count_as_well() -> None:
    types = {**FEATURE.columns, "mean_delay": "float"}
    assert edited("night", "night", columns=types) == {"mean_delay"}
    assert edited("night", "night", how="another configuration") == ALL


def test_what_was_not_there_is_new_and_what_is_no_more_is_gone() -> None:
    more = replace(
        FEATURE,
        columns={**FEATURE.columns, "is_new": "integer"},
        sql=FEATURE.sql.replace("late.mean_delay\n", "late.mean_delay, 1 as is_new\n"),
    )
    read = Read(FEATURE.name, "is_new")
    assert edits(of(STAGED, FEATURE), of(STAGED, more), [read]) == []
    (gone,) = edits(of(STAGED, more), of(STAGED, FEATURE), [read])
    assert gone.is_gone


@pytest.mark.parametrize(
    "sql", ["no query at all (", "pivot warehouse.staging.flights on origin_id using sum(delay_minutes)"]
)
def test_what_cannot_be_followed_counts_as_a_whole(sql: str) -> None:
    before = replace(FEATURE, sql=sql)
    columns = [Read(FEATURE.name, each) for each in FEATURE.columns]
    assert edits(of(STAGED, before), of(STAGED, replace(before)), columns) == []
    after = replace(before, sql=f"{sql} -- any edit")
    assert len(edits(of(STAGED, before), of(STAGED, after), columns)) == len(columns)
    upstream = replace(STAGED, sql=STAGED.sql.replace("upper", "").replace("tail as", "upper(tail) as"))
    assert len(edits(of(STAGED, before), of(upstream, before), columns)) == len(columns)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a.night = b.night - 1", "b.night = a.night - 1"),
        ("select a.night", "select b.night"),
        ("b.x", "a.x"),
    ],
)
def test_a_table_that_is_joined_with_itself_is_two(old: str, new: str) -> None:
    sql = """with t as (select night, origin_id, delay_minutes as x from warehouse.staging.flights)
        select a.night, a.origin_id, a.x as late_flights,
            (select max(c.x) from t as c where c.origin_id = b.origin_id and c.x > b.x) as mean_delay
        from t as a join t as b on a.night = b.night - 1"""
    before = replace(FEATURE, sql=sql)
    columns = [Read(FEATURE.name, each) for each in FEATURE.columns]
    assert old in sql
    assert edits(of(STAGED, before), of(STAGED, replace(before, sql=sql.replace(old, new))), columns)


def test_a_relation_that_reads_itself_of_the_night_before_is_followed() -> None:
    own = f"select night, origin_id, late_flights, mean_delay from warehouse.{FEATURE.name} where night < 5"
    before = replace(
        FEATURE,
        sql=f"{own} union all by name select night, origin_id, 1 as late_flights from warehouse.staging.flights",
    )
    columns = [Read(FEATURE.name, each) for each in FEATURE.columns]
    after = replace(before, sql=before.sql.replace("1 as late", "2 as late"))
    assert {each.read.column for each in edits(of(STAGED, before), of(STAGED, after), columns)} == {
        "late_flights"
    }
    assert (
        len(
            edits(
                of(STAGED, before), of(STAGED, replace(before, sql=before.sql.replace("< 5", "< 6"))), columns
            )
        )
        == 4
    )


def test_definitions_are_written_and_read_back() -> None:
    assert Definition.from_dict(json.loads(json.dumps(asdict(FEATURE)))) == FEATURE
