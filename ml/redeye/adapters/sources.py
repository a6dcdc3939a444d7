"""Finding the configured source."""

from __future__ import annotations

import importlib

from redeye.core.errors import ConfigError
from redeye.core.sources import Source
from redeye.settings import settings


def configured_source() -> Source:
    """The source that the setting `source` names.

    Raises:
        ConfigError: if it is not `module:Class`, cannot be imported, or is not a `Source`.
    """
    named = settings().source
    module, colon, attribute = named.partition(":")
    if not colon:
        raise ConfigError(f"REDEYE_SOURCE must be `module:Class`, got {named!r}")
    try:
        source = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"REDEYE_SOURCE names {named!r}, which cannot be loaded: {error}") from error
    if not isinstance(source, Source):
        raise ConfigError(f"REDEYE_SOURCE names {named!r}, which is not a redeye.core.sources.Source")
    return source
