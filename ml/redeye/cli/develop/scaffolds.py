"""Scaffolds: a project from a sample of its data, a feature, or the next version of a feature table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redeye.cli.shell import console
from redeye.foundation.settings import PROJECT_ROOT

app = typer.Typer(help=__doc__, no_args_is_help=True)
Root = Annotated[Path, typer.Option(help="Of the checkout.", hidden=True)]


@app.command()
def project(
    folder: Annotated[Path, typer.Argument(help="Where to write it; it may hold the data already.")],
    answers: Annotated[
        Path | None, typer.Option(help="YAML file with the answers; without it, you are asked.")
    ] = None,
) -> None:
    """Write a project from a file of rows and a few answers: declarations, dbt, contracts, suites, a model."""
    from redeye.review.new_project.answers import load_answers
    from redeye.review.new_project.ask import ask_answers
    from redeye.review.new_project.write_project import write_project

    given = load_answers(answers) if answers else ask_answers(folder, console)
    written = write_project(folder, given)
    console.print(f"[green]{len(written)} files[/] in {folder}: begin with README.md there.")


@app.command()
def feature(
    name: Annotated[
        str, typer.Argument(help="<table>:<column>, such as feat_origin__evening:evening_departed")
    ],
    sql: Annotated[str, typer.Option(help="The expression, as the model's last select has it.")],
    description: Annotated[str, typer.Option(help="What it is, for people; a sentence.")],
    type_: Annotated[str, typer.Option("--type", help="bigint, double, boolean or varchar.")] = "double",
    minimum: Annotated[float | None, typer.Option(help="Smallest value; the audit refuses less.")] = None,
    maximum: Annotated[float | None, typer.Option(help="Greatest value; the audit refuses more.")] = None,
    because: Annotated[str, typer.Option(help="Why these bounds; a sentence.")] = "",
    expect: Annotated[
        str, typer.Option(help="Its values in the rows of the table's unit test, such as '2, 0'.")
    ] = "",
    nullable: Annotated[bool, typer.Option("--nullable", help="It may miss values.")] = False,
    model: Annotated[str, typer.Option(help="A spec that shall read it, in its next version.")] = "",
    root: Root = PROJECT_ROOT,
) -> None:
    """Add a column to a feature table: SQL, description, tests, audit, feature view, and a spec if one is named."""
    from redeye.foundation.errors import ConfigError
    from redeye.review.logic.declaration_edits import NewColumn
    from redeye.review.scaffold import add_feature

    table, _, column = name.partition(":")
    if (minimum is None) != (maximum is None):
        raise ConfigError("give both --minimum and --maximum, or neither")
    bounds = None if minimum is None or maximum is None else (minimum, maximum)
    if bounds and not because:
        raise ConfigError("--because says why these bounds")
    expected = tuple(each.strip() for each in expect.split(",") if each.strip())
    new = NewColumn(table, column, type_, sql, description, bounds, because, nullable, expected)
    _show(add_feature(new, model=model, root=root))


@app.command()
def version(
    table: Annotated[str, typer.Argument(help="The feature table, such as feat_origin__evening.")],
    root: Root = PROJECT_ROOT,
) -> None:
    """Put a copy of a feature table beside it, to be changed while serving versions go on reading the old one."""
    from redeye.review.scaffold import add_version

    new, changed = add_version(table, root=root)
    console.print(f"[green]{new}[/] is there, equal to {table}. Change it; name its features in a spec.")
    _show(changed)


def _show(changed: list[Path]) -> None:
    for path in changed:
        console.print(f"  {path}")
    console.print("`make impact` shows what it does.")
