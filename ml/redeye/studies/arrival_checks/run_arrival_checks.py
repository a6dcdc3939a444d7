"""Audits every clean night of the source, then nights with planted faults, and writes the page.

It needs no installation: deliveries come from the source, and history is what it delivered before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from redeye.audits.audit import audit_many
from redeye.audits.contract_files import ARRIVALS
from redeye.audits.night_profiles import NIGHTS_BACK
from redeye.declarations.calendar import find_previous_night, list_nights, shift_nights
from redeye.declarations.project import import_named, project
from redeye.foundation.errors import ConfigError
from redeye.sources.configured_source import load_source
from redeye.sources.logic.deliveries import Delivery, Source
from redeye.sources.logic.faults import PlantedFault
from redeye.studies.arrival_checks.arrival_checks_page import write_page
from redeye.studies.arrival_checks.logic.trials import Check, Trial
from redeye.studies.progress import Step

SEED = 20130101
NIGHTS_PER_FAULT = 6
NIGHTS_AT_ONCE = 28
"""Clean nights that one audit judges."""
Frames = Mapping[str, pd.DataFrame]
"""Text frames with `night`, by suite."""


def measure(
    folder: Path, *, nights_per_fault: int = NIGHTS_PER_FAULT, report: Callable[[Step], None]
) -> Path:
    """Measure, and write `arrival-checks.md` into a folder.

    Bounds were chosen on the first half of the source's nights; faults are planted into nights of the second.

    Raises:
        ConfigError: if `redeye.yaml` names no planted faults.
        DeliveryError: if the source cannot deliver.
    """
    source = load_source()
    frames, half = deliver(source), find_half(source)
    nights = list(list_nights(source.first_night, source.last_night))
    faults = load_planted_faults()
    total = len(nights) + len(faults) * nights_per_fault
    trials = [*_report(audit_clean_nights(frames, nights), report, 0, total)]
    planted = plant_faults(frames, faults, [night for night in nights if night > half], nights_per_fault)
    trials += _report(planted, report, len(nights), total)
    report(Step(total, total, "", None))
    return write_page(folder, trials, chosen_until=half)


def find_half(source: Source) -> date:
    """The last night that bounds were chosen on: the middle of the source's nights."""
    return source.first_night + (source.last_night - source.first_night) // 2


def load_planted_faults() -> Mapping[str, PlantedFault]:
    """The project's faults, by name.

    Raises:
        ConfigError: if it names none.
    """
    named = project().audits.planted
    if named is None:
        raise ConfigError("redeye.yaml: audits.planted names no faults to look for")
    faults: Mapping[str, PlantedFault] = import_named(named, said_by="redeye.yaml, audits.planted:")()
    return faults


def deliver(source: Source) -> dict[str, pd.DataFrame]:
    """Every row that the source delivers, as text frames with their `night`, by suite."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for delivery in source.fetch(source.first_night, source.final_night):
        if isinstance(delivery, Delivery) and delivery.frame.num_rows:
            frame = delivery.frame.to_pandas().assign(night=delivery.night.isoformat())
            parts.setdefault(f"{ARRIVALS}{delivery.dataset}", []).append(frame)
    return {suite: pd.concat(frames, ignore_index=True) for suite, frames in parts.items()}


def audit_clean_nights(
    frames: Frames, nights: list[date], *, at_once: int = NIGHTS_AT_ONCE
) -> Iterator[Trial]:
    """Each night as it is judged alone: compared with the nights before it, whether those are judged with it or not."""
    for start in range(0, len(nights), at_once):
        batch = nights[start : start + at_once]
        failed = _audit(frames, batch[0], cut(frames, batch[0], batch[-1]))
        for night in batch:
            own = [check for check, named in failed if not named or night in named]
            yield Trial(None, "", night, tuple(dict.fromkeys(own)))


def plant_faults(
    frames: Frames, faults: Mapping[str, PlantedFault], nights: list[date], nights_per_fault: int
) -> Iterator[Trial]:
    """Each fault in so many nights, spread evenly; nights that it would not change are passed over."""
    for number, (name, fault) in enumerate(faults.items()):
        rng = np.random.default_rng([SEED, number])
        order = rng.permutation(len(nights))
        suite, tried = f"{ARRIVALS}{fault.dataset}", 0
        for place in order:
            if tried == nights_per_fault:
                break
            night = nights[place]
            clean = cut(frames, night, night)
            before = cut(frames, shift_nights(night, -NIGHTS_BACK), find_previous_night(night))
            if suite not in clean or suite not in before:
                continue
            spoiled = fault.spoil(clean[suite].copy(), before[suite], rng)
            if spoiled.reset_index(drop=True).equals(clean[suite]):
                continue
            tried += 1
            failed = [check for check, _ in _audit(frames, night, {suite: spoiled})]
            yield Trial(name, fault.dataset, night, tuple(dict.fromkeys(failed)))


def cut(frames: Frames, first: date, last: date) -> dict[str, pd.DataFrame]:
    """The rows of some nights, by suite; suites without any are left out."""
    between = {
        suite: frame[frame["night"].between(first.isoformat(), last.isoformat())]
        for suite, frame in frames.items()
    }
    return {suite: frame.reset_index(drop=True) for suite, frame in between.items() if len(frame)}


def _audit(frames: Frames, first: date, judged: Frames) -> list[tuple[Check, tuple[date, ...]]]:
    """The rules that were not met, with the nights that each failure names."""
    history = cut(frames, shift_nights(first, -NIGHTS_BACK), find_previous_night(first))
    results = audit_many(judged, subject=f"from night {first}", history=history)
    return [
        ((failure.suite.removeprefix(ARRIVALS), failure.expectation, failure.column or ""), failure.nights)
        for result in results.values()
        for failure in result.failures
    ]


def _report(
    trials: Iterator[Trial], report: Callable[[Step], None], done: int, total: int
) -> Iterator[Trial]:
    for number, trial in enumerate(trials):
        report(Step(done + number, total, trial.fault or str(trial.night), None))
        yield trial
