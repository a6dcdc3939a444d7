"""Of each dataset and night one delivery, made of its parts; what is more or less than one is a fault.

Two deliveries of one dataset and night in one fetch are *parts* if each but the last says that more follows. Else
nobody can tell which of them counts, and neither does. A replacement comes with a later fetch, as a restatement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date

import pyarrow as pa

from redeye.sources.logic.deliveries import Delivery, DeliveryFault

Arriving = Delivery | DeliveryFault


def gather(
    arriving: Iterable[Arriving], *, source: str, datasets: Collection[str], first: date, last: date
) -> Iterator[Arriving]:
    """What a fetch of the nights `first` to `last` came to, night by night: one delivery each, or a fault.

    A delivery of a night before the one at hand is a fault, whatever came of it before.
    """
    held: dict[tuple[str, date], list[Arriving]] = {}
    complete: set[tuple[str, date]] = set()
    at = first
    for each in arriving:
        if fault := _find_misplaced(each, source, datasets, first, last):
            yield fault
            continue
        if each.dataset is None:
            yield each
            continue
        if each.night > at:
            yield from _join_all(held)
            complete |= held.keys()
            held, at = {}, each.night
        if (each.dataset, each.night) in complete:
            yield _fault(each, "was delivered again after its night was over, and neither counts")
        else:
            held.setdefault((each.dataset, each.night), []).append(each)
    yield from _join_all(held)


def _find_misplaced(
    each: Arriving, source: str, datasets: Collection[str], first: date, last: date
) -> DeliveryFault | None:
    """What is wrong with where a delivery says that it belongs."""
    if isinstance(each, DeliveryFault):
        return None
    if each.source != source:
        return _fault(each, f"came from the source {source}, which may deliver nothing for another")
    if each.dataset not in datasets:
        return _fault(each, f"is none of the source's datasets, {', '.join(sorted(datasets))}")
    if not first <= each.night <= last:
        return _fault(each, f"was not asked for: only the nights {first} to {last} were")
    return None


def _join_all(held: dict[tuple[str, date], list[Arriving]]) -> Iterator[Arriving]:
    for parts in held.values():
        faults: list[Arriving] = [each for each in parts if isinstance(each, DeliveryFault)]
        yield from faults or [_join([each for each in parts if isinstance(each, Delivery)])]


def _join(parts: list[Delivery]) -> Arriving:
    """The delivery that some parts make, in their order."""
    whole = parts[0]
    if all(each == whole for each in parts) and not whole.more_follows:
        return whole  # The very same again is no change, within a fetch as from one to the next.
    if parts[-1].more_follows:
        return _fault(whole, f"is not complete: {len(parts)} parts came, and the last says that more follows")
    if not all(each.more_follows for each in parts[:-1]):
        rows = " and ".join(f"{each.frame.num_rows}" for each in parts)
        return _fault(
            whole,
            f"was delivered {len(parts)} times in one fetch, with {rows} rows, and none counts: join them, mark all "
            "parts but the last with `more_follows`, or deliver the one that is meant",
        )
    if any(each.frame.column_names != whole.frame.column_names for each in parts):
        return _fault(whole, "came in parts with different columns")
    if len({each.shift_weeks for each in parts}) > 1:
        return _fault(whole, "came in parts of different calendars")
    return replace(whole, frame=pa.concat_tables(each.frame for each in parts), more_follows=False)


def _fault(of: Arriving, said: str) -> DeliveryFault:
    place = f"{of.source}/{of.dataset}/{of.night}"
    return DeliveryFault(of.source, of.dataset, of.night, f"{place} {said}")
