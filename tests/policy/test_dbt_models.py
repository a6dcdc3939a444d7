"""House rules of the dbt project, over its parsed manifest: descriptions, grains, tests, contracts, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redeye.declarations.specs import load_valid_specs
from redeye.features.logic.feature_views import name_view
from redeye.foundation.settings import SPECS
from redeye.warehouse import dbt, dbt_code

NAMES = {
    "staging": r"stg_[a-z0-9]+__[a-z_]+",
    "intermediate": r"int_[a-z]+__[a-z_]+",
    "marts": r"(dim|fct)_[a-z_]+",
    "features": r"feat_[a-z_]+__[a-z_]+(_v[0-9]+)?",
}
KEY_TESTS = {"unique_in_window", "unique_key", "feature_rows"}
COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with dbt.environment("", ""):
        yield dbt.parse(tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def models(manifest: Any) -> list[Any]:
    found = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    assert len(found) > 20
    return found


def _wrong(models: list[Any], is_wrong: Any) -> list[str]:
    return sorted(model.name for model in models if is_wrong(model))


def _tests_of(manifest: Any, model: Any) -> Iterator[str]:
    for node in manifest.nodes.values():
        if getattr(node, "attached_node", None) == model.unique_id:
            yield node.test_metadata.name


def test_every_model_lives_in_the_layer_that_its_name_says(models: list[Any]) -> None:
    assert _wrong(models, lambda model: model.schema not in NAMES) == []
    assert _wrong(models, lambda model: not re.fullmatch(NAMES[model.schema], model.name)) == []
    assert _wrong(models, lambda model: Path(model.original_file_path).parts[1] != model.schema) == []


def test_every_model_states_its_grain(models: list[Any]) -> None:
    assert _wrong(models, lambda model: "Grain: one row per" not in model.description) == []


def test_every_column_is_described(models: list[Any]) -> None:
    assert _wrong(models, lambda model: not model.columns) == []
    undescribed = [
        f"{model.name}.{column.name}"
        for model in models
        for column in model.columns.values()
        if not column.description.strip()
    ]
    assert undescribed == []


def test_every_model_has_a_test_of_its_key(manifest: Any, models: list[Any]) -> None:
    assert _wrong(models, lambda model: not KEY_TESTS & set(_tests_of(manifest, model))) == []


def test_every_feature_table_has_the_test_of_its_time_rules(manifest: Any, models: list[Any]) -> None:
    features = [model for model in models if model.schema == "features"]
    assert _wrong(features, lambda model: "feature_rows" not in _tests_of(manifest, model)) == []
    assert _wrong(features, lambda model: not {"night", "event_at", "created_at"} <= set(model.columns)) == []


def test_marts_and_features_have_contracts_of_all_columns(models: list[Any]) -> None:
    published = [model for model in models if model.schema in {"marts", "features"}]
    assert _wrong(published, lambda model: not model.config.contract.enforced) == []
    assert (
        _wrong(published, lambda model: any(not column.data_type for column in model.columns.values())) == []
    )


def test_marts_and_features_name_the_columns_they_publish(models: list[Any]) -> None:
    def ends_in_a_star(model: Any) -> bool:
        published = COMMENT.sub("", model.raw_code).rpartition("\nselect")[2]
        return published.lstrip().startswith("*")

    published = [model for model in models if model.schema in {"marts", "features"}]
    assert _wrong(published, ends_in_a_star) == []


def test_only_staging_reads_the_source_and_each_relation_of_it_reads_one_table(models: list[Any]) -> None:
    for model in models:
        deliveries = {
            source
            for source in model.depends_on.nodes
            if "nycflights13" in source and source.startswith("source.")
        }
        if model.schema == "staging":
            assert len(model.depends_on.nodes) == 1, model.name
            assert deliveries == set(model.depends_on.nodes), model.name
        else:
            assert deliveries == set(), model.name


def test_the_schedule_that_scoring_reads_depends_on_its_raw_table_alone(models: list[Any]) -> None:
    (schedule,) = (model for model in models if model.name == "stg_nycflights13__schedule")
    assert schedule.depends_on.nodes == ["source.redeye.raw.nycflights13__schedule"]


def test_no_floating_point_average_and_no_clock(manifest: Any, models: list[Any]) -> None:
    """An average of doubles differs from run to run; a clock makes a replay differ from the night."""
    forbidden = re.compile(
        r"\b(avg|mean|now|today|current_date|current_timestamp|get_current_timestamp|random)\s*\(|current_date",
        re.I,
    )
    code = {model.name: model.raw_code for model in models}
    code |= {m.name: m.macro_sql for m in manifest.macros.values() if m.package_name == dbt_code.PACKAGE}
    assert sorted(name for name, sql in code.items() if forbidden.search(COMMENT.sub("", sql))) == []


def test_tail_numbers_are_read_from_known_outcomes_alone(models: list[Any]) -> None:
    """The plane that flies is known only afterwards: no feature may see it through the flights or the schedule."""
    for model in models:
        code = COMMENT.sub("", model.raw_code)
        if model.schema == "features" and re.search(r"plane_id|tailnum", code):
            assert model.name == "feat_flight_number__plane"
            assert "model.redeye.int_outcomes__versioned" in model.depends_on.nodes
        if model.schema == "features":
            assert "model.redeye.fct_flights" not in model.depends_on.nodes, model.name
        if "schedule" in model.name:
            assert "tailnum" not in code, model.name


def test_every_feature_model_is_read_by_a_spec_that_says_so(manifest: Any, models: list[Any]) -> None:
    specs = load_valid_specs(SPECS)
    exposed = [each.depends_on.nodes for each in manifest.exposures.values() if each.name in specs]
    features = {model.unique_id for model in models if model.schema == "features"}
    assert features <= {node for nodes in exposed for node in nodes}


def test_every_spec_and_its_predictions_are_exposures_of_what_it_reads(manifest: Any) -> None:
    exposures = {each.name: set(each.depends_on.nodes) for each in manifest.exposures.values()}
    for name, spec in load_valid_specs(SPECS).items():
        views = {feature.partition(":")[0] for feature in spec.features}
        tables = {
            node.unique_id
            for node in manifest.nodes.values()
            if node.resource_type == "model" and name_view(node.name) in views
        }
        assert len(tables) == len(views)
        relations = {spec.population.relation, spec.schedule}
        tables |= {n.unique_id for n in manifest.nodes.values() if f"{n.schema}.{n.name}" in relations}
        assert tables <= exposures[name], name
        assert tables <= exposures[f"{name}_predictions"], name
