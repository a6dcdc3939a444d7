"""Predictions: what one of them rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column

from redeye.cli.shell import console, enter
from redeye.declarations.project import project
from redeye.declarations.specs import Spec, load_spec
from redeye.features.input_descriptions import InputTable, read_descriptions
from redeye.foundation.settings import SPECS
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.amounts import Amount, Step, round_number
from redeye.scoring.logic.explanation import Contribution, Explanation
from redeye.stack.rich_tables import Table, format_value

app = typer.Typer()

INPUTS_SHOWN = 12
DELIVERIES_SHOWN = 8


@app.command()
def explain(
    prediction_id: Annotated[
        str, typer.Argument(metavar="ID", help="<model>/live/<key>, as the files for consumers have it.")
    ],
    to: Annotated[Path | None, typer.Option(help="Also write all of it to this file, as JSON.")] = None,
) -> None:
    """Show what a prediction rests on, from landing file to promotion, and compute it once more.

    Status 1 if the chain does not give what was written, or a landing file was altered.
    """
    from redeye.scoring.explain import explain as explain_prediction

    enter(writes_outside=to is not None)
    with console.status("Walking the chain"):
        found = explain_prediction(prediction_id)
    if to is not None:
        to.write_text(json.dumps(found.to_dict(), indent=2, default=str) + "\n", encoding="utf-8")
    _show(found)
    if to is not None:
        console.print(f"All of it: {to}")
    if not found.is_reproduced or found.faults:
        raise typer.Exit(1)


def _show(found: Explanation) -> None:
    row, promotion, release = found.prediction, found.promotion, found.release
    spec = load_spec(SPECS / f"{row['model']}.yaml")
    kind = find_kind(spec)
    facts = Table(
        show_header=False, box=None, title=f"Prediction {row['prediction_id']}", title_justify="left"
    )
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    add = facts.add_row
    for line in _compare(found, kind):
        add(*line)
    add("scored by", f"{row['run_id']}, night {found.night}, run type {row['lane']}")
    add("model", f"{row['model']} version {promotion.version} ({promotion.algorithm})")
    add("  files", f"{promotion.artifact_uri}, sha256 {promotion.artifact_sha256}")
    add("  features", promotion.feature_service)
    add(
        "  champion",
        f"from night {promotion.effective_night}, decided on {promotion.decided_night} by {promotion.actor}",
    )
    add("  because", escape(promotion.reason))
    evidence = promotion.evidence
    add(
        "  training",
        f"MLflow run {evidence.get('mlflow_run_id', 'not recorded')}, release "
        f"{evidence.get('release_id', 'not recorded')}, data up to {evidence.get('seen_until', 'not recorded')}, "
        f"code {evidence.get('code_hash', '?')} at commit {evidence.get('git_sha', '?')}",
    )
    add(
        "  its data",
        f"deliveries {evidence.get('delivery_set_hash', 'not recorded')}, dbt code "
        f"{str(evidence.get('warehouse_code_hash', 'not recorded'))[:16]}, {_format_test(evidence)}",
    )
    for gate in (evidence.get("gates") or {}).get("results", ()):
        passed = "[green]passed[/]" if gate["is_passed"] else "[red]failed[/]"
        add("  gate", f"{passed} {escape(str(gate['gate']))}: {escape(_gate(gate))}")
    add(
        "release",
        f"{release.release_id} ({release.kind}), snapshot {release.snapshot_id}, dbt code {release.code_hash} "
        f"at commit {release.git_sha}" + (f", because: {escape(release.reason)}" if release.reason else ""),
    )
    add(
        "  dbt models",
        ", ".join(f"{node.relation} {node.checksum[:12]}" for node in found.nodes)
        or "not recorded when it was built",
    )
    if found.ancestors:
        add("  built on", f"{len(found.ancestors)} earlier: {found.ancestors[0].release_id} and before")
    if found.schedule:
        add("announced by", f"{found.schedule.path} ({found.schedule.rows} {project().subject.many})")
    # A bulk release holds later nights too; what was known to this prediction ends with its own night.
    known = [ref for ref in found.deliveries if ref.night <= found.night]
    add("landing files", f"{len(known)} up to its night, of this release's {len(found.deliveries)}")
    for ref in known[-DELIVERIES_SHOWN:]:
        add("", f"{ref.source}/{ref.dataset}/{ref.night}  {ref.content_hash}  {ref.rows} rows")
    for one in found.restated:
        add(
            "[yellow]restated[/]",
            f"{one.before.dataset} of {one.before.night}: {one.before.content_hash}, read here, was replaced by "
            f"{one.after.content_hash} ({len(one.changes)} rows: "
            f"{', '.join(f'{name} {count}' for name, count in one.columns.items())})",
        )
    for fault in found.faults:
        add("[red]altered[/]", escape(fault))
    for note in found.notes:
        add("[yellow]note[/]", escape(note))
    console.print(facts)
    for table in _list_tables(found, spec, kind):
        console.print(table)


def _compare(found: Explanation, kind: Kind) -> Iterator[tuple[str, str]]:
    """What was said, what the chain gives again, and what the heuristic said."""
    row, show = found.prediction, kind.amount.show
    for name, recomputed in found.recomputed.items():
        written = float(row[name])
        again = "[green]the same[/]" if found.is_same(name) else f"[red]{recomputed!r}[/]"
        # All digits: it is compared to the last one.
        yield name, f"{show(written)} ({written!r}); computed again from the chain: {again}"
    yield "  compared", escape(found.equality.reason)
    yield "heuristic says", ", ".join(show(float(row[name])) for name in kind.baseline_columns)


def _list_tables(found: Explanation, spec: Spec, kind: Kind) -> Iterator[Table]:
    if found.contributions:
        yield tabulate_inputs(found.contributions, read_descriptions(spec), kind.amount)
    if found.steps:
        yield tabulate_steps(found.steps)


def tabulate_inputs(
    inputs: Sequence[Contribution], tables: Mapping[str, InputTable], amount: Amount
) -> Table:
    """The strongest inputs.

    Args:
        inputs: the strongest first.
        tables: by feature view, "" for the schedule, what dbt's files say of it: units are told there.
        amount: that they add to.
    """
    numbers = (Column(name, justify="right") for name in ("value", "effect"))
    unit = f", in {amount.unit}" if amount.unit else ""
    title = f"What single inputs add to the {amount.noun} (Shapley values{unit})"
    table = Table("input", *numbers, title=title)
    for each in inputs[:INPUTS_SHOWN]:
        view, _, name = each.column.rpartition("__")
        told = tables[view].columns.get(name) if view in tables else None
        shown = f"{escape(each.column)}\n  [dim]{escape(told)}[/]" if told else escape(each.column)
        table.add_row(shown, each.value, amount.show_change(each.effect, 2))
    return table


def tabulate_steps(steps: Sequence[Step]) -> Table:
    """How what was said came about from what was learned."""
    numbers = (Column(name, justify="right") for name in steps[0].values)
    table = Table("step", *numbers, title="From what was learned to what was said")
    for each in steps:
        table.add_row(escape(each.text), *(round_number(value, 4) for value in each.values.values()))
    return table


def _format_test(evidence: Mapping[str, Any]) -> str:
    metrics = evidence.get("test_metrics") or {}
    reported = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items() if isinstance(value, float))
    return f"tested: {reported}" if reported else "not tested: it was the first"


def _gate(gate: Mapping[str, Any]) -> str:
    """What a gate found, as the promotion recorded it; one that measures nothing has no value and no bound."""
    numbers = [f"{name} {format_value(gate[name])}" for name in ("value", "bound") if gate[name] is not None]
    reason = gate.get("reason") or "no reason"
    return f"{reason} ({', '.join(numbers)})" if numbers else reason
