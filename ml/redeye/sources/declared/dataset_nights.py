"""The nights of one declared dataset: what it has now, against what has landed of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa

from redeye.audits.contract_files import find_contract
from redeye.declarations.calendar import cutoff, find_night, find_start, is_night, list_nights, zone
from redeye.declarations.datasets import DeclaredDataset
from redeye.foundation.errors import DeliveryError, RedeyeError
from redeye.foundation.logic.visible_text import hide_passwords
from redeye.sources.declared.cut_rows import ReadRows, cut_rows
from redeye.sources.declared.declared_rows import DeclaredRows
from redeye.sources.declared.landed_rows import ORDER, deliver_again, read_landed
from redeye.sources.declared.logic.instants import write_instant
from redeye.sources.declared.logic.known_instants import Knowing, bound_age
from redeye.sources.declared.logic.placed_nights import AskedNights, Place
from redeye.sources.declared.logic.text_columns import make_empty_table
from redeye.sources.expected_deliveries import has_expected_rows
from redeye.sources.logic.deliveries import KNOWN_AT, Dataset, Delivery, DeliveryFault, DeliveryRef

log = logging.getLogger(__name__)

Arriving = Delivery | DeliveryFault
Landed = Mapping[date, Sequence[DeliveryRef]]


@dataclass(frozen=True)
class DatasetNights:
    """One dataset of a declared source.

    Attributes:
        source: the source's name.
        rows: reads what it has now.
    """

    source: str
    declared: DeclaredDataset
    dataset: Dataset
    rows: DeclaredRows
    knowing: Knowing

    @property
    def word(self) -> str | None:
        """What its files are named after, `night` or `day`; None if it has no files of each."""
        names = self.rows.names
        return names.word if names else None

    def find_span(self) -> tuple[date, date] | None:
        """The first and the last night of which something is known now; None if no row says.

        Raises:
            ConfigError, DeliveryError: if it cannot be read.
        """
        if self.word:
            nights = sorted(self._group_days())
        elif self.knowing.column:
            nights = sorted(
                night for night, _ in self._find_nights(self.rows.read_texts(self.knowing.column)).values()
            )
        else:
            nights = []
        return (nights[0], nights[-1]) if nights else None

    def deliver(
        self, first: date, last: date, landed: Landed, *, begins: date, arrives_from: date
    ) -> Iterator[Arriving]:
        """What is to be delivered in the nights `first` to `last`, night by night.

        Args:
            first: first night.
            last: last night.
            landed: what was accepted of it so far, by night, the version that stands last.
            begins: the first night of the source.
            arrives_from: the first night in which something of unknown past can have arrived.
        """
        if self.word:
            yield from self._deliver_files(first, last, landed)
            return
        nights = list(list_nights(first, last))
        asked = AskedNights(last, set(nights) - set(landed), set(landed), begins)
        tables: Mapping[date, pa.Table] = {}
        fault: Exception | None = None
        try:
            if asked.open:
                tables = self._cut(asked, landed, arrives_from)
        except Exception as error:
            log.exception("%s/%s", self.source, self.dataset.name)
            fault = error
        for night in nights:
            if night in landed:
                yield deliver_again(landed[night][-1])
            elif fault:
                yield self._make_fault(night, fault)
            elif night in tables:
                yield self._make_delivery(night, tables[night])
            elif self.knowing.column:
                # It was read, and nothing of it became known in that night.
                yield self._make_delivery(night, None)

    def _cut(self, asked: AskedNights, landed: Landed, arrives_from: date) -> dict[date, pa.Table]:
        changes, sql = self.declared.changes, self.declared.sql
        since = self._find_bound(asked, landed)
        gone = self._find_gone(asked)
        # Keys first: what is deleted between two reads is then not taken for both new and gone.
        bound, present = None, None
        if gone and changes.deletes and changes.deletes.compare_keys:
            bound = changes.deletes.compare_keys.take_from(gone.known_at, zone())
            present = self.rows.read_keys(bound) if sql and sql.cursor else None
        rows = self.rows.read(
            since=None if self.declared.python and changes.finds_deletions else since,
            until=cutoff(asked.last),
        )
        window = min(since, bound) if since and bound else since
        begins = find_night(window) if window and sql else date.min
        refs = [ref for night, versions in landed.items() if night >= begins for ref in versions]
        read = ReadRows(
            rows,
            self.knowing.column,
            self._place(rows, asked, arrives_from),
            is_append=changes.mode == "append",
            present=present,
            gone=gone,
            compared_by=sql.cursor if sql and sql.cursor else KNOWN_AT,
            compared_from=write_instant(bound) if bound else None,
        )
        return cut_rows(self.dataset, read, read_landed(refs, self.dataset.columns))

    def _find_bound(self, asked: AskedNights, landed: Landed) -> datetime | None:
        """The instant after which rows are read; None for all."""
        sql, changes = self.declared.sql, self.declared.changes
        if not landed or asked.begins in asked.open or changes.mode == "snapshot":
            return None
        instant = find_start(min(asked.open)) - bound_age(self.declared.known_at)
        if changes.revised_for:
            instant = changes.revised_for.take_from(instant, zone())
        if sql and sql.cursor:
            return sql.overlap.take_from(instant, zone())
        return instant if self.declared.python else None

    def _find_gone(self, asked: AskedNights) -> Place | None:
        newest = asked.newest
        if newest is None or not self.declared.changes.finds_deletions or not asked.delivered:
            return None
        return Place(newest, cutoff(newest))

    def _place(self, rows: pa.Table, asked: AskedNights, arrives_from: date) -> dict[str, Place]:
        if self.knowing.column is None:
            is_constant = self.declared.changes.history == "assumed_constant"
            place = asked.place_undated(is_constant=is_constant, arrives_from=arrives_from)
            return {"": place} if place else {}
        texts = rows.column(self.knowing.column).unique().to_pylist()
        found = sorted(self._find_nights(texts).items(), key=lambda each: each[1][1])
        placed = ((text, asked.place(night, instant)) for text, (night, instant) in found)
        return {text: place for text, place in placed if place}

    def _find_nights(self, texts: list[str]) -> dict[str, tuple[date, datetime]]:
        try:
            return self.knowing.find_nights(texts)
        except ValueError as error:
            raise DeliveryError(f"{self.dataset.name}: {error}") from error

    def _group_days(self) -> dict[date, list[date]]:
        """The nights or days that there are files of, by the night with which they are delivered."""
        found: dict[date, list[date]] = {}
        for day in self.rows.list_days():
            found.setdefault(self._find_night_of_files(day), []).append(day)
        return found

    def _find_night_of_files(self, day: date) -> date:
        return find_night(self.knowing.find_instant_of_files(self.word or "", day))

    def _deliver_files(self, first: date, last: date, landed: Landed) -> Iterator[Arriving]:
        """Files are read again and again: one that changed is a restatement; of snapshots what stands is kept."""
        is_snapshot = self.declared.changes.mode == "snapshot"
        days = self._group_days()
        before = [ref for night, refs in landed.items() if night < first for ref in refs]
        state = read_landed(before, self.dataset.columns) if is_snapshot else None
        for order, night in enumerate(list_nights(first, last), start=len(before)):
            try:
                if is_snapshot and night in landed:
                    delivery: Arriving | None = deliver_again(landed[night][-1])
                else:
                    delivery = self._read_night(night, days.get(night, []), state)
            except Exception as error:
                log.exception("%s/%s/%s", self.source, self.dataset.name, night)
                delivery = self._make_fault(night, error)
            if delivery is None:
                continue
            if is_snapshot and isinstance(delivery, Delivery) and delivery.frame.num_rows:
                ordered = delivery.frame.append_column(
                    ORDER, pa.array([order] * delivery.frame.num_rows, pa.int64())
                )
                state = (
                    ordered
                    if state is None
                    else pa.concat_tables([state, ordered.select(state.column_names)])
                )
            yield delivery

    def _read_night(self, night: date, days: list[date], state: pa.Table | None) -> Arriving | None:
        parts = []
        for day in days:
            table = self.rows.read_files(day)
            if table is not None:
                parts.append(self._cut_files(night, day, table, state))
        if not parts:
            return self._refuse_absent(night)
        cut = [part for part in parts if part is not None]
        return self._make_delivery(night, pa.concat_tables(cut) if cut else None)

    def _cut_files(self, night: date, day: date, rows: pa.Table, state: pa.Table | None) -> pa.Table | None:
        at = self.knowing.find_instant_of_files(self.word or "", day)
        is_snapshot = self.declared.changes.mode == "snapshot"
        places = {"": Place(night, at, is_late=is_snapshot)}
        # What is known in advance is known with its file, whatever day it is of.
        if self.knowing.column and not self.declared.known_at.before:
            texts = rows.column(self.knowing.column).unique().to_pylist()
            instants = {text: instant for text, (_, instant) in self._find_nights(texts).items()}
            if late := [text for text, instant in instants.items() if instant > cutoff(night)]:
                raise DeliveryError(
                    f"{self.dataset.name} of {self.word} {day}: {self.knowing.column} says {max(late)}, which is after "
                    f"night {night} ended: mend the file, or say in `known_at` when it is complete"
                )
            # What was known before its night, but came with this file, was not there before the file was.
            ordered = sorted(instants.items(), key=lambda each: each[1])
            places = {
                text: Place(night, instant if instant > find_start(night) else at, is_late=is_snapshot)
                for text, instant in ordered
            }
        gone = Place(night, at) if is_snapshot and state is not None else None
        column = self.knowing.column if "" not in places else None
        read = ReadRows(rows, column, places, is_append=False, gone=gone)
        return cut_rows(self.dataset, read, state).get(night)

    def _refuse_absent(self, night: date) -> DeliveryFault | None:
        """That files are missing which must be there, with their names; None where their contract lets them lack."""
        names = self.rows.names
        about = [night + timedelta(days=by) for by in range(-9, 9)]
        if self.word == "night":
            about = [day for day in about if is_night(day)]
        urls = [names.name_files(day) for day in about if names and self._find_night_of_files(day) == night]
        said = f"{self.source}/{self.dataset.name}/{night}: there is no file {' or '.join(urls)}"
        terms = find_contract(self.dataset.name).terms
        if terms.may_be_absent.value is False and has_expected_rows(self.dataset.name, night):
            return DeliveryFault(self.source, self.dataset.name, night, said)
        log.warning(said)
        return None

    def _make_delivery(self, night: date, table: pa.Table | None) -> Delivery:
        frame = make_empty_table(self.dataset.columns) if table is None else table
        return Delivery(self.source, self.dataset.name, night, frame, is_stated_empty=not frame.num_rows)

    def _make_fault(self, night: date, error: Exception) -> DeliveryFault:
        is_known = isinstance(error, RedeyeError)
        said = str(error) if is_known else f"{type(error).__name__}: {hide_passwords(str(error))}"
        message = f"{self.source}/{self.dataset.name}/{night} could not be fetched: {said}"
        return DeliveryFault(self.source, self.dataset.name, night, message, is_passing=not is_known)
