"""What a spec of kind count may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from redeye.declarations.spec_rules import Bound, Gates, Monitor, Quality, Threshold
from redeye.declarations.specs import Spec, Target


class CountTarget(Target):
    """A label that counts something."""

    kind: Literal["count"]


class CountGates(Gates):
    """What expected counts must show."""

    primary_metric: Literal["poisson_deviance"]
    maximum_total_error: float = 0.2


class CountQuality(Quality):
    """Thresholds on the quality of expected counts."""

    compared: ClassVar[Mapping[str, str]] = {"poisson_deviance": "Poisson deviance"}
    loss: ClassVar[str] = "Poisson deviance"

    poisson_deviance: Threshold

    def list_bounds(self) -> tuple[Bound, ...]:
        """The deviance."""
        return (Bound("poisson_deviance", "Poisson deviance", self.poisson_deviance),)


class CountMonitor(Monitor):
    """When expected counts deserve a look."""

    quality: CountQuality


class CountSpec(Spec):
    """A model that says how many are to be expected."""

    behaviour: ClassVar[str] = "made_counts:Count"

    target: CountTarget
    gates: CountGates
    monitor: CountMonitor
