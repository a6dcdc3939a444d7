"""Which models a study can be made of."""

from __future__ import annotations

from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS
from redeye.models.kinds.interface import find_kind


def load_studied_spec(model: str) -> Spec:
    """The spec of a model that says of each row how likely one thing is: studies compare nothing else.

    Raises:
        ConfigError: if it says something else.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    if not (kind := find_kind(spec)).has_classes:
        raise ConfigError(
            f"{model} says {', '.join(kind.columns)} of each row: this study is of models that say one probability. "
            f"The quality of its nights is shown by `./redeye verdicts {model}`, what a change gains by "
            "`./redeye impact --retrain`"
        )
    return spec
