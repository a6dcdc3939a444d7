"""What a spec of kind ranking may say: of its groups and relevance, its gates and its quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from redeye.declarations.spec_fields import Name, PositiveInt, Share, refuse_twice, refuse_unknown
from redeye.declarations.spec_rules import Bound, Gates, Monitor, Quality, Threshold
from redeye.declarations.specs import Spec, Target


class RankingTarget(Target):
    """A label that says how early a row should come."""

    kind: Literal["ranking"] = Field(
        description="ranking: an order of each group, by a label of 0 or more; what has more of it comes first."
    )
    group: tuple[Name, ...] = Field(
        default=(),
        description="Columns of the subject, each also a schedule column or an entity key: rows of one night that "
        "have the same values are put in one order. Left out: all rows of the night are.",
    )
    cut: PositiveInt = Field(
        default=10, description="How many rows at the head of each order count, as nobody looks at more."
    )


class RankingGates(Gates):
    """What orders must show."""

    primary_metric: Literal["ndcg_loss", "caught"] = Field(
        default="ndcg_loss", description="The metric whose paired improvement is asked for."
    )
    minimum_relative_loss: Share = Field(
        default=0.1,
        description="NDCG loss over that of a random order; below it some feature holds the outcome.",
    )


class RankingQuality(Quality):
    """Thresholds on the quality of orders."""

    compared: ClassVar[Mapping[str, str]] = {"ndcg_loss": "NDCG loss"}
    loss: ClassVar[str] = "NDCG loss"

    relative_ndcg_loss: Threshold = Field(
        description="NDCG loss over that of a random order of the same groups; at 1 any order does as well."
    )

    def list_bounds(self) -> tuple[Bound, ...]:
        """The loss of now."""
        return (
            Bound("relative_ndcg_loss", "NDCG loss over that of a random order", self.relative_ndcg_loss),
        )


class RankingMonitor(Monitor):
    """When orders deserve a look or an act."""

    quality: RankingQuality


class RankingSpec(Spec):
    """A model that says what comes first."""

    behaviour: ClassVar[str] = "redeye.models.kinds.ranking:Ranking"
    unknown: ClassVar[tuple[str, ...]] = (
        *("algorithms.torch", "candidates.continued", "recalibration"),
        *("algorithms.heuristic.successes", "algorithms.heuristic.trials"),
    )

    target: RankingTarget
    gates: RankingGates
    monitor: RankingMonitor

    @model_validator(mode="after")
    def _knows_its_groups(self) -> RankingSpec:
        known = (*(each.name for each in self.schedule_columns), *self.entity_keys)
        refuse_twice("target.group", self.target.group)
        either = "is neither a schedule column nor an entity key: use one of them"
        refuse_unknown("target.group", self.target.group, known, either)
        return self


SPEC = RankingSpec
