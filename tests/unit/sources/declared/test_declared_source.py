"""Declared datasets, taken in night by night: what is new, late, changed and gone, and what of them has no past."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from redeye.declarations.calendar import cutoff, list_nights
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources.logic.deliveries import DeliveryFault

N1, N2, N3, N4 = (date(2013, 11, day) for day in (1, 2, 3, 4))
ORDERS = """  orders:
    files: {url: data/orders.csv}
    known_at: {column: created_at}
    changes: {mode: append}
"""
HEADER = "order_id,created_at,amount"
FIRST = "1,2013-11-01T12:00:00,5.00"


@pytest.fixture
def orders(made):
    made.promise("orders", order_id="integer", created_at="timestamp", amount="number")
    return made


def test_rows_of_one_file_are_cut_to_nights_across_a_change_of_the_clock(orders, rows):
    # The clock goes back at 02:00 on 3 November: that night begins at 03:00, and the one before has 25 hours.
    orders.write(
        "data/orders.csv",
        HEADER,
        FIRST,
        "2,2013-11-03T02:59:59,1",
        "3,2013-11-03T03:00:00,1",
        "4,2013-11-03T03:00:01,1",
        "5,2013-11-03T01:30:00-04:00,1",
    )
    source = orders.declare(ORDERS)
    assert (source.first_night, source.last_night, source.is_prompt) == (N1, N3, True)
    found = rows(orders.take_in(source, N1, N3))
    assert found[N1] == [("1", "2013-11-01T16:00:00Z", "5.00", "2013-11-01T16:00:00Z")]
    assert [row[0] for row in found[N2]] == ["2", "3", "5"]
    assert [row[3] for row in found[N2]] == [
        "2013-11-03T07:59:59Z",
        "2013-11-03T08:00:00Z",
        "2013-11-03T05:30:00Z",
    ]
    assert [row[0] for row in found[N3]] == ["4"]


def test_an_hour_that_comes_twice_is_named_or_resolved_by_a_rule(orders, rows):
    orders.write("data/orders.csv", HEADER, "1,2013-11-03T01:30:00,5")
    with pytest.raises(DeliveryError, match=r"orders, column created_at: '2013-11-03T01:30:00' comes twice"):
        _ = orders.declare(ORDERS).first_night
    for which, hour in (("first", 5), ("second", 6)):
        source = orders.declare(f"{ORDERS}    repeated_hour: {which}\n")
        (delivery,) = source.fetch(N2, N2)
        assert delivery.frame["known_at"].to_pylist() == [f"2013-11-03T0{hour}:30:00Z"]


def test_nothing_new_is_no_change_and_the_file_need_not_be_there_then(orders):
    orders.write("data/orders.csv", HEADER, FIRST, "2,2013-11-03T12:00:00,1")
    source = orders.declare(ORDERS)
    assert len(orders.take_in(source, N1, N3)) == 3
    assert orders.take_in(source, N1, N3) == []
    orders.write("data/orders.csv", HEADER)
    assert orders.take_in(source, N1, N3) == []


def test_a_row_that_comes_late_arrives_once_with_the_newest_night_and_is_no_restatement(orders, rows):
    clock = "  live_from: 2013-11-01\n"
    orders.write("data/orders.csv", HEADER, FIRST, "3,2013-11-03T12:00:00,1")
    source = orders.declare(ORDERS, clock)
    orders.take_in(source, N1, N3)
    # One of a night that was taken in, and one older than all.
    late = ["2,2013-11-02T12:00:00,1", "0,2013-10-01T12:00:00,1"]
    orders.write(
        "data/orders.csv", HEADER, FIRST, *late, "3,2013-11-03T12:00:00,1", "4,2013-11-04T12:00:00,1"
    )
    source = orders.declare(ORDERS, clock + "  history_from: 2013-11-01\n")
    assert orders.take_in(source, N1, N3) == []
    new = orders.take_in(source, N1, N4)
    assert [(ref.night, ref.is_restatement) for ref in new] == [(N4, False)]
    assert {row[0]: row[3] for row in rows(new)[N4]} == {
        "0": "2013-11-05T08:00:00Z",
        "2": "2013-11-05T08:00:00Z",
        "4": "2013-11-04T17:00:00Z",
    }
    assert rows(orders.take_in(source, date(2013, 11, 5), date(2013, 11, 5))) == {}


def test_what_was_known_before_the_first_night_comes_with_it(orders, rows):
    orders.write("data/orders.csv", HEADER, FIRST, "0,2012-01-01T12:00:00,1")
    source = orders.declare(ORDERS, "  history_from: 2013-11-01\n")
    assert {row[0]: row[3] for row in rows(orders.take_in(source, N1, N1))[N1]} == {
        "0": "2013-11-02T07:00:00Z",
        "1": "2013-11-01T16:00:00Z",
    }


def test_a_row_that_changed_is_a_fault_of_an_append_and_a_new_version_of_an_upsert(orders, rows):
    clock = "  live_from: 2013-11-01\n  history_from: 2013-11-01\n"
    orders.write("data/orders.csv", HEADER, FIRST)
    orders.take_in(orders.declare(ORDERS, clock), N1, N1)
    orders.write("data/orders.csv", HEADER, "1,2013-11-01T12:00:00,6.00")
    (fault,) = orders.declare(ORDERS, clock).fetch(N2, N2)
    assert isinstance(fault, DeliveryFault)
    assert "1 rows are other than they landed (order_id: 1)" in fault.message
    upsert = orders.declare(ORDERS.replace("append", "upsert, deletes: never"), clock)
    assert rows(orders.take_in(upsert, N2, N2)) == {
        N2: [("1", "2013-11-01T16:00:00Z", "6.00", "2013-11-03T08:00:00Z")]
    }
    # It goes back to what it was: that is new again.
    orders.write("data/orders.csv", HEADER, FIRST)
    assert [row[2] for row in rows(orders.take_in(upsert, N3, N3))[N3]] == ["5.00"]


def test_keys_that_are_gone_are_marked_deleted_once_and_stay_in_the_past(made, rows):
    made.promise("orders", order_id="integer", created_at="timestamp", is_deleted="boolean")
    declared = ORDERS.replace("append", "upsert, deletes: {compare_keys: P60D}")
    source = made.declare(declared, "  live_from: 2013-11-01\n  history_from: 2013-11-01\n")
    made.write("data/orders.csv", HEADER, FIRST, "2,2013-11-01T13:00:00,1")
    assert [row[2] for row in rows(made.take_in(source, N1, N1))[N1]] == ["false", "false"]
    made.write("data/orders.csv", HEADER, "2,2013-11-01T13:00:00,1")
    gone = rows(made.take_in(source, N2, N2))
    assert gone == {N2: [("1", "2013-11-01T16:00:00Z", "true", "2013-11-03T08:00:00Z")]}
    assert rows(made.take_in(source, N3, N3)) == {}
    made.write("data/orders.csv", HEADER, FIRST, "2,2013-11-01T13:00:00,1")
    assert [row[:3:2] for row in rows(made.take_in(source, N4, N4))[N4]] == [("1", "false")]


SHOPS = """  shops:
    files: {url: shops.jsonl}
    known_at: delivery
    changes: {mode: snapshot%s}
