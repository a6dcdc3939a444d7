"""Names that reach a path or a table: checked where they are made, so that nothing is written elsewhere."""

from __future__ import annotations

import re

LENGTH = 64
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LENGTH - 1}}}", re.ASCII)
RULE = f"letters, digits, _ and -, beginning with a letter or digit, at most {LENGTH}"


def is_name(text: object) -> bool:
    """Whether a value may name a file or folder: it cannot lead out of the folder that it is put in."""
    return isinstance(text, str) and NAME.fullmatch(text) is not None
