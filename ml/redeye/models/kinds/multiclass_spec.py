"""What a spec of kind multiclass may say: of its classes, its gates and its quality."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from redeye.declarations.spec_fields import Share, refuse_twice
from redeye.declarations.spec_rules import Bound, Gates, Monitor, Quality, RecalibrationRules, Threshold
from redeye.declarations.specs import Spec, Target

ClassName = Annotated[
    str, BeforeValidator(lambda said: str(said) if type(said) is int else said), Field(min_length=1)
]
"""As the label's column says it; a number is read as it is written."""


def name_class_column(name: str) -> str:
    """The column with the probability of a class."""
    return f"probability_{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_')}"


class MulticlassTarget(Target):
    """A label that is one of several."""

    kind: Literal["multiclass"] = Field(description="multiclass: the probability of each of several classes.")
    classes: tuple[ClassName, ...] = Field(
        min_length=3,
        max_length=50,
        description="What the label may be, as its column says it. Rows are ranked by the probability of the first.",
    )
    unseen_class: ClassName | None = Field(
        default=None,
        description="The class that a label counts to which is none of them; left out: such a row has no label.",
    )

    @model_validator(mode="after")
    def _names_classes_apart(self) -> MulticlassTarget:
        refuse_twice("classes", self.classes)
        columns = [name_class_column(name) for name in self.classes]
        for name, column in zip(self.classes, columns, strict=True):
            if column == name_class_column("") or columns.count(column) > 1:
                raise ValueError(
                    f"classes: {name!r} gives no column of its own ({column}): letters and digits must tell it from "
                    "the others"
                )
        if self.unseen_class is not None and self.unseen_class not in self.classes:
            raise ValueError(f"unseen_class: {self.unseen_class!r} is none of {', '.join(self.classes)}")
        return self


class MulticlassGates(Gates):
    """What probabilities of classes must show."""

    primary_metric: Literal["log_loss", "brier"] = Field(
        default="log_loss", description="The metric whose paired improvement is asked for."
    )
    maximum_calibration_error: Share = Field(
        default=0.05,
        description="Mean over the classes, each against all others; above it a candidate passes only where it is "
        "significantly no worse than the champion.",
    )
    maximum_accuracy_drop: Share = Field(
        default=0.02, description="By which accuracy may at worst be below the champion's."
    )
    minimum_relative_loss: Share = Field(
        default=0.1,
        description="Log loss over that of the labels' own shares; below it some feature holds the outcome.",
    )


class MulticlassQuality(Quality):
    """Thresholds on the quality of probabilities of classes."""

    compared: ClassVar[Mapping[str, str]] = {"log_loss": "log loss"}
    loss: ClassVar[str] = "log loss"

    relative_log_loss: Threshold = Field(
        description="Log loss over that of the window's own shares; at 1 the same shares for all rows do as well."
    )
    calibration_error: Threshold

    def list_bounds(self) -> tuple[Bound, ...]:
        """Log loss and calibration of now."""
        return (
            Bound("relative_log_loss", "log loss over that of constant shares", self.relative_log_loss),
            Bound("calibration_error", "calibration error", self.calibration_error),
        )


class MulticlassMonitor(Monitor):
    """When probabilities of classes deserve a look or an act."""

    quality: MulticlassQuality


class MulticlassSpec(Spec):
    """A model that says which of several."""

    behaviour: ClassVar[str] = "redeye.models.kinds.multiclass:Multiclass"
    unknown: ClassVar[tuple[str, ...]] = (
        "candidates.continued",
        *("algorithms.heuristic.successes", "algorithms.heuristic.trials"),
    )

    target: MulticlassTarget
    gates: MulticlassGates
    monitor: MulticlassMonitor
    recalibration: RecalibrationRules | None = Field(
        default=None, description="Left out: probabilities are served as the model gives them."
    )


SPEC = MulticlassSpec
