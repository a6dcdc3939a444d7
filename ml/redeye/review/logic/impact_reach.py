"""Whom a change reaches beyond the versions that serve, and what it costs to have it for nights that are over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from redeye.champions.logic.readers import Reader
from redeye.declarations.calendar import count_nights, find_next_night, shift_nights
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import Kind, find_kind
from redeye.review.logic.model_diff import ModelDiff


@dataclass(frozen=True)
class Consumer:
    """What reads something that changes.

    Attributes:
        kind: what it is.
        reads: what of it is not as it was.
    """

    name: str
    kind: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Rollout:
    """From which night on a change is seen, without a rebuild and with one.

    Attributes:
        incremental: models whose rows of past nights stay as they are until a rebuild.
        first: the first night that a rebuild makes anew.
        head: the last night that is released.
        seconds: that the incremental models took here over all of these nights.
        score_seconds: that scoring one night took lately; None if none was recorded.
        history_nights: of the longest training of a model that reads it; 0 if none does.
    """

    incremental: tuple[str, ...]
    first: date
    head: date
    seconds: float
    score_seconds: float | None
    history_nights: int

    @property
    def nights(self) -> int:
        """How many a rebuild makes anew."""
        return count_nights(self.first, self.head)

    def describe(self) -> Iterable[str]:
        """What each way means, one sentence each."""
        if not self.incremental:
            yield "Only views change: every night shows it from the next release on, and there is nothing to rebuild."
            return
        following = find_next_night(self.head)
        forward = (
            f"Merged and no more, the change is in rows from night {following} on; the {self.nights:,} nights before "
            "keep the old values"
        )
        if self.history_nights:
            pure = shift_nights(following, self.history_nights - 1)
            forward += f", and trainings learn from both until night {pure}"
        yield f"{forward}."
        yield (
            f"`./redeye rebuild {self.first} --reason '…'` brings it into all {self.nights:,} nights; these "
            f"models took {self.seconds:.0f} s here for all of them."
        )
        scores = "Predictions that were made stay in either case"
        if self.score_seconds is not None:
            hours = self.score_seconds * self.nights / 3600
            scores += (
                f"; to score a past night again (`./redeye rescore`) takes {self.score_seconds:.1f} s, all "
                f"{self.nights:,} nights {hours:.1f} h for each version"
            )
        yield f"{scores}."


def find_consumers(
    models: Iterable[ModelDiff],
    exposures: Mapping[str, tuple[str, frozenset[str]]],
    readers: Iterable[Reader],
    specs: Mapping[str, Spec],
    features: frozenset[str],
) -> tuple[Consumer, ...]:
    """What reads rows or columns that are not as they were.

    Args:
        models: what was built or is gone.
        exposures: kind and what they depend on, `schema.table`, by name.
        readers: the versions that serve or may serve.
        specs: the models' specs, by name.
        features: frame columns that are not as they were.
    """
    moved = {each.name: each.title for each in models if not each.is_same}
    found = []
    for name, (kind, relations) in sorted(exposures.items()):
        if read := sorted(moved[each] for each in relations & moved.keys()):
            found.append(Consumer(name, f"exposure ({kind})", tuple(read)))
    services: dict[str, set[str]] = {}
    for reader in readers:
        hit = reader.columns & features
        services.setdefault(reader.feature_service, set()).update(hit)
        if hit and reader.role in {"champion", "last resort"}:
            columns = list_scored(find_kind(specs[reader.model]), reader.role)
            found.append(
                Consumer(
                    f"{', '.join(columns)} of {reader.model}", "prediction files and API", tuple(sorted(hit))
                )
            )
    for model, spec in specs.items():
        used = {*spec.numeric_columns, *spec.categorical_columns} & features
        services.setdefault(spec.feature_service, set()).update(used)
        if spec.population.relation in moved:
            found.append(
                Consumer(f"training and quality of {model}", "labels", (moved[spec.population.relation],))
            )
    found += [
        Consumer(name, "Feast feature service", tuple(sorted(columns)))
        for name, columns in sorted(services.items())
        if columns
    ]
    return tuple(found)


def list_scored(kind: Kind, role: str) -> tuple[str, ...]:
    """Columns of the prediction files and of the API that the scores of the champion make, or of the last resort."""
    return (*kind.texts, *kind.columns, "rank") if role == "champion" else kind.baseline_columns
