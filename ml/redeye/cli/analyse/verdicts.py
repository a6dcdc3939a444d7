"""Models: what was decided about them, and why."""

from __future__ import annotations

from datetime import date

import typer
from rich.markup import escape

from redeye.cli.shell import ModelArgument, console, enter
from redeye.declarations.project import project
from redeye.foundation.errors import ConfigError
from redeye.stack.rich_tables import Table, night_column

app = typer.Typer()

EVER = (date(1970, 1, 1), date(9999, 12, 31))
VERDICTS_SHOWN = 14
ASKING = ("retrain", "roll back")
VERDICT_COLOURS = {"ok": "green", "warning": "yellow"}


@app.command()
def verdicts(
    model: ModelArgument,
) -> None:
    """Show a model's last 14 verdicts with reasons and decisions, and its newest quality beside the heuristic's."""
    from redeye.promotion import decision_store
    from redeye.scoring import outputs_store

    enter()
    judged = outputs_store.read("verdicts", model, *EVER).sort_values("night").tail(VERDICTS_SHOWN)
    if judged.empty:
        raise ConfigError(f"{model} has no verdict yet: run `monitor_{model}` for a night that is scored")
    quality = outputs_store.read("quality", model, *EVER).dropna(subset=["champion", "heuristic"])
    decided = {row.decision.night: row.decision for row in decision_store.decisions(model)}
    table = Table(night_column(), "verdict", "reasons", "training", title=f"Verdicts on {model}")
    for row in judged.to_dict("records"):
        colour = VERDICT_COLOURS.get(row["verdict"], "red")
        reasons = escape(row["reasons"].replace("; ", "\n"))
        decision = decided.get(row["night"].date())
        training = "not decided yet" if decision is None else ""
        if decision is not None and (
            row["verdict"] in ASKING or decision.is_successor_due or decision.is_challenge
        ):
            training = "asked for" if decision.is_requested else decision.reason
        if decision is not None and decision.returns_to is not None:
            training = f"rolled back to version {decision.returns_to}; training {training}"
        table.add_row(f"{row['night']:%Y-%m-%d}", f"[{colour}]{row['verdict']}[/]", reasons, escape(training))
    console.print(table)
    if quality.empty:
        console.print("No night's labels are mature yet: there is no quality to show.")
        return
    newest = quality[quality["scored_night"] == quality["scored_night"].max()]
    newest = newest[newest["night"] == newest["night"].max()]
    first = newest.iloc[0]
    console.print(
        f"Quality on night {first['scored_night']:%Y-%m-%d}: "
        f"version {first['model_version']:.0f}, {first['rows']:.0f} {project().subject.many}"
    )
    numbers = Table("metric", "champion", "heuristic")
    for row in newest.to_dict("records"):
        numbers.add_row(row["metric"], f"{row['champion']:.4f}", f"{row['heuristic']:.4f}")
    console.print(numbers)
