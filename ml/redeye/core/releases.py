"""What a release and a promotion are: the rows of the ledgers, as types."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from redeye.core.sources import DeliveryRef


class ReleaseKind(StrEnum):
    """Why a release was built."""

    HISTORY = "history"
    NIGHTLY = "nightly"
    REPAIR = "repair"
    REBUILD = "rebuild"


@dataclass(frozen=True)
class Candidate:
    """A built snapshot that waits for its audit; passed from the build task to the publish task.

    `release_id` is set when the night had been released before: then there is nothing to publish.
    """

    first: date
    last: date
    kind: ReleaseKind
    snapshot_id: int
    token: int
    holder: str
    code_hash: str
    delivery_set_hash: str
    release_id: str | None = None
    shift_weeks: int = 0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for the hand-over between tasks."""
        return {
            **self.__dict__,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "kind": str(self.kind),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Candidate:
        """The inverse of `to_dict`."""
        return cls(
            **{
                **values,
                "first": date.fromisoformat(values["first"]),
                "last": date.fromisoformat(values["last"]),
                "kind": ReleaseKind(values["kind"]),
            }
        )


@dataclass(frozen=True)
class Release:
    """An audited warehouse snapshot: everything known by the cutoff of `night`.

    `shift_weeks` says how many weeks later than it did all of it happens; 0 for what is as it was.
    """

    release_id: str
    night: date
    revision: int
    first_night: date
    kind: ReleaseKind
    snapshot_id: int
    delivery_set_hash: str
    code_hash: str
    git_sha: str
    shift_weeks: int = 0


@dataclass(frozen=True)
class Promotion:
    """One row of the promotion ledger: this version is champion from `effective_night` on."""

    promotion_id: int
    model: str
    version: int
    algorithm: str
    feature_service: str
    artifact_uri: str
    artifact_sha256: str
    decided_night: date
    effective_night: date
    reason: str
    evidence: dict[str, Any] = field(hash=False)
    actor: str
    run_id: str


def release_id(night: date, revision: int) -> str:
    """The name of a release, such as `2013-04-01.r1`."""
    return f"{night.isoformat()}.r{revision}"


def delivery_set_hash(deliveries: Iterable[DeliveryRef]) -> str:
    """One hash over which deliveries a release took in: source, dataset, night and content of each."""
    lines = sorted(f"{d.source}/{d.dataset}/{d.night.isoformat()}/{d.content_hash}" for d in deliveries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
