"""What a spec of kind regression may say: of its label, its gates and its quality."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from redeye.declarations.spec_fields import Share
from redeye.declarations.spec_rules import Bound, Gates, Monitor, Quality, RecalibrationWindow, Threshold
from redeye.declarations.specs import Spec, Target

Level = Annotated[float, Field(gt=0, lt=1)]


class RegressionTarget(Target):
    """A label that is a number."""

    kind: Literal["regression"] = Field(description="regression: a number, between two bounds.")
    quantiles: tuple[Level, Level, Level] = Field(
        default=(0.1, 0.5, 0.9),
        description="The share of labels below the lower bound, the number and the upper bound.",
    )
    integer: bool = Field(
        default=False, description="Whether labels are whole numbers, so that bounds are too."
    )

    @model_validator(mode="after")
    def _ascends(self) -> RegressionTarget:
        if any(one >= other for one, other in pairwise(self.quantiles)):
            raise ValueError(f"quantiles {list(self.quantiles)} do not ascend: put the smallest first")
        return self


class RegressionGates(Gates):
    """What numbers and their bounds must show."""

    primary_metric: Literal["pinball_loss", "absolute_error"] = Field(
        default="pinball_loss", description="The metric whose paired improvement is asked for."
    )
    maximum_coverage_error: Share = Field(
        default=0.05,
        description="Between the share of labels within the bounds and what the quantiles promise; above it a "
        "candidate passes only where it is significantly no worse than the champion.",
    )
    minimum_relative_loss: Share = Field(
        default=0.1,
        description="Pinball loss over that of the labels' own quantiles; below it some feature holds the outcome.",
    )


class RegressionQuality(Quality):
    """Thresholds on the quality of numbers and their bounds."""

    compared: ClassVar[Mapping[str, str]] = {"pinball_loss": "pinball loss"}
    loss: ClassVar[str] = "pinball loss"

    relative_pinball_loss: Threshold = Field(
        description="Pinball loss over that of the window's own quantiles; at 1 three numbers for all rows do as well."
    )
    coverage_error: Threshold

    def list_bounds(self) -> tuple[Bound, ...]:
        """Loss and coverage of now."""
        return (
            Bound(
                "relative_pinball_loss",
                "pinball loss over that of constant quantiles",
                self.relative_pinball_loss,
            ),
            Bound("coverage_error", "coverage error", self.coverage_error),
        )


class RegressionMonitor(Monitor):
    """When numbers and their bounds deserve a look or an act."""

    quality: RegressionQuality


class BoundsRules(RecalibrationWindow):
    """How the champion's bounds follow the labels of its own nights: they are moved where they are off."""

    minimum_nights: int = Field(
        default=14, ge=10, description="Nights at least that show it, before moved bounds are served."
    )


class RegressionSpec(Spec):
    """A model that says how much."""

    behaviour: ClassVar[str] = "redeye.models.kinds.regression:Regression"
    unknown: ClassVar[tuple[str, ...]] = (
        *("algorithms.logistic", "algorithms.torch", "candidates.continued"),
        *("algorithms.heuristic.successes", "algorithms.heuristic.trials"),
    )

    target: RegressionTarget
    gates: RegressionGates
    monitor: RegressionMonitor
    recalibration: BoundsRules | None = Field(
        default=None, description="Left out: bounds are served as the model gives them."
    )


SPEC = RegressionSpec
