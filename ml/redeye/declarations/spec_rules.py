"""The part of a spec that judges: the gates before a promotion, and what is watched after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from pydantic import AliasChoices, Field, model_validator

from redeye.declarations.spec_fields import Frozen, Name, PositiveInt, Share


class Slices(Frozen):
    """Groups of rows in which a candidate may not be significantly worse than the champion."""

    columns: tuple[Name, ...] = Field(
        default=(),
        description="Columns of the population; each value is a slice. Empty: only the whole counts.",
    )
    minimum_rows: PositiveInt = Field(
        default=400, description="Values with fewer rows of the window are pooled into `other`."
    )
    maximum_loss: float = Field(
        default=0.02,
        ge=0,
        description="Loss of the kind by which no slice may be significantly worse than the champion's.",
    )


class Gates(Frozen):
    """What a candidate of any kind must show on the test window to replace the champion; each kind adds its own."""

    primary_metric: str = Field(description="The metric whose paired improvement is asked for.")
    minimum_improvement: float = Field(
        ge=0, description="The bound of the paired improvement must lie above it."
    )
    confidence: float = Field(gt=0.5, lt=1, description="One-sided confidence of every bound.")
    improvement_confidence: float | None = Field(
        default=None,
        ge=0.5,
        lt=1,
        description="Of the gates improvement and ranking, where it is another; at 0.5 the difference itself counts.",
    )
    minimum_spread: float = Field(gt=0, description="Standard deviation of the predictions.")
    minimum_rows: PositiveInt = Field(description="Of the test window; with fewer no candidate passes.")
    minimum_nights: int = Field(ge=2, description="Of the test window; with fewer no candidate passes.")
    slices: Slices = Field(default_factory=Slices)
    maximum_seconds: float = Field(
        default=5, gt=0, description="Per 1,000 rows predicted, on the machine that judges."
    )
    maximum_megabytes: float = Field(default=100, gt=0, description="Of the model's own files.")


class Threshold(Frozen):
    """Significantly above `warning` a person should look; significantly above `critical` a training is asked for.

    Significantly: the confidence bound is above it, not the figure alone.
    """

    # Specs written before are read by the keys of then, and every spec keeps its hash: trainings are known by it.
    warning: float = Field(
        ge=0,
        validation_alias=AliasChoices("warning", "watch"),
        serialization_alias="watch",
        description="Significantly above it a person should look.",
    )
    critical: float = Field(
        ge=0,
        validation_alias=AliasChoices("critical", "act"),
        serialization_alias="act",
        description="Significantly above it a training is asked for.",
    )

    @model_validator(mode="after")
    def _is_ordered(self) -> Threshold:
        if self.critical < self.warning:
            raise ValueError(
                f"critical ({self.critical}) is below warning ({self.warning}): raise critical or lower warning"
            )
        return self


class Bound(NamedTuple):
    """A measure of quality held against a threshold, with the words for it.

    What is measured since the champion's first nights in service is by how much it fell there.
    """

    metric: str
    title: str
    threshold: Threshold
    is_since_first_nights: bool = False


class Quality(Frozen):
    """Thresholds on the quality measured with matured labels; each kind has its own."""

    compared: ClassVar[Mapping[str, str]] = {}
    """In which metrics, with their titles, a champion must not be worse than the heuristic on the same rows."""
    loss: ClassVar[str] = ""
    """The title of the loss by which two versions are compared."""

    def list_bounds(self) -> tuple[Bound, ...]:
        """What is held against its threshold, in order."""
        return ()


class Retraining(Frozen):
    """What stands between a verdict and a training."""

    persistence_nights: PositiveInt = Field(description="So many verdicts `retrain`, tonight's among them,")
    of_nights: PositiveInt = Field(description="within so many nights.")
    cooldown_nights: int = Field(ge=0, description="After a request or a promotion: nights without request.")
    budget_per_month: PositiveInt = Field(description="Requests per calendar month at most.")

    @model_validator(mode="after")
    def _is_possible(self) -> Retraining:
        if self.persistence_nights > self.of_nights:
            raise ValueError(
                f"persistence_nights ({self.persistence_nights}) is above of_nights ({self.of_nights}): "
                "no training would ever be asked for"
            )
        return self


class Rollback(Frozen):
    """What stands between a verdict to roll back and the rollback. Each blocks a version: they end by themselves."""

    persistence_nights: PositiveInt = Field(
        default=3, description="So many verdicts `roll back` on one champion, tonight's among them,"
    )
    of_nights: PositiveInt = Field(default=5, description="within so many nights.")
    rescoring_nights: int = Field(
        default=42,
        ge=0,
        description="So many nights of a reign at most are scored again at once by a version that was last serving "
        "well, when the two are first compared; later ones come one by one. The heuristic's are on every row.",
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Rollback:
        if self.persistence_nights > self.of_nights:
            raise ValueError(
                f"persistence_nights ({self.persistence_nights}) is above of_nights ({self.of_nights}): "
                "no model would ever be rolled back"
            )
        return self


class Drift(Frozen):
    """What counts as drift: beyond what windows of the same length of clean history show."""

    quantile: float = Field(
        default=0.98,
        gt=0.5,
        le=1,
        description="Of a statistic over the history's windows of the same length.",
    )
    margin: float = Field(default=1.25, ge=1, description="A threshold is that quantile times this.")
    minimum_share: Share = Field(
        default=0.05, description="A smaller share of drifted features never counts, whatever history shows."
    )
    maximum_excess: float = Field(
        default=8, gt=1, description="One feature so many times beyond its threshold counts by itself."
    )
    minimum_rows: PositiveInt = Field(default=200, description="Fewer rows are not judged.")
    minimum_week_nights: int = Field(default=6, ge=1, le=7, description="A week with fewer is not judged.")
    maximum_categories: int = Field(
        default=20, ge=2, description="Per categorical column: the most frequent; the rest is one, `other`."
    )


class RecalibrationWindow(Frozen):
    """By which nights the champion's predictions follow the labels of its own, between two trainings."""

    window_nights: int = Field(default=28, ge=2, description="Matured nights at most that it goes by.")


class RecalibrationRules(RecalibrationWindow):
    """How the champion's probabilities follow the labels of its own nights, between two trainings."""

    half_life_nights: PositiveInt = Field(default=4, description="A night this much older counts half.")
    prior_strength: float = Field(
        default=2000, gt=0, description="Precision of the prior, which is no change; a row carries p (1 - p)."
    )
    minimum_nights: int = Field(
        default=10, ge=10, description="Later nights at least on which it was better, before it is served."
    )


class Monitor(Frozen):
    """When a model's quality deserves a look or an act."""

    window_nights: PositiveInt = Field(
        description="Newest nights with final labels that are judged together."
    )
    minimum_rows: PositiveInt = Field(description="Of the champion's own predictions; fewer are not judged.")
    quality: Quality
    maximum_degraded_share: Share = Field(description="Of the window's rows; above it a person should look.")
    maximum_age_nights: PositiveInt = Field(
        description="Since its training; above it a champion is challenged."
    )
    retraining: Retraining
    rollback: Rollback = Field(
        default_factory=Rollback, description="Between a verdict `roll back` and a rollback."
    )
    drift: Drift = Field(default_factory=Drift, description="Thresholds come from the history itself.")
