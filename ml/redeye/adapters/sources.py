"""Finding the configured source, on the calendar that the installation keeps."""

from __future__ import annotations

import importlib

from redeye.core.errors import ConfigError
from redeye.core.sources import Shiftable, Source
from redeye.settings import SHIFT_FILE, settings


def configured_source() -> Source:
    """The source that the setting `source` names, shifted by the setting `shift_weeks`.

    Raises:
        ConfigError: if it is not `module:Class`, cannot be imported, is not a `Source`, or cannot be shifted.
    """
    named, weeks = settings().source, settings().shift_weeks
    module, colon, attribute = named.partition(":")
    if not colon:
        raise ConfigError(f"REDEYE_SOURCE must be `module:Class`, got {named!r}")
    try:
        source = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"REDEYE_SOURCE names {named!r}, which cannot be loaded: {error}") from error
    if not isinstance(source, Source):
        raise ConfigError(f"REDEYE_SOURCE names {named!r}, which is not a redeye.core.sources.Source")
    if not weeks:
        return source
    if not isinstance(source, Shiftable):
        raise ConfigError(
            f"REDEYE_SHIFT_WEEKS={weeks}, but the source {source.name} cannot be shifted: unset it"
        )
    return source.shifted(weeks)


def standing_source() -> Source:
    """The configured source, if the installation's data lies on the calendar that the settings name.

    Every job that writes asks for it: one shift on another would give one flight two dates.

    Raises:
        ConfigError: as `configured_source`; and if deliveries were recorded under another shift.
    """
    from redeye.adapters import ledger

    source, weeks = configured_source(), settings().shift_weeks
    others = sorted(ledger.shifts() - {weeks})
    if others:
        stands = others[0]
        raise ConfigError(
            f"REDEYE_SHIFT_WEEKS={weeks}, but the deliveries of this installation are shifted by {stands} weeks. "
            f"An installation keeps one value: set REDEYE_SHIFT_WEEKS={stands} (or write {stands} to "
            f"{settings().home / SHIFT_FILE} and unset the variable), or begin another one with REDEYE_HOME"
        )
    return source
