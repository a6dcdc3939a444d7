"""The nights that consumers ask for, kept in memory; the ledgers say once a second whether anything is new.

Predictions of a night are written once, so a night that was read stays as it is; its outcomes are read again when
the warehouse has a new release.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import duckdb
import psycopg2

from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import RedeyeError
from redeye.foundation.masking import mask
from redeye.foundation.postgres import read_rows
from redeye.foundation.task_session import task_session
from redeye.models.kinds.interface import find_kind
from redeye.operations import model_status
from redeye.scoring.logic.outcomes import judge
from redeye.scoring.outcomes_reader import OutcomesReader
from redeye.scoring.outputs_reader import OutputsReader
from redeye.serving import token_store
from redeye.serving.formats import write_value
from redeye.serving.logic.tokens import Token, index_tokens
from redeye.serving.night import Night, make_night
from redeye.warehouse import release_store

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
STALE_SECONDS = 60.0
"""After so long without a look that succeeded nothing is answered: a token may have been revoked meanwhile."""
UNREADABLE = (RedeyeError, psycopg2.Error, duckdb.Error)
"""What reading the ledgers and lakes raises while their server is away."""
KEPT_NIGHTS = 64
KEPT_BYTES = 64_000_000
"""Of answers that were written before."""


class Answers:
    """Bodies that were written before with their ETags, by night, media type and query; the oldest go first."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._left = most_bytes
        self._kept: OrderedDict[tuple[Night, str, str], tuple[bytes, str]] = OrderedDict()

    def find(self, night: Night, kind: str, asked: str) -> tuple[bytes, str] | None:
        """The answer to who asked the same before."""
        return self._kept.get((night, kind, asked))

    def keep(self, night: Night, kind: str, asked: str, answer: tuple[bytes, str]) -> None:
        """Keep an answer for who asks the same, as long as there is room."""
        self._kept[(night, kind, asked)] = answer
        self._left -= len(answer[0])
        while self._left < 0:
            _, (body, _) = self._kept.popitem(last=False)
            self._left += len(body)


class Store(Protocol):
    """Where nights and tokens come from."""

    def read_stamp(self) -> object:
        """What differs once anything new was written; cheap."""

    def read_tokens(self) -> Sequence[Token]:
        """Every token."""

    def specs(self) -> Mapping[str, Spec]:
        """The models."""

    def find_last_night(self, model: str) -> date | None:
        """The latest night that is scored."""

    def find_prediction_night(self, model: str, key: str) -> date | None:
        """The night that a prediction is of."""

    def read_night(self, spec: Spec, night: date) -> Night | None:
        """A night's predictions; None if it has none."""


class LakeStore:
    """Reads the ledgers and both lakes, by connections that it keeps."""

    def __init__(self) -> None:
        self._reader = OutputsReader()
        self._outcomes = OutcomesReader()

    def read_stamp(self) -> object:
        """The outputs' snapshot, and the release."""
        head = read_rows(Catalog.OUTPUTS, "SELECT max(snapshot_id) FROM public.ducklake_snapshot")
        release = release_store.latest_release()
        return (head, release.release_id if release else None)

    def read_tokens(self) -> Sequence[Token]:
        """Every token."""
        return token_store.read_tokens()

    def specs(self) -> Mapping[str, Spec]:
        """The models."""
        return model_status.specs()

    def find_last_night(self, model: str) -> date | None:
        """The latest night that is scored."""
        return self._reader.last_night(model)

    def find_prediction_night(self, model: str, key: str) -> date | None:
        """The night that a prediction is of."""
        row = self._reader.prediction(model, key)
        return row["night"] if row else None

    def read_night(self, spec: Spec, night: date) -> Night | None:
        """A night's predictions with the outcomes that the newest release knows."""
        kind = find_kind(spec)
        more = (*kind.texts, *kind.columns, *kind.baseline_columns)
        rows = self._reader.find_predictions(spec.model, night, night, {}, sort="rank", limit=None, more=more)
        if not rows:
            return None
        outcomes = self._outcomes.read_outcomes(spec, night, night)
        key = project().subject.key
        return make_night(
            spec,
            night,
            [judge(row, outcomes.get(row[key]), kind) for row in rows],
            _find_scored_at(spec.model, night),
        )


