"""What is missing of some nights: not built, not scored, not exported or not judged, by the ledgers themselves."""

from __future__ import annotations

from datetime import date, datetime

from redeye.champions import promotion_store
from redeye.declarations.calendar import find_complete_night, list_calendar_nights, list_nights
from redeye.declarations.specs import Spec
from redeye.foundation.errors import ConfigError
from redeye.operations.logic.night_plan import PlayedModel, Step, find_first_missing, list_steps
from redeye.operations.model_status import specs
from redeye.scoring import export, outputs_store
from redeye.sources.configured_source import load_source
from redeye.warehouse import night_records, release_store


def list_missing_steps(first: date, last: date) -> list[Step]:
    """The runs that the nights `first` to `last` lack, both included, for every model.

    Raises:
        ConfigError: if the warehouse is empty or ends before the night before `first`, or `first` is after `last`.
    """
    if first > last:
        raise ConfigError(f"the first night, {first}, is after the last one, {last}")
    missing = release_store.missing_predecessor(first, _require_head())
    if missing is not None:
        raise ConfigError(f"nights are built one after the other: night {missing} is the first one to play")
    return list_steps(first, last, *_read_nights(first, last), _read_models(first, last))


def suggest_nights(now: datetime) -> tuple[date, date] | None:
    """The first night of which something is missing and the last that the data reaches; None if nothing is missing.

    Raises:
        ConfigError: if the warehouse is empty.
    """
    head, source = _require_head().night, load_source()
    last = min(source.last_night, find_complete_night(now))
    since = (row.effective_night for model in specs() for row in promotion_store.read_promotions(model)[:1])
    first = min([head, *since])
    found = find_first_missing(last, head, *_read_nights(first, last), _read_models(first, last))
    return (found, last) if found else None


def _require_head() -> release_store.Release:
    head = release_store.latest_release()
    if head is None:
        raise ConfigError("nothing is built yet: `make run` builds the history and trains the first champion")
    return head


def _read_nights(first: date, last: date) -> tuple[frozenset[date], frozenset[date]]:
    """The nights that a release holds, and the recorded gaps."""
    found = night_records.records(first, last)
    built = {
        night
        for row in found.releases
        for night in list_nights(max(row["first_night"], first), min(row["night"], last))
    }
    return frozenset(built), frozenset(row["night"] for row in found.gaps)


def _read_models(first: date, last: date) -> list[PlayedModel]:
    return [_read_model(spec, first, last) for spec in specs().values()]


def _read_model(spec: Spec, first: date, last: date) -> PlayedModel:
    promotions = promotion_store.read_promotions(spec.model)
    exported = export.list_exported_nights(spec.model)
    scored = outputs_store.list_scored_nights(spec.model, first, last)
    verdicts = outputs_store.read("verdicts", spec.model, first, last)
    return PlayedModel(
        name=spec.model,
        lag=spec.effective_lag_nights,
        since=promotions[0].effective_night if promotions else None,
        scored=frozenset(scored) & exported,
        judged=frozenset(verdicts["night"].dt.date) if len(verdicts) else frozenset(),
        due=frozenset(list_calendar_nights(spec.train_cron, first, last)),
    )
