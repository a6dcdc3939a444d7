"""What the command is called here. Messages and pages name it as in a checkout; where they are shown, it is this."""

from __future__ import annotations

import re
from pathlib import Path

from redeye.foundation.engine.places import ENGINE, IS_INSTALLED, PROJECT_ROOT

CHECKOUTS = "./redeye"
"""As it is called in the checkout's own project."""
ELSEWHERES = "redeye" if IS_INSTALLED else (ENGINE / "redeye").as_posix()
"""As a project elsewhere calls it: a package's is on the path."""
_MADE = re.compile(r"(?<=[`>])make (?=(run|stop|reset|backfill|impact)\b)")


def find_command(root: Path = PROJECT_ROOT) -> str:
    """As it is called in a project's folder."""
    return CHECKOUTS if root.resolve() == ENGINE else ELSEWHERES


def name_commands(text: str, command: str | None = None) -> str:
    """The text with each command as this project calls it: only the checkout's own has a Makefile."""
    command = command or find_command()
    if command == CHECKOUTS:
        return text
    return _MADE.sub(f"{CHECKOUTS} ", text).replace(CHECKOUTS, command)
