"""What a release is: the rows of its ledger, as types."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import DeliveryRef


class ReleaseKind(StrEnum):
    """Why a release was built."""

    HISTORY = "history"
    NIGHTLY = "nightly"
    REPAIR = "repair"
    REBUILD = "rebuild"


AGAIN = (ReleaseKind.REPAIR, ReleaseKind.REBUILD)
"""Kinds that build nights anew which were released before: for data that came since, and for changed dbt code."""


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
    reason: str = ""
    withdrawn_hash: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for the hand-over between tasks."""
        return dict(TypeAdapter(Candidate).dump_python(self, mode="json"))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Candidate:
        """The inverse of `to_dict`."""
        return TypeAdapter(Candidate).validate_python(values)


@dataclass(frozen=True)
class Release:
    """An audited warehouse snapshot: everything known by the cutoff of `night`.

    `shift_weeks` says how many weeks later than it did all of it happens; 0 for what is as it was. `reason` is why
    nights that were released before were built again; empty for the first build of a night.
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
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", ReleaseKind(self.kind))

    @property
    def is_again(self) -> bool:
        """Whether it built nights anew that were released before."""
        return self.kind in AGAIN


@dataclass(frozen=True)
class CodeNode:
    """A model of the dbt project as it was built, by dbt's unique id, such as `model.redeye.feat_shop__sales`.

    It makes a relation, `schema.name`, or none; the checksum is over its SQL, its configuration, the types of its
    columns and the macros it calls; it depends on the nodes and sources that it reads.
    """

    node_id: str
    relation: str
    checksum: str
    depends_on: tuple[str, ...]


def upstream(nodes: Iterable[CodeNode], relations: Iterable[str]) -> tuple[CodeNode, ...]:
    """The nodes that make some relations and all that these read, by id; sources are no nodes."""
    by_id = {node.node_id: node for node in nodes}
    wanted = set(relations)
    waiting = [node for node in by_id.values() if node.relation in wanted]
    found: dict[str, CodeNode] = {}
    while waiting:
        node = waiting.pop()
        if node.node_id not in found:
            found[node.node_id] = node
            waiting += [by_id[each] for each in node.depends_on if each in by_id]
    return tuple(found[name] for name in sorted(found))


def release_id(night: date, revision: int) -> str:
    """The name of a release, such as `2013-04-01.r1`."""
    return f"{night.isoformat()}.r{revision}"


def newest(refs: Iterable[DeliveryRef]) -> list[DeliveryRef]:
    """What a build loads: of each dataset and night the newest version, and the one that came in time.

    Where a night is left out both are there: what was known then is not lost by what replaced it. One that was
    replaced otherwise before any build took it in was never used: it stays in landing only.

    Raises:
        DeliveryError: if two came in time: nobody can tell which of them was meant.
    """
    found: dict[tuple[object, ...], DeliveryRef] = {}
    for ref in sorted(refs, key=lambda ref: ref.arrival_night):
        place = (ref.source, ref.dataset, ref.night, ref.is_restatement)
        if place in found and not ref.is_restatement:
            raise DeliveryError(
                f"{ref.source}/{ref.dataset}/{ref.night} has two accepted deliveries that came in time, "
                f"{found[place].content_hash} and {ref.content_hash}: refuse one of them with `./redeye intake refuse`"
            )
        found[place] = ref
    return list(found.values())


def delivery_set_hash(deliveries: Iterable[DeliveryRef]) -> str:
    """One hash over which deliveries a release took in: source, dataset, night and content of each."""
    lines = sorted(f"{d.source}/{d.dataset}/{d.night.isoformat()}/{d.content_hash}" for d in deliveries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
