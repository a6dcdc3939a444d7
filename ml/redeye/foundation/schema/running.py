"""How a revision of the ledgers runs its SQL: files beside it, as they are."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from alembic import op

FOLDER = Path(__file__).parent


def run_sql(*names: str) -> None:
    """Run files of this folder on the connection of the migration. A `%` or `:` in them means itself."""
    link = op.get_bind().connection
    with closing(link.cursor()) as at:
        for name in names:
            at.execute((FOLDER / name).read_text(encoding="utf-8"))
