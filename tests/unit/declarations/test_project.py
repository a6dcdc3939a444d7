"""The project's declaration: what a good file gives, and what is said of a bad one."""

from __future__ import annotations

from datetime import time

import pytest
from pydantic import ValidationError

from redeye.declarations.project import PROJECT_FILE, import_named, load_project, project
from redeye.declarations.specs import load_valid_specs
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS

GOOD = PROJECT_FILE.read_text(encoding="utf-8")


@pytest.fixture
def refused(tmp_path):
    def refuse(before: str, after: str) -> str:
        assert before in GOOD
        path = tmp_path / "redeye.yaml"
        path.write_text(GOOD.replace(before, after, 1), encoding="utf-8")
        with pytest.raises(ConfigError) as error:
            load_project(path)
        return str(error.value)

    return refuse


def line_with(text: str) -> int:
    return next(number for number, line in enumerate(GOOD.splitlines(), start=1) if text in line)


def test_the_project_is_read_once_and_is_frozen():
    assert project() is project()
    with pytest.raises(ValidationError, match="frozen"):
        project().project = "another"


def test_the_cutoff_is_a_time_of_the_clock():
    assert project().clock.model_copy(update={"cutoff": "23:45"}).cutoff_time == time(23, 45)


def test_an_unknown_key_is_refused_with_its_line_and_what_is_likely_meant(refused):
    said = refused("source:", "sources:")
    assert f"redeye.yaml:{line_with('source:')}: sources: unknown key; did you mean 'source'?" in said


@pytest.mark.parametrize("zone", ["America/Newark", "", "../zone", "EST5\0"])
def test_a_zone_that_is_none_is_refused(refused, zone):
    said = refused("zone: America/New_York", f"zone: {zone!r}".replace("'", '"').replace("\\x00", "\\0"))
    assert f"redeye.yaml:{line_with('zone:')}: clock.zone: " in said
    assert "is no time zone: write one as Europe/Madrid" in said


@pytest.mark.parametrize("cutoff", ['"24:00"', '"3:00"', "300", '"03:00:00"'])
def test_a_cutoff_that_is_no_time_is_refused(refused, cutoff):
    assert f"redeye.yaml:{line_with('cutoff:')}: clock.cutoff: " in refused('"03:00"', cutoff)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("key: flight_id", "key: plane_id", "key names plane_id, which is not among the columns"),
        ("day: flight_date", "day: carrier_id", "day names carrier_id, whose type is text, not date"),
        ("shown: [flight_number_id", "shown: [gate_id", "shown: gate_id is not among the columns"),
        ("{by: carrier, column: carrier_id}", "{by: gate, column: gate_id}", "slices: gate_id is no column"),
        ("dest: destination_id", "dest: gate_id", "restatements.shared: gate_id is no column"),
    ],
)
def test_what_names_no_column_of_the_subject_is_refused(refused, before, after, said):
    assert said in refused(before, after)


def test_the_project_and_its_specs_fit_together():
    specs = load_valid_specs(SPECS)
    assert project().first_run.model in specs
    assert {spec.population.key for spec in specs.values()} == {project().subject.key}


def test_what_is_no_mapping_or_not_there_is_refused(tmp_path):
    path = tmp_path / "redeye.yaml"
    with pytest.raises(ConfigError, match=r"redeye\.yaml: no such file"):
        load_project(path)
    path.write_text("- a\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="start with `project: <name>`"):
        load_project(path)
    path.write_text("a: [\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r":2: not readable as YAML"):
        load_project(path)


@pytest.mark.parametrize("name", ["json", "no_such_module:x", "json:no_such_name", "math:pi"])
def test_python_that_cannot_be_found_is_said_with_who_named_it(name):
    with pytest.raises(ConfigError, match=f"source .*{name}"):
        import_named(name, said_by="source")


def test_python_is_found_by_its_name():
    assert import_named("datetime:time", said_by="source") is time
