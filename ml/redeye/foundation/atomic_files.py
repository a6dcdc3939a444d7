"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import secrets
import shutil
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


@contextmanager
def make_folder(path: Path, *, is_replacing: bool = False) -> Iterator[Path]:
    """A folder beside the path to fill: it takes its place at the end, or leaves nothing after an error.

    Where a folder is there by then, that is an error unless this one `is_replacing` it.
    """
    making = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    making.mkdir(parents=True)
    try:
        yield making
        if is_replacing:
            shutil.rmtree(path, ignore_errors=True)
        making.rename(path)
    finally:
        shutil.rmtree(making, ignore_errors=True)
