"""What the fields of a spec are made of: names, shares, and features written with braces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

FEATURE = re.compile(r"[a-z][a-z0-9_]*:[a-z][a-z0-9_]*")
BRACES = re.compile(r"\{([^{}]*)\}")


def expand_braces(pattern: str) -> tuple[str, ...]:
    """`a_{1n,7n}` becomes `a_1n`, `a_7n`, as in a shell; braces do not nest.

    Raises:
        ValueError: if a brace stands alone or an alternative is empty.
    """
    pieces = BRACES.split(pattern)
    fixed, choices = pieces[::2], [piece.split(",") for piece in pieces[1::2]]
    if any("{" in text or "}" in text for text in fixed):
        raise ValueError(f"unbalanced braces in {pattern!r}: write {{a,b}} without nesting")
    if any(not choice.strip() for options in choices for choice in options):
        raise ValueError(f"an empty alternative in {pattern!r}: write {{a,b}}")
    return tuple(
        "".join(text + choice for text, choice in zip(fixed, (*(c.strip() for c in chosen), ""), strict=True))
        for chosen in product(*choices)
    )


def expand_features(patterns: object) -> object:
    """The features named by a list of patterns, in order.

    Raises:
        ValueError: on a name that is not `view:feature`, or one that appears twice.
    """
    if not isinstance(patterns, list | tuple) or not all(isinstance(pattern, str) for pattern in patterns):
        return patterns
    names: list[str] = []
    for pattern in patterns:
        for name in expand_braces(pattern):
            if not FEATURE.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no feature: write view:feature in lower case, as shop_sales:units_7n"
                )
            if name in names:
                raise ValueError(f"{name!r} appears twice: remove one")
            names.append(name)
    return tuple(names)


def name_column(feature: str) -> str:
    """The column of `view:feature` in a frame: `view__feature`."""
    return feature.replace(":", "__", 1)


def refuse_twice(key: str, names: Iterable[str]) -> None:
    """Say which names appear more than once.

    Raises:
        ValueError: naming the key of the list, and them.
    """
    if doubles := sorted(name for name, times in Counter(names).items() if times > 1):
        raise ValueError(f"{key}: {', '.join(doubles)} appears twice: remove one")


def refuse_unknown(key: str, names: Iterable[str], known: Container[str], complaint: str) -> None:
    """Say which names are not among those that are known.

    Raises:
        ValueError: naming the key of the list and them, followed by the complaint.
    """
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{key}: {', '.join(unknown)} {complaint}")


def check_zone(name: str) -> str:
    """This name, if it is that of a time zone.

    Raises:
        ValueError: if it is none.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write one as Europe/Madrid") from error
    return name


ZoneName = Annotated[str, AfterValidator(check_zone)]
PythonName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
"""`module:name` of something in Python."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Relation = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
Feature = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$")]
Features = Annotated[
    tuple[Feature, ...],
    BeforeValidator(expand_features),
    WithJsonSchema(
        {"type": "array", "items": {"type": "string", "pattern": r"^[a-z0-9_{},]+:[a-z0-9_{},]+$"}}
    ),
]
Share = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class OrWord:
    """For editors: that one of some words may stand in place of a mapping, which a validator makes of it."""

    words: tuple[str, ...]

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:  # noqa: ANN401
        """Called by pydantic."""
        return {"anyOf": [{"enum": list(self.words)}, handler(schema)]}


class Frozen(BaseModel):
    """Immutable, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
