"""Past nights: scored once more as they were, with another version, and what was restated since."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redeye.cli.shell import FirstNight, LastNight, ModelOption, console, enter, make_night_option
from redeye.foundation.errors import ConfigError
from redeye.scoring.logic.predictions import LIVE
from redeye.stack.rich_tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from redeye.scoring.rescore import Reproduction

app = typer.Typer()

BACKTEST = "backtest"


@app.command()
def reproduce(
    model: ModelOption,
    count: Annotated[int, typer.Option("--nights", min=1, help="How many nights, drawn at random.")] = 30,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
) -> None:
    """Score nights at random once more, into an empty lake, and compare every prediction with what was served.

    On the machine of the training the bits must be the same; on another, torch's predictions within a tolerance.

    Status 1 if one differs.
    """
    from redeye.scoring.rescore import reproduce as score_again

    enter()
    with console.status(f"Scoring {count} nights once more"):
        found = score_again(model, count, seed=seed, run_id="reproduce")
    console.print(tabulate_reproductions(found))
    equal, rows = sum(each.equal for each in found), sum(each.rows for each in found)
    console.print(f"{equal} of {rows} predictions of {len(found)} nights came out the same.")
    for reason in dict.fromkeys(each.equality.reason for each in found):
        console.print(f"Compared {reason}.")
    if not all(each.is_same for each in found):
        raise typer.Exit(1)


@app.command()
def rescore(
    first: FirstNight,
    last: LastNight,
    model: ModelOption,
    version: Annotated[
        int | None, typer.Option(help="Of the registry; the newest champion by default.")
    ] = None,
    run_type: Annotated[
        str, typer.Option("--run-type", "--lane", help="Only backtest: live nights are scored by `backfill`.")
    ] = BACKTEST,
) -> None:
    """Score past nights with a version and today's data, as a run type of their own that is never exported."""
    from redeye.scoring.rescore import backtest_nights

    if run_type != BACKTEST:
        raise ConfigError(
            f"the run type of a rescoring is {BACKTEST}, not {run_type!r}: live nights have their predictions"
        )
    enter()
    logging.getLogger("redeye").setLevel(logging.INFO)
    made = backtest_nights(model, first, last, version=version, run_id="rescore")
    console.print(f"Run type {made['lane']}: {made['nights']} nights, {made['rows']} predictions.")


@app.command()
def restated(
    model: ModelOption,
    first: Annotated[date | None, make_night_option("--from", "The first night that predicted.")] = None,
    last: Annotated[date | None, make_night_option("--to", "The last night that predicted.")] = None,
    to: Annotated[Path | None, typer.Option(help="Also write the table to this file, as CSV.")] = None,
) -> None:
    """Show which predictions rest on data that was restated since, and what changed in it."""
    from redeye.scoring.find_restated import find_restated_predictions

    enter(writes_outside=to is not None)
    found = find_restated_predictions(model, first or date.min, last or date.max)
    if to is not None:
        found.to_csv(to, index=False)
    if found.empty:
        console.print(f"No {LIVE} prediction of {model} rests on data that was restated since.")
        return
    console.print(tabulate_restated(found))


def tabulate_reproductions(found: Sequence[Reproduction]) -> Table:
    """A row per night that was scored once more."""
    table = Table("night", "release", "version", "rows", "the\nsame", "missing", "widest\ndifference")
    for each in found:
        cells = (each.night, each.release_id, each.version, each.rows, each.equal, each.missing, each.widest)
        table.add_row(*map(str, cells), style="" if each.is_same else "red")
    return table


def tabulate_restated(found: pd.DataFrame) -> Table:
    """A row per night that predicted and delivery that was restated since; the last three columns are counts."""
    table = Table(
        "night", "delivery", "predictions", title="Predictions that rest on what was restated since"
    )
    for row in found.to_dict("records"):
        rows, behind, outcomes = (row[name] for name in list(row)[-3:])
        table.add_row(
            f"{row['night']}\n{row['release_id']}",
            f"{row['dataset']} of {row['delivery_night']}: {row['before']}\n"
            f"replaced by {row['after']},\ntaken in by {row['taken_in_by'] or 'none yet'}\n"
            f"changed, in rows: {row['changed']}",
            f"{rows}\n{behind} by a feature\n{outcomes} own outcome",
        )
    return table
