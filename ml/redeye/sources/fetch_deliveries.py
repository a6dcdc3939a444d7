"""Asking a source for its deliveries, so that what it raises costs nothing but what it could not deliver."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Iterable, Iterator
from datetime import date
from heapq import merge
from pathlib import Path
from typing import Any, cast

from redeye.declarations.calendar import find_next_night, list_nights
from redeye.foundation.errors import DeliveryError, RedeyeError
from redeye.sources.logic.deliveries import Delivery, DeliveryFault, Source
from redeye.sources.logic.gathered_deliveries import Arriving

log = logging.getLogger(__name__)


def fetch_deliveries(source: Source, first: date, last: date) -> Iterator[Arriving]:
    """Every delivery of the nights `first` to `last`, night by night, and a fault in place of what was not to be had.

    Where the source takes one, it is asked for one dataset after the other; and where it raises over several nights,
    once more for each night alone.
    """
    datasets: list[str | None] = [None]
    if _takes_dataset(source):
        datasets = [each.name for each in source.datasets]
    streams = [_fetch(source, dataset, first, last) for dataset in datasets]
    yield from merge(*streams, key=lambda each: each.night)


def _takes_dataset(source: Source) -> bool:
    return "dataset" in inspect.signature(source.fetch).parameters


def _fetch(source: Source, dataset: str | None, first: date, last: date) -> Iterator[Arriving]:
    """The deliveries of one dataset, or of all. A generator that has raised is dead: the nights after it are not."""
    held: list[Arriving] = []
    due = first
    try:
        for each in ask(source, dataset, first, last):
            if not isinstance(each, Delivery | DeliveryFault):
                raise DeliveryError(f"it yielded {type(each).__name__}, which is no Delivery")
            if held and each.night != held[-1].night:
                # Whole only now: a night may come in parts.
                yield from held
                due, held = find_next_night(held[-1].night), []
            held.append(each)
    except Exception as error:
        log.exception("the source %s, nights %s to %s", source.name, first, last)
        if first < last:
            for night in list_nights(due, last):
                yield from _fetch(source, dataset, night, night)
            return
        yield from held
        yield _describe_failure(source, dataset, first, held, error)
        return
    yield from held


def ask(source: Source, dataset: str | None, first: date, last: date) -> Iterable[Any]:
    """What a source delivers of one dataset, or of all, whether its `fetch` takes a dataset or not."""
    if dataset is None:
        return source.fetch(first, last)
    if _takes_dataset(source):
        return cast("Any", source).fetch(first, last, dataset)
    return (each for each in source.fetch(first, last) if each.dataset == dataset)


def _describe_failure(
    source: Source, dataset: str | None, night: date, held: list[Arriving], error: Exception
) -> DeliveryFault:
    message = str(error)
    if not isinstance(error, RedeyeError):
        at = traceback.extract_tb(error.__traceback__)[-1]
        message = f"{type(error).__name__}: {error} ({Path(at.filename).name}, line {at.lineno})"
    if dataset is None:
        came = ", ".join(dict.fromkeys(str(each.dataset) for each in held)) or "nothing"
        message = f"{source.name}/{night} ended in an error after {came}: {message}"
    else:
        message = f"{source.name}/{dataset}/{night} could not be fetched: {message}"
    return DeliveryFault(source.name, dataset, night, message, is_passing=not isinstance(error, RedeyeError))
