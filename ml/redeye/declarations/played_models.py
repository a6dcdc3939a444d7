"""The models that this installation plays: all of the project, or those that the setting `REDEYE_MODELS` names.

Whoever judges declarations reads them all (`load_valid_specs`); whoever makes DAGs, pages or nights of them, these.
"""

from __future__ import annotations

from pathlib import Path

from redeye.declarations.project import project
from redeye.declarations.specs import Spec, load_valid_specs
from redeye.declarations.yaml_files import suggest
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, settings


def load_played_specs(folder: Path = SPECS) -> dict[str, Spec]:
    """The specs that can be read of the models that are played, by model name, sorted.

    Raises:
        ConfigError: if `REDEYE_MODELS` names a model that there is no spec of, saying what is likely meant.
    """
    found = load_valid_specs(folder)
    if not (named := {name.strip() for name in settings().models.split(",")} - {""}):
        return found
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    for name in sorted(named.difference(known)):
        raise ConfigError(f"REDEYE_MODELS: {name!r} has no spec in {folder}{suggest(name, known)}")
    return {name: spec for name, spec in found.items() if name in named}


def find_first_model(specs: dict[str, Spec]) -> str | None:
    """The model that is meant where none is named: the first run's, else the first by name; None if there is none."""
    declared = project().first_run
    return declared.model if declared and declared.model in specs else min(specs, default=None)
