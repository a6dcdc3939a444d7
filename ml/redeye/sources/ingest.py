"""Ingesting nights: fetch from the source, land, audit what arrived, record what was accepted or refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from redeye.audits.audit import audit_many
from redeye.audits.contract_files import ARRIVALS, find_contract
from redeye.audits.logic.audit_result import AuditResult
from redeye.declarations.calendar import shift_nights
from redeye.declarations.project import name_schedule
from redeye.foundation.errors import AuditRefused, ConfigError, DeliveryError, DeliveryInterrupted
from redeye.foundation.logic.visible_text import escape_controls
from redeye.foundation.settings import settings
from redeye.foundation.task_session import task_session
from redeye.sources import delivery_store, landing_store, marked_row_store
from redeye.sources.audited_frames import Arrived, make_text_frames
from redeye.sources.configured_source import load_standing_source
from redeye.sources.earlier_deliveries import AcceptedDeliveries, read_history
from redeye.sources.expected_deliveries import list_absent, refuse_empty
from redeye.sources.fetch_deliveries import fetch_deliveries
from redeye.sources.logic.deliveries import (
    REFERRED_FOR,
    Delivery,
    DeliveryFault,
    DeliveryRef,
    Location,
    Source,
    find_dataset,
    require_names,
)
from redeye.sources.logic.excess import refuse_excess
from redeye.sources.logic.gathered_deliveries import gather
from redeye.sources.logic.known_deliveries import KnownDeliveries
from redeye.sources.logic.lacks import Consequence
from redeye.sources.set_aside import refers_to, take_sound_rows

log = logging.getLogger(__name__)

# Rows that one audit judges, some 100 nights: of more a bulk ingest takes more memory, of fewer more time.
BATCH_ROWS = 200_000


class _Ledger(AcceptedDeliveries, Protocol):
    """What of `redeye.sources.delivery_store` ingesting needs."""

    def find_last_built_night(self) -> date | None: ...

    def list_refused_by_people(self, first: date, last: date) -> dict[tuple[str, str, date, str], str]: ...

    def record_deliveries(
        self, refs: Iterable[DeliveryRef], *, is_accepted: bool, audits: dict[str, AuditResult] | None = None
    ) -> None: ...

    def record_gap(self, night: date, *, reason: str, recorded_by: str) -> None: ...


# As `redeye.audits.audit.audit_many` and `redeye.sources.marked_row_store.record_marks`.
_AuditMany = Callable[..., dict[str, AuditResult]]
_RecordMarks = Callable[..., None]


@task_session()
def ingest_nights(
    first: date,
    last: date,
    *,
    source: Source | None = None,
    root: Location | None = None,
    ledger: _Ledger = delivery_store,
    audit_many: _AuditMany = audit_many,
    data_docs: Path | None = None,
    record_marks: _RecordMarks = marked_row_store.record_marks,
    batch_rows: int = BATCH_ROWS,
) -> list[DeliveryRef]:
    """Fetch, land and audit every delivery of the nights `first` to `last`; may be run again.

    Each dataset is judged on its own: one that is refused does not keep out the others, the coming
    day's schedule least of all. Rows that its contract allows to be set aside are, up to a share: the others land as
    a delivery of their own, which is what is loaded; its rows are taken back in when a corrected delivery comes, or
    when what they refer to is corrected. What was accepted before and is unchanged is not judged again. What was
    accepted before and has changed is a restatement: it arrives with the newest night on record, and like
    whatever comes after its night was built, not before the first unbuilt one.

    Args:
        first: first night.
        last: last night; equal to `first` in a nightly run.
        source: where deliveries come from; by default the configured one.
        root: the landing folder; by default the configured one, as that of the Data Docs.
        ledger: where judgements are recorded, and which night was built last.
        audit_many: judges frames by suites.
        data_docs: folder of the audits' Data Docs.
        record_marks: records rows that are set aside or marked.
        batch_rows: rows after which a bulk ingest audits what it has landed so far.

    Returns:
        The accepted deliveries of these nights, unchanged ones included, in the source's order.

    Raises:
        AuditRefused: after everything else was ingested; names every refused dataset and night.
        DeliveryError: likewise, if a dataset has no contract or a wrong one, or a delivery is missing, empty without
            being stated empty, there twice, goes back to an older version, or what has landed before is damaged;
            DeliveryInterrupted if it could not be fetched or written.
    """
    if first > last:
        raise ConfigError(f"the first night {first} is after the last night {last}")
    if root is None:
        root, data_docs = settings().landing, data_docs or settings().data_docs
    chosen = require_names(source or load_standing_source())
    return _Ingest(chosen, root, ledger, audit_many, data_docs, record_marks).run(first, last, batch_rows)


@dataclass
class _Ingest:
    source: Source
    root: Location
    ledger: _Ledger
    audit_many: _AuditMany
    data_docs: Path | None
    record_marks: _RecordMarks
    accepted: list[DeliveryRef] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    faults: list[DeliveryFault] = field(default_factory=list)

    def run(self, first: date, last: date, batch_rows: int) -> list[DeliveryRef]:
        known = KnownDeliveries(
            self.ledger.deliveries(first, self.source.final_night),
            last,
            self.ledger.find_last_built_night(),
            self.ledger.list_refused_by_people(first, last),
        )
        delivered = {(dataset, night) for _, dataset, night in known.versions}
        waiting: Arrived = []
        names = [dataset.name for dataset in self.source.datasets]
        fetched = fetch_deliveries(self.source, first, last)
        for each in gather(fetched, source=self.source.name, datasets=names, first=first, last=last):
            if each.dataset is not None:
                delivered.add((each.dataset, each.night))
            if isinstance(each, DeliveryFault):
                self._refuse_fault(each, waiting)
                continue
            ref = self._land(each, known)
            if ref is None:
                continue
            if self._refuse_excess(ref, each.frame):
                continue
            waiting.append((ref, each.frame))
            if sum(ref.rows for ref, _ in waiting) >= batch_rows:
                self._judge(waiting)
                waiting = []
                log.info("up to night %s of %s: %s deliveries", each.night, last, len(self.accepted))
        self._judge(waiting)
        self._take_back(known)
        for absent in list_absent(self.source, first, last, delivered):
            said = f"{self.source.name}: {absent.describe()}"
            if absent.consequence is Consequence.REFUSED:
                self.faults.append(DeliveryFault(self.source.name, absent.dataset, absent.night, said))
            elif absent.consequence is Consequence.DEGRADED:
                log.warning("night %s will be degraded: %s", absent.night, absent.describe())
        log.info(
            "nights %s to %s: %s deliveries accepted, %s unchanged, %s datasets refused, %s faults",
            first,
            last,
            len(self.accepted),
            len(known.unchanged),
            len(self.refusals),
            len(self.faults),
        )
        self._raise_if_refused(first, last)
        place = {dataset.name: place for place, dataset in enumerate(self.source.datasets)}
        return sorted([*known.unchanged, *self.accepted], key=lambda ref: (ref.night, place[ref.dataset]))

    def _land(self, delivery: Delivery, known: KnownDeliveries) -> DeliveryRef | None:
        """The landed delivery with the night it arrives with; None if it is unchanged, or cannot land."""
        place = f"{delivery.source}/{delivery.dataset}/{delivery.night}"
        try:
            find_contract(delivery.dataset)
            return known.place(landing_store.land(self.root, delivery))
        except DeliveryError as error:
            said, is_passing = str(error), False
        except ConfigError as error:
            said, is_passing = f"{place} cannot be judged: {error}", False
        except Exception as error:
            log.exception("landing %s", place)
            said, is_passing = f"{place} could not land: {type(error).__name__}: {error}", True
        self.faults.append(
            DeliveryFault(delivery.source, delivery.dataset, delivery.night, said, is_passing=is_passing)
        )
        return None

    def _refuse_excess(self, ref: DeliveryRef, frame: pa.Table) -> bool:
        """Whether a delivery is far too large, and refused before anything costly is done to it."""
        dataset, bounds = (
            find_dataset(self.source, ref.dataset),
            (self.source.first_night, self.source.final_night),
        )
        refusal = refuse_excess(
            f"{ARRIVALS}{ref.dataset}", dataset, ref, frame.nbytes, lambda: self.ledger.deliveries(*bounds)
        )
        if refusal:
            self._refuse(ref.dataset, [ref], refusal)
        return refusal is not None

    def _refuse_fault(self, fault: DeliveryFault, waiting: Arrived) -> None:
        """Keep out what cannot be taken in, and what this fetch brought of the same dataset and night before."""
        self.faults.append(fault)
        place = (fault.dataset, fault.night)
        waiting[:] = [each for each in waiting if (each[0].dataset, each[0].night) != place]
        if taken := [ref for ref in self.accepted if (ref.dataset, ref.night) == place]:
            self._record(taken, is_accepted=False)
            self.accepted = [ref for ref in self.accepted if ref not in taken]

    def _judge(self, arrived: Arrived) -> None:
        """Audit what arrived, one batch per dataset whatever the number of nights, and record it."""
        for ref in (ref for ref, _ in arrived if ref.is_stated_empty):
            refusal = refuse_empty(self.source, ref)
            self._record([ref], is_accepted=refusal is None, result=refusal)
            if refusal:
                self.refusals.append(f"{self.source.name}/{ref.dataset} refused\n{refusal.message()}")
        batches: dict[str, Arrived] = {}
        for ref, frame in arrived:
            if ref.is_stated_empty:
                continue
            if frame.column_names == list(find_dataset(self.source, ref.dataset).columns):
                batches.setdefault(ref.dataset, []).append((ref, frame))
            else:  # It fits into no table with others, and costs them nothing.
                self._judge_batches({ref.dataset: [(ref, frame)]})
        self._judge_batches(batches)

    def _judge_batches(self, batches: Mapping[str, Arrived]) -> None:
        try:
            results = self._audit(batches)
        except ConfigError as error:
            # What one contract says wrongly costs no other dataset.
            for dataset, batch in batches.items():
                if len(batches) > 1:
                    self._judge_batches({dataset: batch})
                for ref, _ in batch if len(batches) == 1 else ():
                    said = f"{ref.path} cannot be judged: {error}"
                    self.faults.append(DeliveryFault(ref.source, dataset, ref.night, said))
            return
        # The schedule first: outcomes judged again are compared with it.
        for dataset in sorted(results, key=lambda dataset: dataset != name_schedule()):
            result = results[dataset]
            if result.is_success:
                self._record([ref for ref, _ in batches[dataset]], is_accepted=True, result=result)
            elif not self._set_aside(dataset, batches[dataset], result):
                self._split(dataset, batches[dataset], result)

    def _set_aside(self, dataset: str, batch: Arrived, result: AuditResult) -> bool:
        """Take deliveries in without the rows that fail, where the contract allows it; whether it was done."""
        try:
            sound = take_sound_rows(batch, result, dataset=dataset, root=self.root, audit=self._audit)
        except OSError as error:
            log.exception("setting aside rows of %s", dataset)
            said = f"the sound rows of {dataset} could not land: {error}"
            self.faults += [
                DeliveryFault(ref.source, dataset, ref.night, said, is_passing=True) for ref, _ in batch
            ]
            return True
        if sound is None:
            return False
        for ref, marks in sound.marks.items():
            self.record_marks(ref, marks)
        if sound.result:
            self._record(sound.taken, is_accepted=True, result=sound.result)
        if sound.refused:
            self._refuse(dataset, sound.refused, result, sound.excess)
        return True

    def _take_back(self, known: KnownDeliveries) -> None:
        """Take rows in that were set aside, where what they refer to has come anew: known from this acceptance on."""
        for mended in [ref for ref in self.accepted if ref.is_restatement]:
            last = shift_nights(mended.night, REFERRED_FOR)
            standing = {(ref.dataset, ref.night): ref for ref in self.ledger.deliveries(mended.night, last)}
            for part in standing.values():
                if not part.parent or not refers_to(part.dataset, mended.dataset):
                    continue
                whole = known.date_restatement(landing_store.find_parent(part), part)
                batch = [(whole, landing_store.read(whole))]
                result = self._audit({part.dataset: batch})[part.dataset]
                if result.is_success:
                    self._record([whole], is_accepted=True, result=result)

    def _split(self, dataset: str, batch: Arrived, result: AuditResult) -> None:
        """Refuse the nights that a failed audit names; accept the others if they pass without them."""
        named = set(result.failed_nights)
        rest = [each for each in batch if each[0].night not in named] if named else []
        again = self._audit({dataset: rest})[dataset] if rest else None
        if again is None or not again.is_success:
            rest = []
        spared = {ref.night for ref, _ in rest}
        refused = [ref for ref, _ in batch if ref.night not in spared]
        if rest and again:
            self._record([ref for ref, _ in rest], is_accepted=True, result=again)
        self._refuse(dataset, refused, result)

    def _refuse(self, dataset: str, refs: list[DeliveryRef], result: AuditResult, why: str = "") -> None:
        self._record(refs, is_accepted=False, result=result)
        listed = ", ".join(ref.night.isoformat() for ref in refs)
        said = [f"{self.source.name}/{dataset} refused in nights {listed}", *([why] if why else [])]
        self.refusals.append("\n".join([*said, result.message()]))

    def _audit(self, batches: Mapping[str, Arrived]) -> dict[str, AuditResult]:
        """The audit of each dataset's batch, by dataset."""
        if not batches:
            return {}
        at = sorted({ref.night for batch in batches.values() for ref, _ in batch})
        span = at[0].isoformat() if at[0] == at[-1] else f"{at[0]} to {at[-1]}"
        places = {(ref.dataset, ref.night) for batch in batches.values() for ref, _ in batch}
        results = self.audit_many(
            make_text_frames(batches),
            subject=f"{self.source.name} {span}",
            data_docs=self.data_docs,
            history=make_text_frames(read_history(self.ledger, self.source.name, at[0], at[-1], places)),
        )
        return {suite.removeprefix(ARRIVALS): result for suite, result in results.items()}

    def _record(
        self, refs: list[DeliveryRef], *, is_accepted: bool, result: AuditResult | None = None
    ) -> None:
        audits = {ref.dataset: result for ref in refs} if result else None
        for ref in refs if is_accepted else ():
            if found := [each for each in (result.findings if result else ()) if each.night == ref.night]:
                self.record_marks(ref, [mark for each in found for mark in each.marks], found)
        self.ledger.record_deliveries(refs, is_accepted=is_accepted, audits=audits)
        if is_accepted:
            self.accepted += refs

    def _raise_if_refused(self, first: date, last: date) -> None:
        said = [escape_controls(each) for each in (*self.refusals, *(fault.message for fault in self.faults))]
        message = "\n".join(said)
        if said and first == last:
            # The night after can be built without this one, should no good delivery come in time.
            room = delivery_store.REASON_LENGTH // len(said) - 1
            reason = "\n".join(each[:room] for each in said)
            self.ledger.record_gap(first, reason=reason, recorded_by="ingest_nights")
        if any(fault.is_passing for fault in self.faults):
            raise DeliveryInterrupted(message)
        if self.refusals:
            raise AuditRefused(message)
        if self.faults:
            raise DeliveryError(message)
