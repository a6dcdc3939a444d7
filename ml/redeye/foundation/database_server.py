"""What is asked of a database server, whoever runs it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from psycopg2.extensions import connection


class Administered(Protocol):
    """A server whose roles and databases are ours to make: the embedded one, or one of the operator's."""

    def superuser(self, database: str = ...) -> AbstractContextManager[connection]:
        """An autocommitting connection of whoever may make them."""
        ...
