"""Whether files that were given away are what the installation gave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from redeye.cli.shell import PublicKeyFile, console
from redeye.foundation.settings import settings

app = typer.Typer()


@app.command()
def verify_export(
    folder: Annotated[Path, typer.Argument(help="Folder of one night's export.")],
    key: PublicKeyFile = None,
) -> None:
    """Hold an export against the public key alone: needs no stack, and parses nothing that is not verified.

    Ends with status 1, and the reason, if a file is missing, altered or signed by somebody else.
    """
    from redeye.foundation.signing.public_keys import demand_public_keys
    from redeye.scoring.export_signature import verify_export as verify

    said = verify(folder, demand_public_keys(key, settings()))
    console.print(
        f"{escape(str(folder))}: {said['rows']} predictions of {escape(said['model'])}, night {said['night']}, as they "
        "were exported.",
        soft_wrap=True,
    )
