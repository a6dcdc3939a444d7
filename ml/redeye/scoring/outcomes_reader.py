"""What became of predictions, as the newest release knows it, for servers that ask often: one kept connection."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import duckdb

from redeye.declarations.calendar import cutoff
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import Outcome, find_kind
from redeye.warehouse import lake, release_store


class OutcomesReader:
    """Reads the newest release; safe to share between threads, one question at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warehouse: tuple[int, duckdb.DuckDBPyConnection] | None = None

    def read_outcomes(self, spec: Spec, first: date, last: date) -> dict[Any, Outcome]:
        """What `read_labels` gives, as people know it."""
        kind = find_kind(spec)
        return {key: kind.read_outcome(label) for key, label in self.read_labels(spec, first, last).items()}

    def read_labels(self, spec: Spec, first: date, last: date) -> dict[Any, float]:
        """By the subject's key the labels of the nights `first` to `last` that the newest release knows.

        What became known after that release's cutoff is left out, and so is what is no label of the model's kind.
        """
        release = release_store.latest_release()
        if release is None:
            return {}
        population, target = spec.population, spec.target
        label = find_kind(spec).select_label(target.column)
        with self._lock:
            if self._warehouse is None or self._warehouse[0] != release.snapshot_id:
                self._close()
                self._warehouse = (release.snapshot_id, lake.connect_at(release.snapshot_id, threads=1))
            try:
                found = self._warehouse[1].execute(
                    f"SELECT {population.key}, {label} "
                    f"FROM warehouse.{population.relation} WHERE {population.night} BETWEEN ? AND ? "
                    f"AND {label} IS NOT NULL AND {target.known_at} <= ?",
                    [first, last, cutoff(release.night).replace(tzinfo=None)],
                )
                return dict(found.fetchall())
            except duckdb.CatalogException:
                # A release from before the model's table was built.
                return {}
            except duckdb.Error:
                # The next question opens another: the server that keeps the catalog may have been restarted.
                self._close()
                raise

    def _close(self) -> None:
        if self._warehouse is not None:
            self._warehouse[1].close()
            self._warehouse = None
