"""Which kinds of targets there are: each is a class of specs, built in or of a package, found by its name.

A package brings a kind by an entry point of the group `redeye.kinds`, whose name is the kind's and whose object a
subclass of `Spec`. Those that are built in are the modules `redeye.models.kinds.<name>_spec`.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from redeye.declarations.yaml_files import locate
from redeye.foundation.errors import ConfigError

GROUP = "redeye.kinds"
BUILT_IN = "redeye.models.kinds"
_SUFFIX = "_spec"

SpecClass = TypeVar("SpecClass", bound=BaseModel)


def list_built_in() -> tuple[str, ...]:
    """The names of the kinds that the engine brings, sorted."""
    modules = pkgutil.iter_modules(import_module(BUILT_IN).__path__)
    return tuple(sorted(each.name.removesuffix(_SUFFIX) for each in modules if each.name.endswith(_SUFFIX)))


def list_kinds() -> tuple[str, ...]:
    """The names of all kinds, sorted."""
    return tuple(sorted({*list_built_in(), *_read_entry_points()}))


def choose_spec_class(path: Path, document: Mapping[str, Any], base: type[SpecClass]) -> type[SpecClass]:
    """The class by which a spec's document is read; `base` itself where it says nothing of its target.

    Raises:
        ConfigError: if there is no such kind, naming file and line, what is allowed and what is likely meant.
    """
    target = document.get("target")
    if not isinstance(target, dict):
        return base
    kind, known = target.get("kind"), list_kinds()
    if kind in known:
        return load_spec_class(str(kind), base)
    said = "is missing" if kind is None else f"{kind!r} is no kind"
    close = get_close_matches(str(kind), known, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    raise ConfigError(
        f"{locate(path, ('target', 'kind'))}: target.kind: {said}; use one of {', '.join(known)}{meant}"
    )


def load_spec_class(kind: str, base: type[SpecClass]) -> type[SpecClass]:
    """The class of specs of a kind. One that is built in cannot be replaced.

    Raises:
        ConfigError: if what a package names as the kind is no class of specs.
    """
    if kind in list_built_in():
        found = import_module(f"{BUILT_IN}.{kind}{_SUFFIX}").SPEC
    else:
        found = _read_entry_points()[kind].load()
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ConfigError(
            f"the kind {kind!r} of entry points {GROUP} is {found!r}: name a subclass of {base.__name__}"
        )
    return found


def _read_entry_points() -> dict[str, EntryPoint]:
    return _read_once(tuple(sys.path))


@lru_cache(maxsize=4)
def _read_once(_path: tuple[str, ...]) -> dict[str, EntryPoint]:
    # It opens a file of every package there is: with many specs that took longer than the specs themselves.
    return {each.name: each for each in entry_points(group=GROUP)}
