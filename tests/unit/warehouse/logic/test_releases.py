"""Which deliveries a build loads, and which dbt models are behind a relation."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse.logic.releases import CodeNode, newest, upstream

NODES = [
    CodeNode("model.p.stg", "staging.stg", "1", ("source.p.raw",)),
    CodeNode("model.p.mart", "marts.mart", "2", ("model.p.stg",)),
    CodeNode("model.p.feat", "features.feat", "3", ("model.p.stg", "model.p.mart")),
    CodeNode("model.p.other", "features.other", "4", ("model.p.mart",)),
]


def test_all_that_a_relation_reads_is_upstream_and_nothing_else():
    assert [node.node_id for node in upstream(NODES, ["features.feat"])] == [
        "model.p.feat",
        "model.p.mart",
        "model.p.stg",
    ]


def test_a_relation_that_no_model_makes_has_nothing_upstream():
    assert upstream(NODES, ["features.gone"]) == ()


def ref(name: str, night: int, arrival: int, dataset: str = "schedule") -> DeliveryRef:
    at = [date(2013, 4, day) for day in (night, arrival)]
    return DeliveryRef("demo", dataset, at[0], name, Path(name), 1, False, at[1])


def test_the_newest_version_of_each_night_is_loaded() -> None:
    given = [ref("twice", 4, 6), ref("once", 4, 5), ref("next", 5, 5), ref("other", 4, 5, "weather")]
    assert {each.content_hash for each in newest(given)} == {"twice", "next", "other"}


def test_what_was_known_in_time_is_not_lost_by_what_replaced_it() -> None:
    given = [ref("in time", 4, 4), ref("once", 4, 5), ref("twice", 4, 6)]
    assert {each.content_hash for each in newest(given)} == {"in time", "twice"}


def test_of_two_that_came_in_time_nobody_can_tell_which_counts() -> None:
    with pytest.raises(
        DeliveryError, match=r"demo/schedule/2013-04-04 has two accepted .* one and other: refuse one"
    ):
        newest([ref("one", 4, 4), ref("other", 4, 4)])
    assert len(newest([ref("one", 4, 4), ref("other", 4, 4, "weather")])) == 2
