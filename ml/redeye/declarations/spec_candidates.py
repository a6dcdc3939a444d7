"""The part of a spec that says which candidates a training fits beside one of each algorithm, and which goes on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from redeye.declarations.spec_fields import Frozen, Name, PositiveInt, refuse_twice

CONTINUED = "continued"
AVERAGE = "average"


class Weighted(Frozen):
    """A refit in which a row counts the less the older it is: half as much after each half-life."""

    name: Name = Field(description="Of the candidate, such as xgboost_recent; no algorithm's own name.")
    algorithm: Literal["logistic", "xgboost", "torch"] = Field(description="Whose refit it is.")
    half_life_nights: PositiveInt = Field(description="A row this much older counts half.")


class Continued(Frozen):
    """The champion, having learned from the nights since its own training as well, where it can be continued.

    Its name is `<algorithm>_continued`.
    """

    learning_rate_share: float = Field(default=0.5, gt=0, le=1, description="Of the algorithm's own.")
    minimum_nights: PositiveInt = Field(
        default=7, description="Newer nights of training; with fewer the champion is not continued."
    )


class Candidates(Frozen):
    """Candidates beside the refit of each algorithm, and the order among those that validation cannot tell apart."""

    weighted: tuple[Weighted, ...] = ()
    average_of: tuple[Name, ...] = Field(
        default=(),
        description="Refits whose equal-weight average is a candidate too, `average`; of probabilities in log odds.",
    )
    continued: Continued | None = None
    preference: tuple[Name, ...] = Field(
        default=(),
        description="Names of candidates; `continued` stands for the continued champion. Of the candidates that are "
        "not significantly behind the best on validation, at the gates' confidence, the first one is taken. "
        "Empty: always the best.",
    )

    @model_validator(mode="after")
    def _is_distinct(self) -> Candidates:
        refuse_twice("weighted", [each.name for each in self.weighted])
        refuse_twice("preference", self.preference)
        refuse_twice("average_of", self.average_of)
        return self

    def name_continued(self, algorithm: str) -> str:
        """Name of the candidate that continues a champion of an algorithm."""
        return f"{algorithm}_{CONTINUED}"
