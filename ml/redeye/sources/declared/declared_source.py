"""The source of a project that declares its datasets: what each has now, cut into nights against what has landed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from heapq import merge
from pathlib import Path
from typing import Any

from redeye.audits.contract_files import EXPECTATIONS_ROOT
from redeye.declarations.calendar import find_night_on
from redeye.declarations.project import PROJECT_FILE, Project
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources import delivery_store
from redeye.sources.declared.dataset_nights import DatasetNights
from redeye.sources.declared.declared_rows import DeclaredRows
from redeye.sources.declared.described_dataset import describe_dataset
from redeye.sources.declared.landed_rows import AcceptedDeliveries, list_landed
from redeye.sources.declared.logic.known_instants import Knowing

log = logging.getLogger(__name__)

NO_END = date(2199, 12, 31)
"""The last night of a source that delivers as it happens."""


class DeclaredSource:
    """What `datasets:` declares, as a `redeye.sources.logic.deliveries.Source`.

    Args:
        project: the declaration.
        project_file: where it stands; names of files begin at its folder.
        expectations: where the contracts are.
        ledger: what was delivered before.

    Raises:
        ConfigError: naming file, line and key, if a dataset has no contract or does not fit it.
    """

    is_prompt = True

    def __init__(
        self,
        project: Project,
        *,
        project_file: Path = PROJECT_FILE,
        expectations: Path = EXPECTATIONS_ROOT,
        ledger: AcceptedDeliveries = delivery_store,
    ) -> None:
        self.name = self.layout = project.project
        self._clock, self._ledger = project.clock, ledger
        self._schedule = project.subject.schedule
        live_from = project.clock.live_from
        self._live_from = find_night_on(live_from) if live_from else None
        self._nights = []
        for name, declared in (project.datasets or {}).items():
            dataset = describe_dataset(name, declared, project_file=project_file, root=expectations)
            rows = DeclaredRows(declared, dataset, project_file.parent)
            knowing = Knowing(declared, self._live_from)
            self._nights.append(DatasetNights(self.name, declared, dataset, rows, knowing))
        self.datasets = tuple(each.dataset for each in self._nights)

    @cached_property
    def _spans(self) -> dict[str, tuple[date, date]]:
        """The first and the last night that a dataset knows something of, by dataset; of those that know it."""
        spans = {each.dataset.name: span for each in self._nights if (span := each.find_span())}
        if not spans:
            raise ConfigError(
                "no dataset in redeye.yaml says of its rows when they became known, or none has any: say "
                "`clock.history_from` and `clock.live_from`"
            )
        return spans

    @property
    def first_night(self) -> date:
        """As declared, or else the night of the oldest row.

        Raises:
            ConfigError: if neither says it.
        """
        declared = self._clock.history_from
        return find_night_on(declared) if declared else min(first for first, _ in self._spans.values())

    @property
    def last_night(self) -> date:
        """The last that is followed by rows to predict: of the dataset that announces them, if one does.

        Raises:
            ConfigError: as `final_night`.
        """
        announced = None if self._live_from else self._spans.get(self._schedule or "")
        return announced[1] if announced else self.final_night

    @property
    def final_night(self) -> date:
        """Without an end where data comes as it happens, or else the night of the newest row.

        Raises:
            ConfigError: if neither says it.
        """
        return find_night_on(NO_END) if self._live_from else max(last for _, last in self._spans.values())

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Any]:
        """Every delivery of the nights `first` to `last`, as `redeye.sources.logic.deliveries.Source` says.

        Of one dataset, or of all. What was taken in is delivered as it landed; what is found behind it, changed or gone
        comes with the newest of these nights, as what became known at its end. A night that cannot be read is a fault.

        Raises:
            DeliveryError: if the nights are not the source's.
        """
        if not self.first_night <= first <= last <= self.final_night:
            raise DeliveryError(
                f"{self.name} has the nights {self.first_night} to {self.final_night}, not {first} to {last}"
            )
        wanted = [each for each in self._nights if dataset in (None, each.dataset.name)]
        for each in wanted:
            for caveat in each.declared.list_caveats():
                log.info("%s: %s", each.dataset.name, caveat)
        # A late row may be older than any that was there when the first night was judged: that night stays the first.
        judged = self._ledger.deliveries(date.min, date.max, accepted_only=False)
        begun = [ref.night for ref in judged if ref.source == self.name]
        begins = min([first, *begun]) if begun else self.first_night
        arrives_from = self._live_from or self.last_night
        streams = []
        for each in wanted:
            landed = list_landed(self._ledger, self.name, each.dataset.name)
            streams.append(each.deliver(first, last, landed, begins=begins, arrives_from=arrives_from))
        yield from merge(*streams, key=lambda each: each.night)
