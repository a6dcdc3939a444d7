"""How a revision of the ledgers runs its SQL: files beside it, as they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from alembic import op

FOLDER = Path(__file__).parent


def make_upgrade(*names: str) -> Callable[[], None]:
    """What Alembic calls in the transaction of the whole upgrade: it runs files of this folder.

    A `%` or `:` in them means itself.
    """

    def upgrade() -> None:
        with closing(op.get_bind().connection.cursor()) as at:
            for name in names:
                at.execute((FOLDER / name).read_text(encoding="utf-8"))

    return upgrade
