"""The two lakes by name."""

from __future__ import annotations

from enum import StrEnum


class Catalog(StrEnum):
    """The lakes, by the alias under which they are attached; each has a database of its own, ledgers in it."""

    WAREHOUSE = "warehouse"
    OUTPUTS = "outputs"
