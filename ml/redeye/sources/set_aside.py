"""Taking deliveries in without the rows that fail, where the contract of their dataset allows it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from redeye.audits.contract_files import find_contract
from redeye.audits.logic.audit_result import AuditResult, Mark
from redeye.sources import landing_store
from redeye.sources.audited_frames import Arrived
from redeye.sources.logic.deliveries import Delivery, DeliveryRef, Location
from redeye.sources.logic.set_aside import choose_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SoundRows:
    """What came of deliveries that were refused as they were.

    Attributes:
        taken: what is taken in: whole deliveries without a fault, and the sound rows of others, as landed files.
        result: the audit of exactly that; None if nothing is taken in.
        marks: the rows set aside, by what was taken in without them.
        refused: deliveries with more rows to set aside than the contract allows, and why: `excess`.
    """

    taken: list[DeliveryRef]
    result: AuditResult | None
    marks: Mapping[DeliveryRef, tuple[Mark, ...]] = field(default_factory=dict)
    refused: list[DeliveryRef] = field(default_factory=list)
    excess: str = ""


def take_sound_rows(
    batch: Arrived,
    result: AuditResult,
    *,
    dataset: str,
    root: Location,
    audit: Callable[[Mapping[str, Arrived]], dict[str, AuditResult]],
) -> SoundRows | None:
    """The sound rows of deliveries of a dataset that an audit refused, landed as files of their own.

    What was audited is what is loaded: the rows that stay are audited again, and land with a hash of their own
    beside the delivery, which their manifest names.

    Args:
        batch: the deliveries with their rows, as they were judged.
        result: of the audit that refused them.
        dataset: of which they are.
        root: the landing folder.
        audit: judges deliveries with their rows by dataset.

    Returns:
        None if the contract allows nothing to be set aside, no row is to blame, or the others do not pass either.

    Raises:
        ConfigError: if the dataset has no contract, or a wrong one.
    """
    contract = find_contract(dataset)
    if contract.terms.set_aside is None or not any(len(failure.rows) for failure in result.failures):
        return None
    chosen = choose_rows(batch, result.failures, contract.terms.set_aside, contract.rows.key)
    over = [each for each in chosen if each.excess]
    rest = [each for each in chosen if not each.excess]
    excess = "\n".join(f"{each.ref.path}: {each.excess}" for each in over)
    refused = [each.ref for each in over]
    if not rest:
        return SoundRows([], None, refused=refused, excess=excess) if over else None
    again = audit({dataset: [(each.ref, each.frame) for each in rest]})[dataset]
    if not again.is_success:
        return None
    taken, marks = [], {}
    for each in rest:
        ref = each.ref
        if each.marks:
            ref = _land_part(root, ref, each.frame)
            marks[ref] = each.marks
            log.warning("%s: %s rows are set aside: %s", ref.path, len(each.marks), each.marks[0].reason)
        taken.append(ref)
    return SoundRows(taken, again, marks, refused, excess)


def refers_to(dataset: str, other: str) -> bool:
    """Whether rows of a dataset are judged by what another one has of their date.

    Raises:
        ConfigError: if the dataset has no contract, or a wrong one.
    """
    return any(each.dataset == other and each.within for each in find_contract(dataset).rows.references)


def _land_part(root: Location, whole: DeliveryRef, frame: pa.Table) -> DeliveryRef:
    part = Delivery(
        whole.source,
        whole.dataset,
        whole.night,
        frame,
        shift_weeks=whole.shift_weeks,
        parent=whole.content_hash,
    )
    return replace(landing_store.land(root, part), arrival_night=whole.arrival_night)
