"""Where the rows of a night are that have some values, and their order by any column.

A night's rows stay as they are while requests come by the hundred: each column is indexed, and each order made, when it
is first asked for; from then on a filter costs what it finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redeye.serving.logic.queries import Query, Row


class RowIndex:
    """Finds places of rows. Threads may share it: at worst two make the same."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._places: dict[str, dict[Any, list[int]]] = {}
        self._orders: dict[str, tuple[list[int], list[int]]] = {}

    def find(self, column: str, value: object) -> list[int]:
        """The places of the rows that have a value."""
        places = self._places.get(column)
        if places is None:
            places = {}
            for place, row in enumerate(self._rows):
                places.setdefault(row[column], []).append(place)
            self._places[column] = places
        return places.get(value, [])

    def select(self, query: Query) -> tuple[list[int], int]:
        """The places of the rows of one page, and how many there are on all.

        Rows without a value to sort by come last.
        """
        order, ranks = self._find_order(query.sort)
        if query.equal:
            found = set.intersection(
                *(
                    {place for value in values for place in self.find(name, value)}
                    for name, values in query.equal
                )
            )
            order = sorted(found, key=ranks.__getitem__)
        return order[query.offset : query.offset + query.limit], len(order)

    def _find_order(self, sort: str) -> tuple[list[int], list[int]]:
        """Places in order, and the rank in it of each place."""
        if sort not in self._orders:
            by, is_falling = sort.removeprefix("-"), sort.startswith("-")
            values = [row[by] for row in self._rows]
            known = [place for place, value in enumerate(values) if value is not None]
            order = sorted(known, key=values.__getitem__, reverse=is_falling)
            order += [place for place, value in enumerate(values) if value is None]
            ranks = [0] * len(order)
            for rank, place in enumerate(order):
                ranks[place] = rank
            self._orders[sort] = (order, ranks)
        return self._orders[sort]
