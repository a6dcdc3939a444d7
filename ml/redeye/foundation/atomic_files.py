"""Files that appear whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """A path beside the file to write to: it takes the file's place at the end, or leaves nothing after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield making
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; its folder is made if missing."""
    with replace_file(path) as making:
        making.write_text(text, encoding="utf-8")
