"""The project's files: those that follow from a declaration, the house rules, and the docs made from code."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.markup import escape

from redeye.cli.shell import console, enter
from redeye.foundation.engine.places import ENGINE, IS_INSTALLED
from redeye.foundation.settings import describe

app = typer.Typer()


@app.command()
def generate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with status 1 if it would.")
    ] = False,
) -> None:
    """Write dbt's macros, Feast's views and the suites' lines that redeye.yaml and dbt's YAML declare."""
    from redeye.review.generate import describe_stale_texts
    from redeye.review.generate import generate as write

    found = describe_stale_texts() if check else [str(path) for path in write()]
    for each in found:
        console.print(f"  {escape(each)}", soft_wrap=True)
    if check and found:
        raise typer.Exit(1)
    console.print(
        f"{len(found)} files written." if found else "All that is generated follows its declaration."
    )


@app.command()
def upgrade(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with status 1 if it would.")
    ] = False,
) -> None:
    """Write the project's files as this engine writes them, after an upgrade; needs no stack.

    Keys that are called otherwise by now, what is generated, and the engine's own macros and tests in the dbt project.
    Each change is shown.
    """
    from redeye.review.upgrade_project import describe_change, find_upgrades, write_upgrades

    found = find_upgrades()
    for path, text in sorted(found.items()):
        console.print(escape(describe_change(path, text)), highlight=False, soft_wrap=True, end="")
    if not found:
        console.print("All files are as this engine writes them.")
    elif check:
        raise typer.Exit(1)
    else:
        write_upgrades(found)
        console.print(f"{len(found)} files written: look at them, then `./redeye check`.")


@app.command()
def check() -> None:
    """Check every declaration of the project, and the house rules of its dbt project; needs no stack.

    Each fault with its file and line, and what to do. Ends with status 1 if there is one.
    """
    from redeye.review.check_project import list_caveats, list_faults

    found = list_faults()
    for each in found:
        console.print(f"  {escape(each)}", soft_wrap=True)
    if found:
        raise typer.Exit(1)
    for each in list_caveats():
        console.print(f"  [dim]nobody can know:[/] {escape(each)}", soft_wrap=True)
    rules()


@app.command("describe")
def describe_declarations(
    power: Annotated[
        bool, typer.Option("--power", help="Simulate each model's gates: which gain would they see?")
    ] = False,
    rows: Annotated[
        int | None,
        typer.Option(help="With --power: of a night; left out, as in the newest release, with the stack up."),
    ] = None,
    base_rate: Annotated[
        float | None,
        typer.Option(help="With --power: share of true labels; by default as in the newest release."),
    ] = None,
    correlation: Annotated[float, typer.Option(help="With --rows: of two labels of one night.")] = 0.02,
    auc: Annotated[
        float, typer.Option(help="With --power: how well the champion ranks within a night.")
    ] = 0.6,
    trials: Annotated[int, typer.Option(min=20, help="With --power: candidates of each gain.")] = 200,
) -> None:
    """Show the project as it is understood: its nights, what they bring, from when on each model can be trained.

    With --power instead what size of gain the gates of each model would promote, and how often they promote none.
    """
    if power:
        _describe_power(rows, base_rate, correlation, auc, trials)
        return
    from redeye.review.describe_project import describe_project

    for line in describe_project():
        console.print(escape(line), highlight=False)


def _describe_power(
    rows: int | None, base_rate: float | None, correlation: float, auc: float, trials: int
) -> None:
    from redeye.studies.gate_power.describe_power import describe_power
    from redeye.studies.gate_power.logic.made_nights import Circumstances

    said = None
    if rows is not None or base_rate is not None:
        if rows is None or base_rate is None:
            raise typer.BadParameter("--rows and --base-rate say together what a night is like")
        try:
            said = Circumstances(rows, base_rate, correlation, auc)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    else:
        enter()
    with console.status("simulating the gates") as status:
        for line in describe_power(said, auc=auc, trials=trials, report=status.update):
            console.print(escape(line), highlight=False)


@app.command()
def rules() -> None:
    """Check the dbt project against the house rules (docs/reference/house-rules.md); needs no stack.

    Ends with status 1 if a rule is broken.
    """
    from redeye.declarations.calendar import find_complete_night
    from redeye.review.check_house_rules import check

    found = check(until=find_complete_night(datetime.now(UTC)))
    for each in found:
        console.print(
            f"[red]{escape(each.subject)}[/]: {escape(each.message)} [dim]\\[{each.rule}][/]", soft_wrap=True
        )
    if found:
        raise typer.Exit(1)
    console.print("The dbt project keeps the house rules.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def packages(given: typer.Context) -> None:
    """Hold the locked packages against known vulnerabilities (needs the network); further options go to pip-audit.

    What was looked at and does not matter here stands in requirements-waivers.txt, each until a day. Ends with
    status 1 if anything else is found, or the service does not answer.
    """
    from redeye.review.audit_packages import audit_packages

    if not audit_packages(given.args, today=date.today()):  # noqa: DTZ011  (a waiver's day is the reader's)
        raise typer.Exit(1)


@app.command()
def docs() -> None:
    """Write what is generated: the pages on settings and keys, JSON schemas, dbt's docs (the stack must run)."""
    from redeye.declarations.project import Project
    from redeye.declarations.specs import render_json_schema
    from redeye.review.logic.key_reference import render_reference
    from redeye.warehouse import dbt

    if not IS_INSTALLED:
        (ENGINE / "docs" / "reference" / "settings.md").write_text(describe(), encoding="utf-8")
        schemas = {"project.json": render_json_schema(Project), "schema.json": render_json_schema()}
        for name, text in schemas.items():
            (ENGINE / "ml" / "specs" / name).write_text(text, encoding="utf-8")
        keys = render_reference(*(json.loads(text) for text in schemas.values()))
        (ENGINE / "docs" / "reference" / "keys.md").write_text(keys, encoding="utf-8")
    enter(writes_outside=True)
    console.print(
        f"{'' if IS_INSTALLED else 'docs/reference/settings.md, docs/reference/keys.md and '}{dbt.docs()}"
    )
