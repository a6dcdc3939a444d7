"""A source of three nights, a ledger and an auditor in memory, with which nights are ingested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from redeye.audits.logic.audit_result import AuditFailure, AuditResult
from redeye.declarations.calendar import list_nights
from redeye.sources.ingest import ingest_nights
from redeye.sources.logic.deliveries import Dataset, Delivery, DeliveryRef

N1, N2, N3 = (date(2013, 4, day) for day in (4, 5, 6))
TEXT = {"value": "VARCHAR", "known_at": "TIMESTAMP"}


@dataclass
class Demo:
    """A source of one value per dataset and night, which a test may change, empty or leave out."""

    values: dict[tuple[str, date], str | None] = field(default_factory=dict)
    left_out: set[tuple[str, date]] = field(default_factory=set)
    stated_empty: set[tuple[str, date]] = field(default_factory=set)
    split: set[tuple[str, date]] = field(default_factory=set)
    more_follows: bool = True
    on: Callable[[str, date], object] = field(default=lambda dataset, night: None)
    name: str = "demo"
    first_night: date = N1
    last_night: date = N3
    final_night: date = N3 + timedelta(days=30)
    datasets: tuple[Dataset, ...] = tuple(
        Dataset(name, ("value", "known_at"), TEXT, ("value",)) for name in ("weather", "schedule")
    )

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        for night in list_nights(first, last):
            for name in [each.name for each in self.datasets if dataset in (None, each.name)]:
                if (name, night) in self.left_out:
                    continue
                self.on(name, night)
                value = self.values.get((name, night), f"{name} {night.day}")
                if (name, night) in self.split:
                    yield self.make(name, night, value, more_follows=self.more_follows)
                    value = f"{value} too"
                is_empty = (name, night) in self.stated_empty
                yield self.make(name, night, None if is_empty else value, is_stated_empty=is_empty)

    def make(self, name: str, night: date, value: str | None, **said: bool) -> Delivery:
        column = pa.array([value] if value else [], pa.string())
        return Delivery(self.name, name, night, pa.table({"value": column, "known_at": column}), **said)


@dataclass
class Ledger:
    """As `redeye.sources.delivery_store`: the last judgement of a delivery counts."""

    judged: dict[tuple[str, date, str], tuple[DeliveryRef, bool]] = field(default_factory=dict)
    gaps: dict[date, str] = field(default_factory=dict)
    built: date | None = None

    def list_refused_by_people(self, first: date, last: date) -> dict[tuple[str, str, date, str], str]:
        return {}

    def find_last_built_night(self) -> date | None:
        return self.built

    def deliveries(self, first: date, last: date, *, accepted_only: bool = True) -> list[DeliveryRef]:
        found = [ref for ref, is_accepted in self.judged.values() if is_accepted or not accepted_only]
        return [ref for ref in found if first <= ref.night <= last]

    def find_newest_delivery(self, source: str, dataset: str, before: date) -> DeliveryRef | None:
        found = [
            ref for ref in self.deliveries(date.min, before) if (ref.source, ref.dataset) == (source, dataset)
        ]
        return max(
            (ref for ref in found if ref.night < before and ref.rows), key=lambda ref: ref.night, default=None
        )

    def record_deliveries(
        self, refs: Iterable[DeliveryRef], *, is_accepted: bool, audits: dict[str, AuditResult] | None = None
    ) -> None:
        for ref in refs:
            key = (ref.dataset, ref.night, ref.content_hash)
            self.judged.pop(key, None)
            self.judged[key] = (ref, is_accepted)

    def record_gap(self, night: date, *, reason: str, recorded_by: str) -> None:
        self.gaps.setdefault(night, reason)

    def names(self, *, is_accepted: bool) -> list[str]:
        return sorted(
            f"{r.dataset} {r.night.day}" for r, accepted in self.judged.values() if accepted is is_accepted
        )


@dataclass
class Auditor:
    """Refuses the values that contain `bad`; `nights_named` bounds how many nights a failure names."""

    bad: str = "bad"
    nights_named: int = 1000
    calls: list[dict[str, int]] = field(default_factory=list)
    histories: list[dict[str, list[str]]] = field(default_factory=list)

    def __call__(
        self,
        judged: Mapping[str, pd.DataFrame],
        *,
        subject: str,
        data_docs: object = None,
        history: Mapping[str, pd.DataFrame] | None = None,
    ) -> dict[str, AuditResult]:
        self.calls.append({suite: len(frame) for suite, frame in judged.items()})
        self.histories.append({suite: list(frame["value"]) for suite, frame in (history or {}).items()})
        return {suite: self.judge(suite, frame, subject) for suite, frame in judged.items()}

    def judge(self, suite: str, frame: pd.DataFrame, subject: str) -> AuditResult:
        if list(frame.columns) != ["value", "known_at", "night"]:
            return AuditResult(suite, subject, False, (AuditFailure(suite, "columns", "more", "extra"),))
        rows = frame[frame["value"].str.contains(self.bad)]
        if rows.empty:
            return AuditResult(suite, subject, True, (), 1)
        named = tuple(date.fromisoformat(night) for night in rows["night"][: self.nights_named])
        failure = AuditFailure(suite, "expect_good", "value", f"saw {list(rows['value'])}", nights=named)
        return AuditResult(suite, subject, False, (failure,), 1)


@pytest.fixture
def demo() -> Demo:
    return Demo()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def auditor() -> Auditor:
    return Auditor()


@pytest.fixture
def ingest(tmp_path, demo, ledger, auditor):
    def run(first: date, last: date, **kwargs):
        return ingest_nights(
            first, last, source=demo, root=tmp_path, ledger=ledger, audit_many=auditor, **kwargs
        )

    return run