"""
LIVE = "  history_from: 2013-11-01\n  live_from: 2013-11-03\n"


@pytest.fixture
def shops(made):
    made.promise("shops", shop_id="string", name="string", is_deleted="boolean")
    made.write("shops.jsonl", '{"shop_id": "a", "name": "Ash"}', '{"shop_id": "b", "name": "Beech"}')
    return made


def test_a_table_that_is_overwritten_has_no_past_unless_that_is_assumed(shops, rows):
    source = shops.declare(SHOPS % "", LIVE)
    assert shops.take_in(source, N1, N2) == []
    assert [row[0] for row in rows(shops.take_in(source, N3, N3))[N3]] == ["a", "b"]
    (declared,) = [each.declared for each in source._nights]
    assert declared.list_caveats() == [
        "its past is unknown: there is nothing of it before it was first delivered"
    ]


def test_a_snapshot_delivers_what_changed_and_what_is_gone(shops, rows):
    source = shops.declare(SHOPS % ", history: assumed_constant", LIVE)
    first = rows(shops.take_in(source, N1, N2))
    assert {night: [row[0] for row in found] for night, found in first.items()} == {N1: ["a", "b"]}
    shops.write("shops.jsonl", '{"shop_id": "b", "name": "Birch"}', '{"shop_id": "c", "name": null}')
    assert rows(shops.take_in(source, N3, N3))[N3] == [
        ("a", "Ash", "true", "2013-11-04T08:00:00Z"),
        ("b", "Birch", "false", "2013-11-04T08:00:00Z"),
        ("c", "NA", "false", "2013-11-04T08:00:00Z"),
    ]
    assert shops.take_in(source, N4, N4) == []


def test_snapshots_of_each_night_are_compared_with_the_one_before(made, rows):
    made.promise("shops", shop_id="string", name="string", is_deleted="boolean")
    for night, names in ((N1, "ab"), (N2, "b"), (N3, "bc")):
        made.write(f"shops/{night}.csv", "shop_id,name", *[f"{name},{name}" for name in names])
    source = made.declare((SHOPS % "").replace("shops.jsonl", "'shops/{night:%Y-%m-%d}.csv'"))
    found = rows(made.take_in(source, N1, N3))
    assert {night: [row[:3:2] for row in each] for night, each in found.items()} == {
        N1: [("a", "false"), ("b", "false")],
        N2: [("a", "true")],
        N3: [("c", "false")],
    }
    assert made.take_in(source, N1, N3) == []


NIGHTLY = """  sales:
    files: {url: 'sales/{day:%Y/%m-%d}-*.csv', per_period: 2}
    known_at: {after: day, lag: PT30M, assumed: true}
    changes: {mode: append}
