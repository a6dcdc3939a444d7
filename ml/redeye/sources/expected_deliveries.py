"""Which deliveries a night should have, by the contracts, the calendar and the source; and what it is without them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache

from redeye.audits.contract_files import ARRIVALS, find_contract
from redeye.audits.logic.audit_result import AuditFailure, AuditResult
from redeye.audits.logic.contract_terms import Lack
from redeye.declarations.calendar import list_holidays, list_nights
from redeye.declarations.project import name_schedule
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.sources.logic.deliveries import DeliveryRef, Source
from redeye.sources.logic.lacks import Consequence, LackVerdict, find_lacks, is_expected_on, judge_lack

log = logging.getLogger(__name__)


def judge_lacking(source: Source, dataset: str, night: date, lack: Lack) -> LackVerdict:
    """What the night is if the dataset lacks in it.

    Raises:
        ConfigError: if the dataset has no contract, or a wrong one.
    """
    is_expected = has_expected_rows(dataset, night) and not _is_beyond(source, dataset, night, lack)
    return judge_lack(dataset, night, lack, find_contract(dataset).terms, is_expected=is_expected)


def list_declared(source: Source) -> list[str]:
    """The datasets of a source of which a contract says what is expected."""
    declared = []
    for dataset in source.datasets:
        try:
            find_contract(dataset.name)
        except ConfigError as error:
            log.warning("nothing is expected of %s: %s", dataset.name, error)
        else:
            declared.append(dataset.name)
    return declared


def has_expected_rows(dataset: str, night: date) -> bool:
    """Whether by its contract a dataset has rows in a night: by weekday and holiday.

    Raises:
        ConfigError: if the dataset has no contract, or a wrong one.
    """
    expected = find_contract(dataset).terms.expected_on
    holidays = _list_holidays(night.year, settings().shift_weeks) if expected else frozenset()
    return is_expected_on(expected, night, holidays)


def expects_schedule(night: date) -> bool:
    """Whether a dataset announces the coming day's rows, and has some in a night.

    Raises:
        ConfigError: as `has_expected_rows`.
    """
    announced_by = name_schedule()
    return announced_by is not None and has_expected_rows(announced_by, night)


def list_absent(
    source: Source, first: date, last: date, there: Collection[tuple[str, date]]
) -> list[LackVerdict]:
    """What the nights `first` to `last` are without those datasets that nothing was delivered of.

    Of a dataset without a contract nobody can say. Whatever comes of it is refused, and names it.
    """
    declared = list_declared(source)
    return [
        judge_lacking(source, name, night, Lack.ABSENT)
        for night in list_nights(first, last)
        for name in declared
        if (name, night) not in there
    ]


def list_degradations(
    source: Source, first: date, last: date, accepted: Iterable[DeliveryRef]
) -> dict[str, list[str]]:
    """By night from `first` to `last`, why it is degraded, by the deliveries that were accepted in time."""
    names = list_declared(source)
    places = [(name, night) for night in list_nights(first, last) for name in names]
    found: dict[str, list[str]] = {}
    for dataset, night, lack in find_lacks(places, accepted):
        verdict = judge_lacking(source, dataset, night, lack)
        if verdict.consequence is Consequence.DEGRADED:
            found.setdefault(night.isoformat(), []).append(verdict.describe())
    return found


def refuse_empty(source: Source, ref: DeliveryRef) -> AuditResult | None:
    """The refusal of a delivery that is stated to be empty and may not be; None if it may."""
    verdict = judge_lacking(source, ref.dataset, ref.night, Lack.EMPTY)
    if verdict.consequence is not Consequence.REFUSED:
        return None
    suite = f"{ARRIVALS}{ref.dataset}"
    observed = (
        f"{source.name} states that {ref.dataset} of night {ref.night} is empty ({ref.path}): have it deliver the "
        "rows, then ingest the night again"
    )
    failure = AuditFailure(
        suite, "redeye.mayBeEmpty", None, observed, because=verdict.because, nights=(ref.night,)
    )
    return AuditResult(suite, f"{source.name} {ref.night}", False, (failure,))


def _is_beyond(source: Source, dataset: str, night: date, lack: Lack) -> bool:
    """Whether the source's own calendar says that there is nothing: before it has begun, and after it has ended."""
    begins = night == source.first_night and dataset != name_schedule() and lack is Lack.EMPTY
    return begins or night > source.last_night


@lru_cache(maxsize=8)
def _list_holidays(year: int, shift_weeks: int) -> frozenset[date]:
    years = range(year - shift_weeks // 52 - 2, year - shift_weeks // 52 + 2)
    return frozenset(list_holidays(years, shift_weeks=shift_weeks))
