"""Every command explains itself on 80 columns, in the group of those who use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from redeye.cli import GROUPS, app
from redeye.cli.shell import default_model
from redeye.declarations.specs import load_valid_specs
from redeye.foundation.settings import SPECS

WIDTH = 80


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every command and group that is shown."""

    def walk(words: tuple[str, ...], command: Any) -> Iterator[tuple[str, ...]]:
        yield words
        for name, inner in getattr(command, "commands", {}).items():
            if not inner.hidden:
                yield from walk((*words, name), inner)

    return walk((), typer.main.get_command(app))


# Airflow's own help answers there.
@pytest.mark.parametrize("words", [each for each in commands() if each != ("airflow",)], ids=" ".join)
def test_help_fits_80_columns_and_loses_nothing(words: tuple[str, ...]):
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": str(WIDTH)})
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.output.splitlines())) <= WIDTH
    assert "Usage" in shown.output


def test_commands_are_shown_in_the_groups_of_those_who_use_them():
    shown = CliRunner().invoke(app, ["--help"]).output
    places = [shown.index(f" {panel} ─") for panel in GROUPS]
    assert places == sorted(places)


def test_the_model_that_is_meant_is_a_declared_one():
    assert default_model() in load_valid_specs(SPECS)
