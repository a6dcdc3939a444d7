"""What a spec of kind binary may say: of its label, its gates and its quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from redeye.declarations.spec_fields import Share
from redeye.declarations.spec_rules import Bound, Gates, Monitor, Quality, RecalibrationRules, Threshold
from redeye.declarations.specs import Spec, Target


class BinaryTarget(Target):
    """A label that is true or false."""

    kind: Literal["binary"] = Field(description="binary: the probability that the label is true.")


class BinaryGates(Gates):
    """What probabilities must show."""

    primary_metric: Literal["log_loss", "brier", "auc", "pr_auc"] = Field(
        description="The metric whose paired improvement is asked for."
    )
    # Specs written before declare it, and keep their hash.
    bootstrap_samples: int = Field(
        default=400, ge=100, description="Without effect: bounds are not resampled."
    )
    maximum_auc_drop: Share = Field(description="By which AUC may at worst be below the champion's.")
    maximum_calibration_error: Share = Field(
        description="Above it a candidate passes only where it is significantly no worse than the champion."
    )
    maximum_auc: Share = Field(
        default=0.95, description="Above it a candidate must have seen the outcome in some feature."
    )


class BinaryQuality(Quality):
    """Thresholds on the quality of probabilities."""

    compared: ClassVar[Mapping[str, str]] = {"log_loss": "log loss", "auc": "AUC"}
    loss: ClassVar[str] = "log loss"

    auc_drop: Threshold = Field(description="Against the champion's own test.")
    relative_log_loss: Threshold = Field(
        description="Log loss over that of the window's base rate; at 1 one number for all rows does as well."
    )
    calibration_error: Threshold

    def list_bounds(self) -> tuple[Bound, ...]:
        """Log loss and calibration of now; of the AUC, by how much it fell."""
        return (
            Bound("relative_log_loss", "log loss over the base rate's", self.relative_log_loss),
            Bound("calibration_error", "calibration error", self.calibration_error),
            Bound("auc", "AUC drop since its first nights", self.auc_drop, is_since_first_nights=True),
        )


class BinaryMonitor(Monitor):
    """When probabilities deserve a look or an act."""

    quality: BinaryQuality


class BinarySpec(Spec):
    """A model that says how likely something is."""

    behaviour: ClassVar[str] = "redeye.models.kinds.binary:Binary"

    target: BinaryTarget
    gates: BinaryGates
    monitor: BinaryMonitor
    recalibration: RecalibrationRules | None = Field(
        default=None, description="Left out: probabilities are served as the model gives them."
    )


SPEC = BinarySpec
