"""What was refused, set aside or doubted of what arrived, and reversing such a decision."""

from __future__ import annotations

import getpass
from datetime import date
from typing import Annotated

import typer
from rich.markup import escape

from redeye.cli.shell import console, enter, make_night_option, read_night
from redeye.declarations.calendar import shift_nights
from redeye.foundation.settings import settings
from redeye.stack.rich_tables import Table, night_column

app = typer.Typer(help="Judge again what arrived.", no_args_is_help=True)

NIGHTS_SHOWN = 14
Named = Annotated[
    str, typer.Argument(metavar="SOURCE/DATASET", help="The dataset; the source may be left out.")
]
Night = Annotated[
    date, typer.Argument(parser=read_night("NIGHT"), help="The night whose data it is, as 2013-04-05.")
]
Because = Annotated[str, typer.Option(help="Why; kept with it for good.")]
Content = Annotated[
    str, typer.Option(help="How the delivery's content hash begins, where there are several.")
]


@app.command("list")
def list_intake(
    first: Annotated[
        date | None, make_night_option("--from", "The first night; by default two weeks back.")
    ] = None,
    last: Annotated[date | None, make_night_option("--to", "The last night; by default the newest.")] = None,
) -> None:
    """Show what was refused, set aside, marked or doubted, and what people decided."""
    from redeye.sources.action_store import list_actions
    from redeye.sources.marked_row_store import list_doubts, list_marked_rows
    from redeye.warehouse import night_records

    enter()
    last = last or night_records.last_nightly() or date.max
    first = first or (shift_nights(last, -NIGHTS_SHOWN) if last < date.max else date.min)
    recorded = night_records.records(first, last)
    table = Table(night_column(), "dataset", "what", "which", "why")
    for row in recorded.refused:
        failures = (row["audit"] or {}).get("failures") or [{}]
        why = failures[0].get("observed", "without an audit")
        table.add_row(str(row["night"]), row["dataset"], "refused", row["content_hash"], escape(why))
    for each in list_marked_rows(first, last):
        named = ", ".join(f"{name}={value}" for name, value in each.row_key.items())
        what = each.treatment if each.is_open else f"{each.treatment}, mended"
        table.add_row(str(each.night), each.dataset, what, escape(named), escape(each.reason))
    for doubt in list_doubts(first, last):
        by = f"by {doubt.raised_by_dataset} of night {doubt.raised_by_night}"
        table.add_row(str(doubt.night), doubt.dataset, "doubted", by, escape(doubt.said.splitlines()[0]))
    console.print(table)
    for action in list_actions():
        console.print(
            f"{action.recorded_at:%Y-%m-%d %H:%M} UTC {escape(action.actor)}: {action.action} "
            f"{escape(action.subject)}: {escape(action.reason)}"
        )
    console.print(f"{len(recorded.refused)} deliveries refused, {len(recorded.set_aside)} rows set aside.")


@app.command()
def accept(named: Named, night: Night, because: Because, content: Content = "") -> None:
    """Accept a refused delivery, or the rows that were set aside of one.

    It comes in with the first night that can hold it.
    """
    from redeye.operations.reverse_intake import accept_delivery

    enter()
    console.print(
        escape(accept_delivery(named, night, because=because, actor=find_actor(), content_hash=content))
    )


@app.command()
def refuse(named: Named, night: Night, because: Because, content: Content = "") -> None:
    """Refuse an accepted delivery.

    The next build goes on without its rows; what is released stays.
    """
    from redeye.operations.reverse_intake import refuse_delivery

    enter()
    console.print(
        escape(refuse_delivery(named, night, because=because, actor=find_actor(), content_hash=content))
    )


def find_actor() -> str:
    """Who acts: by the setting `actor`, or the user of the operating system."""
    return settings().actor or getpass.getuser()
