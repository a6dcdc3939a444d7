"""A contract is read once, and refused on load with file, line, key, what is allowed and what is likely meant."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard
from ruamel.yaml import YAML

from redeye.audits.contract_files import CONTRACT, EXPECTATIONS_ROOT, load_contract
from redeye.audits.logic.contract import Contract
from redeye.audits.suite_files import load_suite, locate_expectation, suite_names
from redeye.declarations.yaml_files import read_mapping
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT

CONTRACTS = sorted((EXPECTATIONS_ROOT / "arrivals").glob(f"*{CONTRACT}"))
SOUND = """apiVersion: v3.1.0
kind: DataContract
id: water
name: water
version: 1.0.0
status: active
customProperties:
  - {property: redeye.mayBeAbsent, value: degraded, description: The gauge is often down.}
  - {property: redeye.mayBeEmpty, value: false, description: A gauge that is up has readings.}
schema:
  - name: water
    description: Temperatures of a test.
    dataGranularityDescription: A gauge has one row per night.
    properties:
      - {name: gauge, logicalType: string, required: true, primaryKey: true}
      - {name: degrees, logicalType: number}
      - {name: known_at, logicalType: timestamp, required: true}
      - {name: night, logicalType: date, required: true, primaryKey: true, partitioned: true}
      - {name: kelvin, logicalType: number, transformDescription: The same in another unit.}
    quality:
      - {type: custom, engine: greatExpectations, description: Water is liquid.,
         implementation: {expect_column_values_to_be_between: {column: degrees, min_value: 0}}}
    relationships:
      - {from: water.gauge, to: gauges.code, customProperties: [
          {property: redeye.matchRate, value: 0.99, description: Gauges are known.}]}
    customProperties:
      - {property: redeye.exception, value: {night: 2013-02-12, column: degrees}, description: The gauge froze.}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "arrivals" / f"water{CONTRACT}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_sound_contract_becomes_a_suite(tmp_path: Path) -> None:
    contract = load_contract(write(tmp_path, SOUND))
    suite = load_suite("arrivals/water", tmp_path)
    assert suite_names(tmp_path) == ("arrivals/water", "arrivals/water_profile")
    assert list(load_suite("arrivals/water_profile", tmp_path).types) == ["night", "matched_in_gauges"]
    assert suite == contract.rows.suite
    assert suite.types == {"gauge": "text", "degrees": "float", "known_at": "timestamp", "night": "date"}
    assert suite.never_null == ("gauge", "known_at", "night")
    assert [each.expect for each in suite.expectations] == [
        "expect_compound_columns_to_be_unique",
        "expect_column_values_to_be_between",
    ]
    assert suite.exceptions[0].column == "degrees"
    assert contract.terms.may_be_absent is not None
    assert contract.terms.may_be_absent.value == "degraded"
    assert contract.rows.references[0].at_least == 0.99