"""


def test_files_of_each_day_come_when_they_are_known_and_others_than_declared_are_named(made, rows):
    made.promise("sales", sale_id="string", amount="number")
    for part in "ab":
        made.write(f"sales/2013/11-01-{part}.csv", "sale_id,amount,more", f"{part},1,x")
    made.write("sales/2013/11-02-a.csv", "sale_id,amount", "c,1")
    source = made.declare(NIGHTLY)
    assert (source.first_night, source.last_night) == (N1, N2)
    found = list(source.fetch(N1, N2))
    assert found[0].frame.to_pylist() == [
        {"sale_id": name, "amount": "1", "known_at": "2013-11-02T04:30:00Z"} for name in "ab"
    ]
    assert isinstance(found[1], DeliveryFault)
    assert "2 files are declared and 1 are there: " in found[1].message
    assert found[1].message.endswith("sales/2013/11-02-a.csv")


def test_a_file_of_a_night_that_changed_is_a_restatement(made, rows):
    made.promise("sales", sale_id="string", amount="number")
    declared = NIGHTLY.replace("-*", "").replace(", per_period: 2", "")
    made.write("sales/2013/11-01.csv", "sale_id,amount", "a,1")
    made.write("sales/2013/11-02.csv", "sale_id,amount", "b,1")
    source = made.declare(declared)
    made.take_in(source, N1, N2)
    assert made.take_in(source, N1, N2) == []
    made.write("sales/2013/11-01.csv", "sale_id,amount", "a,2")
    (ref,) = made.take_in(source, N1, N2)
    assert (ref.night, ref.is_restatement) == (N1, True)


def test_rows_that_are_known_in_advance_come_with_the_night_before_their_day(made, rows):
    made.promise("plan", plan_id="string", starts_at="timestamp")
    made.write("plan.csv", "plan_id,starts_at", "a,2013-11-02T00:10:00", "b,2013-11-02T23:59:00")
    source = made.declare(
        "  plan:\n    files: {url: plan.csv}\n    known_at: {before: day, of: starts_at}\n    changes: {mode: append}\n"
    )
    found = rows(made.take_in(source, source.first_night, source.last_night))
    assert {night: [row[2] for row in each] for night, each in found.items()} == {
        N1: ["2013-11-02T07:00:00Z"] * 2
    }


def test_history_that_holds_corrected_values_is_known_later(orders, rows):
    orders.write("data/orders.csv", HEADER, FIRST, "2,2013-11-03T12:00:00,1")
    declared = ORDERS.replace("append", "append, revised_for: P2D")
    source = orders.declare(declared, "  live_from: 2013-11-03\n")
    found = rows(orders.take_in(source, source.first_night, N3))
    assert {night: [row[0] for row in each] for night, each in found.items()} == {N3: ["1", "2"]}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  orders:", "  order:", "datasets.order: has no contract "),
        (
            "created_at}",
            "created}",
            "datasets.orders.known_at.column: 'created' is no column of orders.odcs.yaml; did",
        ),
        (
            "{column: created_at}",
            "{column: amount}",
            "datasets.orders.known_at.column: 'amount' is no timestamp",
        ),
        ("append", "snapshot", "is_deleted is missing: add it"),
        (
            "append",
            "upsert, deletes: {column: amount}",
            ".deletes.column: 'amount' is no boolean",
        ),
    ],
)
def test_what_does_not_fit_the_contract_is_refused_with_its_line(orders, before, after, said):
    with pytest.raises(ConfigError, match=r"(redeye|orders\.odcs)\.yaml:\d+: ") as error:
        orders.declare(ORDERS.replace(before, after))
    assert said in str(error.value)


def test_a_source_without_dated_rows_must_be_told_its_nights(shops):
    with pytest.raises(ConfigError, match=r"clock\.history_from"):
        _ = shops.declare(SHOPS % "").first_night


def test_a_variable_with_one_file_of_all_nights_needs_a_column_that_says_the_night(orders, monkeypatch):
    monkeypatch.setenv("SHOP_FILES", "data/orders.csv")
    orders.write("data/orders.csv", HEADER, FIRST)
    declared = ORDERS.replace("url: data/orders.csv", "url_env: SHOP_FILES")
    assert orders.declare(declared).first_night == N1
    with pytest.raises(ConfigError, match="SHOP_FILES names one file for all nights"):
        _ = orders.declare(declared.replace("{column: created_at}", "{after: day}")).first_night


@pytest.mark.parametrize("seed", range(3))
def test_a_night_is_the_same_from_all_rows_as_from_those_known_by_its_cutoff(orders, seed):
    chance = random.Random(seed)
    start = datetime(2013, 11, 1, 12, tzinfo=UTC)
    known = sorted(start + timedelta(minutes=chance.randrange(5 * 24 * 60)) for _ in range(60))
    lines = [f"{number},{at.isoformat()},{chance.random()}" for number, at in enumerate(known)]
    source = orders.declare(ORDERS, "  history_from: 2013-11-01\n  live_from: 2013-11-01\n")
    last = date(2013, 11, 6)
    orders.write("data/orders.csv", HEADER, *chance.sample(lines, len(lines)))
    bulk = {each.night: each.frame for each in source.fetch(N1, last)}
    for night in list_nights(N1, last):
        there = [line for line, at in zip(lines, known, strict=True) if at <= cutoff(night)]
        orders.write("data/orders.csv", HEADER, *there)
        (delivery,) = source.fetch(night, night)
        assert delivery.frame == bulk[night]
        orders.take_in(source, night, night)


def test_a_file_that_keeps_all_versions_of_a_row_delivers_each_once(orders, rows):
    orders.write("data/orders.csv", HEADER, FIRST, "1,2013-11-02T12:00:00,6", "2,2013-11-03T12:00:00,1")
    source = orders.declare(
        ORDERS.replace("append", "upsert, deletes: never"),
        "  live_from: 2013-11-01\n  history_from: 2013-11-01\n",
    )
    found = rows(orders.take_in(source, N1, N3))
    assert {night: [row[2] for row in each] for night, each in found.items()} == {
        N1: ["5.00"],
        N2: ["6"],
        N3: ["1"],
    }
    assert rows(orders.take_in(source, N4, N4)) == {}


def test_rows_of_a_nights_file_are_known_no_earlier_than_it_and_none_after_its_night(orders, rows):
    declared = ORDERS.replace("data/orders.csv", "'{night:%Y-%m-%d}.csv'")
    orders.write("2013-11-01.csv", HEADER, FIRST, "2,2013-10-31T12:00:00,1")
    source = orders.declare(declared)
    assert {row[0]: row[3] for row in rows(orders.take_in(source, N1, N1))[N1]} == {
        "1": "2013-11-01T16:00:00Z",
        "2": "2013-11-02T07:00:00Z",
    }
    orders.write("2013-11-01.csv", HEADER, "1,2013-11-02T12:00:00,1")
    (fault,) = source.fetch(N1, N1)
    assert "created_at says 2013-11-02T16:00:00Z, which is after night 2013-11-01 ended" in fault.message


def test_a_plan_that_comes_anew_each_night_is_known_with_its_file(made, rows):
    made.promise("plan", plan_id="string", starts_at="timestamp")
    made.write("2013-11-01.csv", "plan_id,starts_at", "a,2013-11-02T12:00:00", "b,2013-11-09T12:00:00")
    source = made.declare(
        "  plan:\n    files: {url: '{night:%Y-%m-%d}.csv'}\n    known_at: {before: day, of: starts_at}\n"
        "    changes: {mode: append}\n"
    )
    found = rows(made.take_in(source, N1, N1))
    assert {row[0]: row[2] for row in found[N1]} == dict.fromkeys("ab", "2013-11-02T07:00:00Z")


def test_the_last_night_to_predict_is_the_last_that_is_announced(made):
    made.promise("schedule", visit="integer", at="timestamp")
    made.promise("outcomes", visit="integer", at="timestamp")
    made.write("data/visits.csv", "visit,at", "1,2013-11-02T12:00:00", "2,2013-11-03T12:00:00")
    lines = "    files: {url: data/visits.csv}\n    changes: {mode: append}\n"
    source = made.declare(
        f"  schedule:\n{lines}    known_at: {{before: day, of: at}}\n"
        f"  outcomes:\n{lines}    known_at: {{after: day, of: at}}\n"
    )
    assert (source.first_night, source.last_night, source.final_night) == (N1, N2, N3)
