"""A night that stands for an option that is left out is accepted as if it were typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import click
import pytest
import typer

from redeye.cli import app


def list_commands(command: Any, *words: str) -> Iterator[tuple[str, click.Command]]:
    if commands := getattr(command, "commands", None):
        for name, each in commands.items():
            yield from list_commands(each, *words, name)
    else:
        yield " ".join(words), command


COMMANDS = dict(list_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_nights_by_default_are_accepted(name: str) -> None:
    command = COMMANDS[name]
    context = click.Context(command)
    for param in command.params:
        default = param.get_default(context)
        if isinstance(default, date):
            assert param.type_cast_value(context, default) == default