def test_a_fault_of_a_rule_is_located_in_the_contract(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    assert locate_expectation("arrivals/water", 0, tmp_path).endswith(":13")
    assert locate_expectation("arrivals/water", 1, tmp_path).endswith(":21")


def test_a_profile_that_the_contract_does_not_state_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, SOUND.partition("    relationships:")[0])
    with pytest.raises(ConfigError, match=rf"{path.name}:1: schema: has no object 'water_profile'"):
        load_suite("arrivals/water_profile", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("v3.1.0", "v2.2.2", 1, "apiVersion"),
        ("    quality:", "    qualty:", 20, "did you mean 'quality'?"),
        ("logicalType: number", "logicalType: double", 16, "schema.0.properties.1.logicalType"),
        ("logicalType: number", "logicalType: number, unique: true", 16, "unknown key"),
        ("to_be_between", "to_be_betwixt", 22, "to_be_betwixt"),
        ("column: degrees, min_value", "column: degree, min_value", 21, "degree"),
        ("Water is liquid.", "So.", 21, "description"),
        ("engine: greatExpectations", "engine: soda", 21, "engine"),
        ("redeye.mayBeAbsent", "redeye.mayBeAbsnt", 8, "did you mean 'redeye.mayBeAbsent'?"),
        (
            "redeye.mayBeEmpty",
            "acme.mayBeEmpty",
            7,
            "redeye.mayBeEmpty is missing",
        ),
        ("value: degraded", "value: perhaps", 8, "customProperties.0.value"),
        (", description: The gauge is often down.", "", 8, "say why"),
        (
            "    dataGranularityDescription: A gauge has one row per night.\n",
            "",
            11,
            "dataGranularityDescription",
        ),
        ("name: kelvin, logicalType: number", "name: kelvin", 19, "is missing"),
        ("column: degrees}, description: The", "column: winds}, description: The", 27, "winds"),
        ("to: gauges.code", "to: gauges", 24, "table.column"),
        ("  - name: water", "  - name: wine", 11, "must be 'water'"),
        ("name: night,", "name: nacht,", 14, "night is missing"),
        ("name: degrees", "name: gauge", 14, "gauge appears twice"),
    ],
)
def test_a_wrong_contract_is_refused_with_file_line_and_key(
    old: str, new: str, line: int, said: str, tmp_path: Path
) -> None:
    assert old in SOUND
    path = write(tmp_path, SOUND.replace(old, new, 1))
    with pytest.raises(ConfigError) as refusal:
        load_contract(path)
    assert f"water{CONTRACT}:{line}:" in str(refusal.value)
    assert said in str(refusal.value)


def test_the_example_in_the_docs_is_a_contract(tmp_path: Path) -> None:
    page = (PROJECT_ROOT / "docs" / "reference" / "contracts.md").read_text()
    example = tmp_path / f"readings{CONTRACT}"
    example.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    contract = load_contract(example)
    assert contract.rows.references
    assert contract.measures


def test_a_contract_named_otherwise_than_its_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be 'wine', after the file"):
        load_contract(write(tmp_path, SOUND).rename(tmp_path / f"wine{CONTRACT}"))


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name.removesuffix(CONTRACT))
def test_every_contract_is_accepted_by_the_standard(path: Path) -> None:
    OpenDataContractStandard.from_file(str(path))
    document = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    schema = yaml.safe_load(OpenDataContractStandard.json_schema())
    typed = yaml.safe_load(path.read_text())
    assert document["apiVersion"] == "v3.1.0"
    jsonschema.validate(_as_json(typed), schema)


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name.removesuffix(CONTRACT))
def test_a_line_less_is_a_rule_less_and_nothing_else(path: Path) -> None:
    document = read_mapping(path, begins_with="")
    every = Counter(list_rules(document))
    lines = [YAML(typ="safe").load(line) for line in path.read_text().splitlines() if "- {" in line]
    for table in document["schema"]:
        for place, rule in enumerate(table["quality"]):
            assert [rule] in lines, f"not on a line of its own: {rule}"
            lines.remove([rule])
            less = copy.deepcopy(document)
            next(each for each in less["schema"] if each["name"] == table["name"])["quality"].pop(place)
            assert sum((every - Counter(list_rules(less))).values()) == 1
        for place, column in enumerate(table["properties"]):
            less = copy.deepcopy(document)
            same = next(each for each in less["schema"] if each["name"] == table["name"])
            if same["properties"][place].pop("required", False):
                assert every - Counter(list_rules(less)) == Counter(
                    [f"{table['name']}: no {column['name']} missing"]
                )


def list_rules(document: dict[str, Any]) -> list[str]:
    """What a contract asks of rows and nights, in words that tell one rule from another."""
    return [
        f"{table.name}: {said}"
        for table in Contract.model_validate(document).tables
        for said in (
            *(str(rule) for rule in table.suite.expectations),
            *(f"no {name} missing" for name in table.suite.never_null),
        )
    ]


def _as_json(value: object) -> object:
    if isinstance(value, dict):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
