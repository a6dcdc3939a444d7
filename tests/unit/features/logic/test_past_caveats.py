"""What nobody can know of a dataset is told of what reads it, through however many dbt models, and of nothing else."""

from __future__ import annotations

from redeye.declarations.datasets import DeclaredDataset
from redeye.declarations.specs import load_spec
from redeye.features.logic.past_caveats import Caveat, list_caveats, name_relations
from redeye.foundation.settings import SPECS
from redeye.warehouse.logic.releases import CodeNode

SPEC = load_spec(SPECS / "flight_delay.yaml").model_copy(
    update={"features": ("shop_sales:sum_7n", "shop_prices:price_1n")}
)


def declare(known_at: object, **changes: str) -> DeclaredDataset:
    said = {"python": "a:b", "known_at": known_at, "changes": {"mode": "snapshot", **changes}}
    return DeclaredDataset.model_validate(said)


DATASETS = {
    "shops": declare("delivery", history="unknown"),
    "prices": declare({"column": "at", "assumed": True}, mode="append"),
    "sales": declare({"column": "at"}, mode="append"),
    "weather": declare("delivery"),
}


def make_node(relation: str, *reads: str) -> CodeNode:
    ids = (
        f"source.redeye.raw.made__{each}" if each in DATASETS else f"model.redeye.{each}" for each in reads
    )
    return CodeNode(f"model.redeye.{relation.partition('.')[2]}", relation, "sum", tuple(ids))


NODES = (
    make_node("staging.stg_shops", "shops"),
    make_node("staging.stg_sales", "sales"),
    make_node(SPEC.population.relation, "stg_shops", "stg_sales"),
    make_node(SPEC.schedule, "stg_sales"),
    make_node("features.feat_shop__sales", "stg_sales", "stg_shops"),
    make_node("features.feat_shop__prices", "prices"),
    make_node("features.feat_shop__weather", "weather"),
)


def find() -> dict[str, Caveat]:
    found = list_caveats(NODES, name_relations(SPEC, NODES), DATASETS, "made")
    return {each.dataset: each for each in found}


def test_each_dataset_of_which_not_all_is_known_names_what_reads_it() -> None:
    assert {name: set(each.readers) for name, each in find().items()} == {
        "shops": {"the population", "feature view shop_sales"},
        "prices": {"feature view shop_prices"},
    }


def test_an_unknown_past_is_told_from_what_is_assumed() -> None:
    found = find()
    assert found["shops"].is_past_unknown
    assert not found["prices"].is_past_unknown
    assert str(found["prices"]) == (
        "of dataset prices, when its rows became known is assumed, not recorded "
        "(read by feature view shop_prices)"
    )


def test_nothing_is_said_of_a_project_without_declared_datasets() -> None:
    assert list_caveats(NODES, name_relations(SPEC, NODES), {}, "made") == ()
