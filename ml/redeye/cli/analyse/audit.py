"""The auditor's commands: whether the ledgers are as they were written, and what was written when and by whom."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column

from redeye.cli.shell import console, enter
from redeye.foundation.settings import settings
from redeye.stack.rich_tables import Table

app = typer.Typer(no_args_is_help=True, help="Verify the ledgers against their trail, and read the trail.")
SHOWN = 20


@app.command("verify")
def verify_trails(
    anchors: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file of anchors kept elsewhere, beside the installation's own; may be repeated."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="Public keys kept elsewhere, in place of the installation's own.", exists=True),
    ] = None,
) -> None:
    """Find every row of the ledgers that was changed, taken out or put in past their trail, or that is not signed.

    Ends with 1 if there is one.
    """
    from redeye.foundation import trail
    from redeye.foundation.catalogs import Catalog

    enter()
    own = settings().home / settings().anchors_file
    files = [own, *(anchors or [])]
    for path in anchors or []:
        if not path.is_file():
            raise typer.BadParameter(f"{path} is no file", param_hint="--anchors")
    kept = list(dict.fromkeys(anchor for path in files for anchor in trail.read_anchors(path)))
    checks = [trail.check_trail(catalog, kept) for catalog in Catalog]
    numbers = [
        Column(name, justify="right")
        for name in ("entries", "from before\nthe trail", "since the\nlast anchor")
    ]
    table = Table("ledgers of", *numbers, Column("faults", justify="right"))
    for check in checks:
        counts = (check.entries, check.inherited, check.unanchored, len(check.faults))
        table.add_row(check.database, *(f"{each:,}" for each in counts))
    console.print(table)
    for check in checks:
        for fault in check.faults[:SHOWN]:
            console.print(f"[red]{check.database}:[/] ", end="")
            console.print(fault, markup=False, highlight=False)
        if len(check.faults) > SHOWN:
            console.print(f"[red]{check.database}:[/] {len(check.faults) - SHOWN:,} faults more")
    wrong = _check_signatures(key)
    unanchored = sum(check.unanchored for check in checks)
    if unanchored:
        console.print(
            f"Entries since the last anchor: {unanchored:,}. A cut of the trail's end within them would not be "
            "found; the next release, verdict or promotion anchors them."
        )
    if wrong or any(check.faults for check in checks):
        raise typer.Exit(1)
    console.print(
        "[green]Every row of every ledger is as it was written; promotions and releases are signed.[/]"
    )


def _check_signatures(key: Path | None) -> int:
    """How many rows are not vouched for, by the keys of a file; it prints which."""
    from redeye.foundation.errors import SignatureError
    from redeye.foundation.signing import row_checks
    from redeye.foundation.signing.ledger_rows import LEDGERS
    from redeye.foundation.signing.public_keys import find_public_path, read_public_keys

    path = key or find_public_path(settings())
    try:
        keys = "".join(each.to_text() for each in read_public_keys(path).values())
    except SignatureError as error:
        raise typer.BadParameter(str(error), param_hint="--key") from error
    found = [
        f"{kind} {name}: {why}"
        for kind in LEDGERS
        for name, why in row_checks.find_faults(kind, f"ORDER BY r.{LEDGERS[kind].key}", keys=keys).items()
    ]
    for fault in found[:SHOWN]:
        console.print("[red]signatures:[/] ", end="")
        console.print(fault, markup=False, highlight=False)
    if len(found) > SHOWN:
        console.print(f"[red]signatures:[/] {len(found) - SHOWN:,} faults more")
    return len(found)


@app.command("sign")
def sign_rows(
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask about each row.")] = False,
) -> None:
    """Sign promotions and releases that nobody vouches for, after showing each: as where the signer was away.

    Ends with 1 if one of them cannot be signed.
    """
    from redeye.foundation.errors import RedeyeError
    from redeye.promotion import sign_rows as signing

    enter()
    is_done = True
    for row in signing.list_unsigned():
        console.print(f"{row.kind} {row.said}\n{row.why}", markup=False, highlight=False)
        if not is_sure and not typer.confirm("Sign it?"):
            continue
        try:
            signing.sign_unsigned(row)
        except RedeyeError as error:
            is_done = False
            console.print(f"[red]Not signed:[/] {escape(str(error))}")
    if not is_done:
        raise typer.Exit(1)


@app.command("trail")
def show_trail(
    ledger: Annotated[str, typer.Option(help="A ledger, such as promotions; all of them if left out.")] = "",
    since: Annotated[str, typer.Option(help="The first day, in UTC: 2013-04-01.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 40,
) -> None:
    """Show what was written into the ledgers, when, by which role, the newest last."""
    from redeye.foundation import trail

    enter()
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError as error:
        raise typer.BadParameter(f"{since!r} is no day, such as 2013-04-01", param_hint="--since") from error
    found = trail.read_newest(ledger, since=day, limit=limit)
    if not found:
        console.print("Nothing was written, or no ledger has this name.")
        return
    table = Table(Column("recorded (UTC)", no_wrap=True), "ledger\nrole", "row\nwho and why, as it says")
    for each in found:
        when = f"{each.recorded_at:%Y-%m-%d %H:%M:%S}" if not each.is_inherited else "before the trail"
        said = ": ".join(filter(None, (each.actor, each.reason)))
        table.add_row(when, f"{each.ledger}\n{each.recorded_by}", escape(f"{each.row_key}\n{said}".rstrip()))
    console.print(table)


@app.command("key")
def show_keys(
    is_new: Annotated[
        bool, typer.Option("--new", help="Make a new key; what older ones signed stays verifiable.")
    ] = False,
    withdraw: Annotated[str, typer.Option(help="A key, by its id, of which nothing is to be believed.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is withdrawn.")] = "",
) -> None:
    """Print the public keys that signatures are verified with, the newest last, and their fingerprints."""
    from redeye.foundation.signing import signing_keys
    from redeye.foundation.signing.public_keys import find_public_path, read_public_keys

    if is_new:
        signing_keys.replace_key(settings())
    if withdraw:
        if not reason.strip():
            raise typer.BadParameter("say why: it is kept with the key", param_hint="--reason")
        signing_keys.withdraw_key(settings(), withdraw, reason)
    for key in read_public_keys(find_public_path(settings())).values():
        typer.echo(f"Key {key.key_id}, SHA-256 {key.fingerprint}")
        typer.echo(key.to_text())
