"""The command line, grouped by who uses it: run, operate, analyse, model, develop."""

from __future__ import annotations

import logging

import typer
from rich.logging import RichHandler

from redeye.cli.analyse import explain, replay, rescoring, verdicts
from redeye.cli.develop import docs, generate, impact, rules, sandboxes, scaffolds
from redeye.cli.model import backtest, evidence, freshness, gates, rehearsals
from redeye.cli.operate import airflow, alerts, builds, champions, external, storage
from redeye.cli.run import live, nights, servers
from redeye.cli.shell import console
from redeye.foundation.task_session import task_session

GROUPS = {
    "Run": (nights, live, servers),
    "Operate": (builds, champions, storage, external, airflow),
    "Analyse": (verdicts, explain, rescoring, replay),
    "Model": (evidence, backtest, freshness, gates, rehearsals),
    "Develop": (impact, generate, rules, docs),
}

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
for panel, modules in GROUPS.items():
    for module in modules:
        for command in module.app.registered_commands:
            command.rich_help_panel = panel
        app.add_typer(module.app)
app.add_typer(alerts.app, name="alerts", rich_help_panel="Operate")
app.add_typer(sandboxes.app, name="dev", rich_help_panel="Develop")
app.add_typer(scaffolds.app, name="new", rich_help_panel="Develop")


@app.callback()
def _set_up(context: typer.Context) -> None:
    context.with_resource(task_session())
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
