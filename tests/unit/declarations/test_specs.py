"""Specs: what a good file gives, and what is said of a bad one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from redeye.declarations.project import Project
from redeye.declarations.spec_algorithms import Algorithms
from redeye.declarations.spec_candidates import AVERAGE
from redeye.declarations.spec_fields import expand_braces, name_column
from redeye.declarations.spec_rules import RecalibrationRules
from redeye.declarations.specs import list_spec_faults, load_spec, load_valid_specs, render_json_schema
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.models.algorithms.storage import ALGORITHMS

SPECS = PROJECT_ROOT / "ml" / "specs"
GOOD = (SPECS / "flight_delay.yaml").read_text(encoding="utf-8")


@pytest.fixture
def refused(tmp_path: Path):
    def refuse(before: str, after: str) -> str:
        assert before in GOOD
        path = tmp_path / "flight_delay.yaml"
        path.write_text(GOOD.replace(before, after, 1), encoding="utf-8")
        with pytest.raises(ConfigError) as error:
            load_spec(path)
        return str(error.value)

    return refuse


def line_with(text: str) -> int:
    return next(number for number, line in enumerate(GOOD.splitlines(), start=1) if text in line)


def test_every_spec_in_the_folder_is_sound():
    assert list_spec_faults(SPECS) == []
    assert "flight_delay" in load_valid_specs(SPECS)


def test_a_spec_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        load_spec(SPECS / "flight_delay.yaml").version = 2


def test_the_schema_file_is_fresh():
    stale = "stale: `./redeye docs` writes it"
    assert (SPECS / "schema.json").read_text(encoding="utf-8") == render_json_schema(), stale
    assert (SPECS / "project.json").read_text(encoding="utf-8") == render_json_schema(Project), stale


def test_every_algorithm_of_a_spec_has_a_model():
    assert {*Algorithms.model_fields, AVERAGE} == set(ALGORITHMS)


def test_feature_patterns_expand_to_every_key_and_window():
    features = load_spec(SPECS / "flight_delay.yaml").features
    assert "carrier_origin_hour_delays:late_rate_28n" in features
    assert len([name for name in features if name.startswith("route_delays:")]) == 15


def test_inputs_are_numbers_and_categories_without_overlap():
    spec = load_spec(SPECS / "flight_delay.yaml")
    assert not set(spec.numeric_columns) & set(spec.categorical_columns)
    assert len(spec.numeric_columns) + len(spec.categorical_columns) == len(spec.features) + len(
        spec.schedule_columns
    )


def test_the_select_list_names_each_column_once():
    columns = [
        part.split(" AS ")[-1]
        for part in load_spec(SPECS / "flight_delay.yaml").schedule_select().split(", ")
    ]
    assert len(columns) == len(set(columns))
    assert {"flight_id", "night", "event_timestamp", "carrier_id", "distance_miles"} <= set(columns)


def test_the_hash_is_of_the_content_and_not_of_the_layout(tmp_path: Path):
    path = tmp_path / "flight_delay.yaml"
    path.write_text("# another comment\n" + GOOD, encoding="utf-8")
    same = load_spec(path).hash
    path.write_text(GOOD.replace("label_maturity_nights: 2", "label_maturity_nights: 3"), encoding="utf-8")
    assert same == load_spec(SPECS / "flight_delay.yaml").hash != load_spec(path).hash


def test_an_unknown_key_is_refused_with_its_line_and_the_likely_one(refused):
    message = refused("    rounds: 600", "    round: 600")
    assert f"flight_delay.yaml:{line_with('rounds: 600')}: algorithms.xgboost.round: unknown key" in message
    assert "did you mean 'rounds'?" in message
    assert "algorithms.xgboost.rounds: is missing; add it" in message


def test_an_unknown_algorithm_is_refused(refused):
    assert "algorithms.logit: unknown key; did you mean 'logistic'?" in refused("  logistic:", "  logit:")


@pytest.mark.parametrize(
    "feature", ["late_rate_7n", "Carrier:late", "a:b:c", "carrier_delays:", "x:{a,b", "x:{a,}"]
)
def test_a_feature_that_is_none_is_refused(refused, feature: str):
    message = refused("carrier_origin_hour_delays:{flights_all,late_flights_all}", f'"{feature}"')
    assert "features: " in message


def test_a_feature_named_twice_is_refused(refused):
    message = refused("evening_cancelled_rate", "evening_flights")
    assert (
        f"flight_delay.yaml:{line_with('features:')}: features: 'origin_evening:evening_flights' appears twice"
        in message
    )


def test_a_column_named_twice_is_refused(refused):
    message = refused("{name: origin_id, kind", "{name: carrier_id, kind")
    assert "schedule_columns: carrier_id appears twice" in message


def test_the_outcome_as_an_input_is_refused(refused):
    assert "is_late is the outcome" in refused("{name: distance_miles, kind", "{name: is_late, kind")


def test_a_heuristic_over_an_absent_feature_is_refused(refused):
    message = refused(
        "successes: carrier_origin_hour_delays:late_flights_all", "successes: route_delays:late_flights_all"
    )
    assert "algorithms.heuristic: route_delays:late_flights_all is not among the features" in message


COUNTS = GOOD[GOOD.index("    successes: ") : GOOD.index("    prior_strength: ")]


@pytest.mark.parametrize(
    ("instead", "complaint"),
    [
        ("", "name successes and trials, counts of this very target, or else groups"),
        (
            COUNTS + "    groups: [carrier_id]\n",
            "name successes and trials, counts of this very target, or else",
        ),
        (COUNTS.splitlines(keepends=True)[0], "successes and trials go together: name both"),
        ("    groups: [carrier_id, carrier_id]\n", "groups: carrier_id appears twice"),
        (
            "    groups: [distance_miles]\n",
            "distance_miles is no categorical schedule column; there are carrier_id,",
        ),
        (
            "    groups: [route_id]\n",
            "algorithms.heuristic.groups: route_id is no categorical schedule column",
        ),
    ],
)
def test_a_heuristic_has_one_source(refused, instead: str, complaint: str):
    assert complaint in refused(COUNTS, instead)


def test_a_heuristic_by_groups_of_the_schedule_is_another_spec(tmp_path: Path):
    path = tmp_path / "flight_delay.yaml"
    path.write_text(GOOD.replace(COUNTS, "    groups: [carrier_id, origin_id]\n"), encoding="utf-8")
    spec = load_spec(path)
    assert spec.algorithms.heuristic.groups == ("carrier_id", "origin_id")
    assert spec.hash != load_spec(SPECS / "flight_delay.yaml").hash


def test_a_threshold_upside_down_is_refused(refused):
    assert "critical (0.01) is below warning (0.02)" in refused("critical: 0.04", "critical: 0.01")


def test_a_spec_that_still_says_how_often_nights_are_drawn_is_the_same_spec(tmp_path: Path):
    path = tmp_path / "flight_delay.yaml"
    path.write_text(GOOD.replace("\ngates:\n", "\ngates:\n  bootstrap_samples: 400\n"), encoding="utf-8")
    assert "bootstrap_samples: 400" in path.read_text(encoding="utf-8")
    assert load_spec(path).hash == load_spec(SPECS / "flight_delay.yaml").hash


def test_thresholds_by_their_former_keys_are_the_same_spec(tmp_path: Path):
    path = tmp_path / "flight_delay.yaml"
    path.write_text(GOOD.replace("{warning:", "{watch:").replace(", critical:", ", act:"), encoding="utf-8")
    assert "{watch: 0.02, act: 0.04}" in path.read_text(encoding="utf-8")
    former, spec = load_spec(path), load_spec(SPECS / "flight_delay.yaml")
    assert former == spec
    assert former.hash == spec.hash
    assert spec.model_dump(by_alias=True)["monitor"]["quality"]["auc_drop"] == {"watch": 0.02, "act": 0.04}


def test_a_slice_of_an_absent_column_is_refused(refused):
    said = refused("columns: [origin_id, carrier_id]", "columns: [origin_id, pilot_id]")
    assert "gates.slices: pilot_id is neither a schedule column nor an entity key" in said


def test_a_key_written_twice_is_refused_with_its_line(refused):
    message = refused("version: 1", "version: 1\nversion: 2")
    assert f"flight_delay.yaml:{line_with('version: 1') + 1}" in message


def test_a_file_named_otherwise_than_its_model_is_refused(tmp_path: Path):
    path = tmp_path / "other_name.yaml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"call the file flight_delay\.yaml"):
        load_spec(path)


def test_a_faulty_spec_hides_no_other(tmp_path: Path):
    (tmp_path / "flight_delay.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "flight_other.yaml").write_text("model: [", encoding="utf-8")
    assert list(load_valid_specs(tmp_path)) == ["flight_delay"]
    assert len(list_spec_faults(tmp_path)) == 1
    assert "flight_other.yaml:" in list_spec_faults(tmp_path)[0]


def test_braces_expand_like_a_shell():
    assert expand_braces("{a,b}_{1,2}") == ("a_1", "a_2", "b_1", "b_2")
    assert expand_braces("plain") == ("plain",)


def test_a_column_is_the_feature_with_two_underscores():
    assert name_column("carrier_delays:flights_7n") == "carrier_delays__flights_7n"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("name: xgboost, algorithm: xgboost", "xgboost is the name of another candidate"),
        ("name: torch_continued, algorithm: xgboost", "torch_continued is the name of another candidate"),
        ("name: xgboost_recent, algorithm: forest", "algorithm"),
    ],
)
def test_a_weighted_candidate_needs_a_name_and_an_algorithm_of_its_own(refused, after, said):
    assert said in refused("name: xgboost_recent, algorithm: xgboost", after)


def test_a_preference_for_what_is_no_candidate_is_refused(refused):
    assert "candidates.preference: oracle is no candidate" in refused(
        "preference: [average", "preference: [oracle"
    )


def test_an_average_is_of_refits_only(refused):
    said = refused("average_of: [xgboost, torch]", "average_of: [xgboost, average]")
    assert "candidates.average_of: average is no refit" in said


def test_a_spec_without_candidates_has_one_of_each_algorithm_and_takes_the_best(tmp_path: Path):
    start, end = GOOD.index("candidates:"), GOOD.index("gates:")
    path = tmp_path / "flight_delay.yaml"
    path.write_text(GOOD[:start] + GOOD[end:], encoding="utf-8")
    found = load_spec(path).candidates
    assert (found.weighted, found.average_of, found.continued, found.preference) == ((), (), None, ())


def test_what_came_later_leaves_the_hash_of_a_spec_without_it():
    given = load_spec(SPECS / "flight_delay.yaml")
    gates = given.gates.model_copy(update={"improvement_confidence": None})
    spec = given.model_copy(update={"recalibration": None, "gates": gates})
    stated = spec.model_dump(mode="json", by_alias=True)
    del stated["recalibration"], stated["gates"]["improvement_confidence"]
    assert spec.hash == hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()
    assert spec.model_copy(update={"recalibration": RecalibrationRules()}).hash != spec.hash
    assert given.hash != spec.hash
