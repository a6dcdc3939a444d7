"""Which dbt models are behind a relation."""

from __future__ import annotations

from redeye.warehouse.logic.releases import CodeNode, upstream

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
