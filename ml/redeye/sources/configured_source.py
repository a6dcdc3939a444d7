"""Finding the configured source, on the calendar that the installation keeps."""

from __future__ import annotations

from pathlib import Path

from redeye.declarations.project import import_named, project
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SHIFT_FILE, settings
from redeye.sources.faulty_source import RehearsedSource
from redeye.sources.logic.deliveries import Shiftable, Source
from redeye.sources.logic.faults import Plan, load_plan


def configured_source() -> Source:
    """The project's source, or what the setting `source` names, shifted by `shift_weeks`, with a rehearsal's events.

    Raises:
        ConfigError: if it is not `module:Class`, cannot be imported, is not a `Source`, or cannot be shifted.
    """
    weeks, overriding = settings().shift_weeks, settings().source
    named, said_by = (
        (overriding, "REDEYE_SOURCE") if overriding else (project().source, "redeye.yaml, source:")
    )
    source = import_named(named, said_by=said_by)()
    if not isinstance(source, Source):
        raise ConfigError(f"{said_by} names {named!r}, which is not a redeye.sources.logic.deliveries.Source")
    if weeks and not isinstance(source, Shiftable):
        raise ConfigError(
            f"REDEYE_SHIFT_WEEKS={weeks}, but the source {source.name} cannot be shifted: unset it"
        )
    if weeks and isinstance(source, Shiftable):
        source = source.shifted(weeks)
    active = plan()
    for event in active.events if active else ():
        source = RehearsedSource(source, event)
    return source


def plan() -> Plan | None:
    """The events that the setting `rehearsal` names; None in an installation that rehearses nothing.

    Raises:
        ConfigError: if the file is missing or says something else.
    """
    named = settings().rehearsal
    return load_plan(Path(named)) if named else None


def standing_source() -> Source:
    """The configured source, if the installation's data lies on the calendar that the settings name.

    Every job that writes asks for it: one shift on another would give one flight two dates.

    Raises:
        ConfigError: as `configured_source`; and if deliveries were recorded under another shift.
    """
    from redeye.warehouse import release_store

    source, weeks = configured_source(), settings().shift_weeks
    others = sorted(release_store.shifts() - {weeks})
    if others:
        stands = others[0]
        raise ConfigError(
            f"REDEYE_SHIFT_WEEKS={weeks}, but the deliveries of this installation are shifted by {stands} weeks. "
            f"An installation keeps one value: set REDEYE_SHIFT_WEEKS={stands} (or write {stands} to "
            f"{settings().home / SHIFT_FILE} and unset the variable), or begin another one with REDEYE_HOME"
        )
    return source
