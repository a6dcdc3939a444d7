"""A project's declarations as they are understood: what a night is and brings, and from when on models work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from redeye.declarations.calendar import (
    cutoff,
    describe_cutoff,
    find_next_night,
    list_coming_days,
    read_local,
    shift_nights,
)
from redeye.declarations.datasets import DeclaredDataset
from redeye.declarations.project import project
from redeye.declarations.span import find_begin
from redeye.declarations.specs import Spec, load_valid_specs
from redeye.foundation.settings import SPECS
from redeye.models.logic.splits import find_first_training
from redeye.sources.configured_source import load_source
from redeye.sources.logic.deliveries import Source


def describe_project() -> Iterator[str]:
    """What the declarations say, a line for each thing; needs no stack.

    Raises:
        ConfigError: if they cannot be read.
    """
    declared, source = project(), load_source()
    first = source.first_night
    days = list_coming_days(first)
    predicted = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
    yield f"Project {declared.project}: a night ends at {describe_cutoff()}."
    yield (
        f"Its first night is {first}: it ends on {read_local(cutoff(first)):%Y-%m-%d at %H:%M} and predicts the "
        f"{declared.subject.many} of {predicted}; the last one that the source has now is {source.last_night}."
    )
    yield from _describe_datasets(source)
    yield from _describe_span(first)
    for spec in load_valid_specs(SPECS).values():
        yield from _describe_model(spec, source)


def _describe_datasets(source: Source) -> Iterator[str]:
    declared = project().datasets or {}
    for dataset in source.datasets:
        own = declared.get(dataset.name)
        how = f"; {_describe_known(own)}" if own else ""
        yield f"Dataset {dataset.name}: a row is told by {', '.join(dataset.key)}{how}."
        for caveat in own.list_caveats() if own else ():
            yield f"  Of {dataset.name}, {caveat}."


def _describe_span(night: date) -> Iterator[str]:
    declared = project()
    span, due = declared.subject.span, declared.due_nights
    if span is None or due is None:
        return
    many = declared.subject.many
    begins = "its cutoff" if span.begins == "cutoff" else "the first midnight that is not before it"
    first = find_begin(span, read_local(cutoff(night)))
    yield (
        f"A night predicts, of the {many} that are known by its cutoff, what rows of {span.of} say of the "
        f"{span.nights} days from {begins} on: night {night} of those from {first:%Y-%m-%d at %H:%M} on."
    )
    yield (
        f"Such rows come with nights {due.first} to {due.last} after it; where one of these was not delivered, the "
        f"label is unknown and no zero. It is final {due.final} nights after it, at the cutoff of "
        f"{shift_nights(night, due.final)}."
    )


def _describe_known(declared: DeclaredDataset) -> str:
    known = declared.known_at
    if known.column:
        return f"known at {known.column}"
    if known.after:
        return f"known when the {known.after} of {known.of or 'its file'} ends, or later by the lag"
    if known.before:
        return f"known at the cutoff before the day of {known.of}"
    return "known when it is delivered"


def _describe_model(spec: Spec, source: Source) -> Iterator[str]:
    maturity, first = spec.label_maturity_nights, source.first_night
    ready = find_first_training(first, spec.split, maturity=maturity)
    judged = ready
    for _ in range(spec.effective_lag_nights + spec.monitor.window_nights + maturity):
        judged = find_next_night(judged)
    lacks = "" if ready <= source.last_night else ", which is after the last night there is: shorten `split`"
    yield (
        f"Model {spec.model}: {len(spec.features)} features and {len(spec.schedule_columns)} columns of the schedule, "
        f"all as of the cutoff; it can be trained from night {ready} on{lacks}, and a whole window of its own "
        f"predictions is judged on night {judged}."
    )
