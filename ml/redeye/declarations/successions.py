"""Codes whose holder changes from a night on, as `redeye.yaml` declares them, and values that follow them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from redeye.declarations.spec_fields import Frozen, Name

if TYPE_CHECKING:
    import pandas as pd

# It stands in SQL that is written from it.
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]


class Succession(Frozen):
    """A code that another replaces: what is told of the old holder is told of the new one from a night on."""

    column: Name = Field(description="Of deliveries, the column that holds the code.")
    key: Name = Field(description="Of predictions and features, the column that holds it.")
    old: Code = Field(description="The code that is replaced.")
    new: Code = Field(description="The code that replaces it.")
    first_night: date = Field(description="The first night whose deliveries say the new code.")
    because: str = Field(min_length=10, description="Why, for whoever asks later.")

    @model_validator(mode="after")
    def _changes_the_code(self) -> Succession:
        if self.old == self.new:
            raise ValueError(f"old and new are both {self.old}")
        return self


def rename_codes(
    values: pd.Series, successions: Iterable[Succession], *, name: str, night: date
) -> pd.Series:
    """Values of a column with old codes replaced by the new ones that hold in `night`.

    Args:
        values: of one column.
        successions: all that are declared.
        name: of the column, in deliveries or in predictions.
        night: successions that begin after it change nothing.
    """
    held = {
        each.old: each.new
        for each in successions
        if name in (each.column, each.key) and each.first_night <= night
    }
    return values.replace(held) if held else values
