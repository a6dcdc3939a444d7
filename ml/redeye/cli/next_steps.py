"""What a person may do after the first run: the page to open, and commands that this project has work for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from redeye.cli.shell import console
from redeye.declarations.calendar import find_next_night, shift_nights
from redeye.declarations.project import project
from redeye.foundation.engine.command import CHECKOUTS, find_command
from redeye.foundation.engine.places import PROJECT_ROOT
from redeye.foundation.ui_links import link_night

NIGHTS = 7
FEATURES = Path("dbt") / "models" / "features"


def list_next_steps(
    riskiest: str, head: date, final: date, root: Path = PROJECT_ROOT
) -> list[tuple[str, str]]:
    """What to do and how, an address or a command.

    Args:
        riskiest: the id of the riskiest prediction of the newest night.
        head: the night of the newest release.
        final: the last night that the source has.
        root: the project.
    """
    # A project elsewhere has no Makefile, and no script of its own.
    redeye = find_command(root)
    is_checkout = redeye == CHECKOUTS
    make = "make" if is_checkout else redeye
    steps = [
        ("Open the newest night", link_night(head)),
        (
            f"See how the prediction of its first {project().subject.one} came about",
            f"{redeye} explain {riskiest}",
        ),
    ]
    if head < final:
        last = min(shift_nights(head, NIGHTS), final)
        first = find_next_night(head)
        played = f"FROM={first} TO={last}" if is_checkout else f"{first} {last}"
        steps.append(("Play the nights after it", f"{make} backfill {played}"))
    if tables := sorted((root / FEATURES).glob("*.sql")):
        edited = tables[0].relative_to(root)
        steps.append((f"Edit a dbt model, such as {edited}, and see what that does", f"{make} impact"))
    return steps


def show_next_steps(riskiest: str) -> None:
    """Print what to do next."""
    from redeye.sources.configured_source import load_source
    from redeye.stack.airflow.first_run import head

    newest, final = head(), load_source().final_night
    if newest is None:
        return
    console.print("[bold]What next[/]")
    for what, how in list_next_steps(riskiest, newest, final):
        console.print(f"  {what}:", highlight=False, soft_wrap=True)
        console.print(f"    [cyan]{how}[/]", highlight=False, soft_wrap=True)
