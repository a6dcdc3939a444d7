"""The command line, grouped by who uses it: run, operate, analyse, model, develop."""

from __future__ import annotations

import inspect
import logging

import typer
from rich.logging import RichHandler

from redeye.cli import model, run
from redeye.cli.analyse import audit, explain, exports, replay, rescoring, verdicts
from redeye.cli.develop import impact, project, sandboxes, scaffolds
from redeye.cli.operate import alerts, builds, champions, intake, servers, serving, storage
from redeye.cli.shell import Commands, console
from redeye.foundation.engine.command import name_commands
from redeye.foundation.masking import mask_logs
from redeye.foundation.task_session import task_session

GROUPS = {
    "Run": (run,),
    "Operate": (builds, champions, storage, servers, serving),
    "Analyse": (verdicts, explain, exports, rescoring, replay),
    "Model": (model,),
    "Develop": (impact, project),
}

app = typer.Typer(cls=Commands, help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
for panel, modules in GROUPS.items():
    for module in modules:
        for command in module.app.registered_commands:
            command.rich_help_panel = panel
            command.help = name_commands(inspect.getdoc(command.callback) or "")
        app.add_typer(module.app)
app.add_typer(alerts.app, name="alerts", rich_help_panel="Operate")
app.add_typer(serving.tokens, name="tokens", rich_help_panel="Operate")
app.add_typer(audit.app, name="audit", rich_help_panel="Analyse")
app.add_typer(intake.app, name="intake", rich_help_panel="Operate")
app.add_typer(sandboxes.app, name="dev", rich_help_panel="Develop")
app.add_typer(scaffolds.app, name="new", rich_help_panel="Develop")


@app.callback()
def _set_up(context: typer.Context) -> None:
    context.with_resource(task_session())
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    mask_logs()
