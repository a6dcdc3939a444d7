"""Finding the configured source, on the calendar that the installation keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar, Protocol, cast

from redeye.declarations.calendar import check_night
from redeye.declarations.project import import_named, name_schedule, project
from redeye.declarations.yaml_files import load_declaration
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SHIFT_FILE, settings
from redeye.sources.logic.deliveries import Dataset, Shiftable, Source, find_dataset, require_names
from redeye.sources.logic.faults import Event, Plan


class FaultySource(Source, Protocol):
    """Another source with an event in it; everything else is passed through.

    Attributes:
        meanings: by name of a fault, what is done to the deliveries, in a sentence.
    """

    meanings: ClassVar[Mapping[str, str]]

    def __init__(self, source: Source, event: Event) -> None: ...


def load_source() -> Source:
    """What the setting `source` names, the project's source or its datasets, shifted, with a rehearsal's events.

    Raises:
        ConfigError: if it is not `module:Class`, cannot be imported, is not a `Source`, has no proper name,
            cannot be shifted, or has nights that the clock has not.
    """
    weeks = settings().shift_weeks
    source = _make_source()
    if weeks:
        if not isinstance(source, Shiftable):
            raise ConfigError(
                f"REDEYE_SHIFT_WEEKS={weeks}, but the source {source.name} cannot be shifted: unset it"
            )
        source = source.shift_by(weeks)
    require_names(source)
    active = plan()
    for event in active.events if active else ():
        source = faulty_source()(source, event)
    return source


def find_schedule(source: Source) -> Dataset | None:
    """The dataset of a source that announces the coming day's rows; None if no dataset does.

    Raises:
        DeliveryError: if the source has not the one that the project names.
    """
    name = name_schedule()
    return find_dataset(source, name) if name else None


def _make_source() -> Source:
    named, said_by = settings().source, "REDEYE_SOURCE"
    if not named:
        named, said_by = project().source or "", "redeye.yaml, source:"
    if not named:
        from redeye.sources.declared.declared_source import DeclaredSource

        # Its nights are looked for only when they are asked for, which a protocol of attributes cannot say.
        return cast("Source", DeclaredSource(project()))
    source = import_named(named, said_by=said_by)()
    if not isinstance(source, Source):
        raise ConfigError(f"{said_by} names {named!r}, which is not a redeye.sources.logic.deliveries.Source")
    for night in (source.first_night, source.last_night, source.final_night):
        check_night(night)
    return source


def plan() -> Plan | None:
    """The events that the setting `rehearsal` names; None in an installation that rehearses nothing.

    Raises:
        ConfigError: if the file is missing or says something else.
    """
    named = settings().rehearsal
    return load_plan(Path(named), faulty_source().meanings) if named else None


def load_plan(path: Path, faults: Collection[str]) -> Plan:
    """A plan from its YAML file, of the faults that the project's source knows.

    Raises:
        ConfigError: if the file is missing, says something else, or names another fault.
    """
    try:
        plan = load_declaration(path, Plan, begins_with="name: <name>")
    except ConfigError as error:
        raise ConfigError(f"REDEYE_REHEARSAL={path} cannot be read as a plan of events: {error}") from error
    if unknown := sorted({event.fault for event in plan.events} - set(faults)):
        raise ConfigError(
            f"REDEYE_REHEARSAL={path} cannot be read as a plan of events: {', '.join(unknown)} is no fault; "
            f"there are {', '.join(faults)}"
        )
    return plan


def faulty_source() -> type[FaultySource]:
    """What the project puts faults into its deliveries with.

    Raises:
        ConfigError: if the declaration names none, or it cannot be loaded.
    """
    named = project().rehearsals
    if named is None:
        raise ConfigError(
            "redeye.yaml has no `rehearsals`: name a class that makes a source faulty, to rehearse"
        )
    return cast("type[FaultySource]", import_named(named, said_by="redeye.yaml, rehearsals:"))


def load_standing_source() -> Source:
    """The configured source, if the installation's data lies on the calendar that the settings name.

    Every job that writes asks for it: one shift on another would give one row two dates.

    Raises:
        ConfigError: as `configured_source`; and if deliveries were recorded under another shift.
    """
    from redeye.sources import delivery_store

    source, weeks = load_source(), settings().shift_weeks
    others = sorted(delivery_store.shifts() - {weeks})
    if others:
        stands = others[0]
        raise ConfigError(
            f"REDEYE_SHIFT_WEEKS={weeks}, but the deliveries of this installation are shifted by {stands} weeks. "
            f"An installation keeps one value: set REDEYE_SHIFT_WEEKS={stands} (or write {stands} to "
            f"{settings().home / SHIFT_FILE} and unset the variable), or begin another one with REDEYE_HOME"
        )
    return source