def _find_scored_at(model: str, night: date) -> str | None:
    """When the night was first scored by the wall clock, as far as the ledger of costs has it."""
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT min(recorded_at) FROM ledger.costs WHERE night = %s AND model = %s AND is_success "
        "AND split_part(job, ':', -1) = 'score_night'",
        (night, model),
    )
    return write_value(rows[0][0]) if rows and rows[0][0] else None


class NightCache:
    """What requests are answered from. `look` is called by one thread, the rest by any."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._stamp: object = None
        self._looked_at: float | None = None
        self._nights: OrderedDict[tuple[str, date], Night] = OrderedDict()
        self._absent: OrderedDict[tuple[str, object], None] = OrderedDict()
        self.answers = Answers()
        self.latest: dict[str, Night] = {}
        self.specs: dict[str, Spec] = {}
        self.tokens: dict[str, Token] = {}

    @property
    def is_fresh(self) -> bool:
        """Whether the ledgers could be asked lately."""
        return self._looked_at is not None and self._clock() - self._looked_at < STALE_SECONDS

    def look(self) -> None:
        """Take in what is new. What was there before stays until all of the new is read."""
        self.tokens = index_tokens(self._store.read_tokens())
        stamp, specs = self._store.read_stamp(), dict(self._store.specs())
        if stamp != self._stamp or specs != self.specs:
            latest = {}
            for model, spec in specs.items():
                night = self._store.find_last_night(model)
                found = self._store.read_night(spec, night) if night else None
                if found is not None:
                    latest[model] = found
            with self._lock:
                self._nights.clear()
                self._absent.clear()
                self.latest, self.specs, self._stamp = latest, specs, stamp
                self.answers = Answers()
        self._looked_at = self._clock()

    def watch(self, stopped: threading.Event) -> None:
        """Look once a second until told to stop."""
        with task_session():
            while not stopped.wait(LOOK_SECONDS):
                self.try_look()

    def try_look(self) -> None:
        """Look; a look that fails is logged, as the next comes in a second."""
        try:
            self.look()
        except UNREADABLE as error:
            log.warning("this look failed: %s", mask(str(error)))

    def find_latest(self, model: str) -> Night | None:
        """The newest scored night of a model, from memory."""
        return self.latest.get(model)

    def find_kept(self, model: str, night: date) -> Night | None:
        """A night from memory; None if it must be read first, or was not scored."""
        newest = self.latest.get(model)
        if newest is not None and newest.about["night"] == night.isoformat():
            return newest
        with self._lock:
            return self._nights.get((model, night))

    def find_night(self, model: str, night: date) -> Night | None:
        """A night, from memory or, the first time, from the lake; None if it was not scored."""
        if model not in self.latest:
            return None
        if kept := self.find_kept(model, night):
            return kept
        key, stamp = (model, night), self._stamp
        with self._lock:
            if (model, night) in self._absent:
                return None
        found = self._store.read_night(self.specs[model], night)
        with self._lock:
            if stamp == self._stamp:
                self._remember(key, found)
        return found

    def find_newest_prediction(self, model: str, key: str) -> tuple[Night, int] | None:
        """A prediction of the newest night by its subject's key, from memory: that night, and its place there."""
        newest = self.latest.get(model)
        places = newest.index.find(project().subject.key, key) if newest else []
        return (newest, places[0]) if newest and places else None

    def find_prediction(self, model: str, key: str) -> tuple[Night, int] | None:
        """A prediction by its subject's key: the night that it is of, and its place there."""
        if model not in self.latest or not key.isprintable() or (model, key) in self._absent:
            return None
        if found := self.find_newest_prediction(model, key):
            return found
        stamp = self._stamp
        dated = self._store.find_prediction_night(model, key)
        night = self.find_night(model, dated) if dated else None
        places = night.index.find(project().subject.key, key) if night else []
        if night is None or not places:
            with self._lock:
                if stamp == self._stamp:
                    self._remember((model, key), None)
            return None
        return night, places[0]

    def _remember(self, key: tuple[str, Any], found: Night | None) -> None:
        if found is None:
            self._absent[key] = None
        else:
            self._nights[key] = found
        while len(self._nights) > KEPT_NIGHTS:
            self._nights.popitem(last=False)
        while len(self._absent) > KEPT_NIGHTS:
            self._absent.popitem(last=False)
