"""Instants as text: read by the zone that is declared where the text says none, written in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

from redeye.sources.logic.deliveries import MISSING

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UTC = re.compile(" UTC$")
# Of a second, what PostgreSQL and Parquet write beyond microseconds is cut off.
_FINER = re.compile(r"(\.\d{6})\d+")


def read_instant(text: str, zone: tzinfo, repeated_hour: Literal["first", "second"] | None) -> datetime:
    """The instant that a text writes as ISO 8601, in UTC.

    Args:
        text: with an offset from UTC, or by the wall clock of `zone`.
        zone: whose clock counts.
        repeated_hour: which one an hour is that comes twice; one that is skipped is then by the clock before.

    Raises:
        ValueError: naming the text, if it is no instant, or comes twice or never and no rule says which is meant.
    """
    if not _DATE.match(text):
        raise ValueError(f"{text!r} is no instant: write it as ISO 8601, as 2026-03-01T08:00:00+01:00")
    try:
        given = datetime.fromisoformat(_FINER.sub(r"\1", _UTC.sub("Z", text)))
    except ValueError as error:
        raise ValueError(f"{text!r} is no instant ({error}): write it as ISO 8601") from error
    if given.tzinfo:
        return given.astimezone(UTC)
    if (offset := _find_offset(given.date(), zone)) is not None:
        return given.replace(tzinfo=UTC) - offset
    first, second = (given.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first != second and repeated_hour is None:
        # Of an hour that is skipped, the second reading is the earlier one.
        what = "comes twice" if first < second else "does not exist"
        raise ValueError(
            f"{text!r} {what} in {zone}, whose clock changes then: have the source say the offset, or say "
            "`repeated_hour: first` or `second`"
        )
    return second if repeated_hour == "second" and first < second else first


@lru_cache(maxsize=100_000)
def _find_offset(day: date, zone: tzinfo) -> timedelta | None:
    """A zone's offset from UTC all over a day; None if its clock may change then."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    before, offset, after = ((noon + timedelta(days=by)).utcoffset() for by in (-1, 0, 1))
    return offset if before == offset == after else None


def write_instant(instant: datetime) -> str:
    """An instant as it lands: UTC, with a fraction of a second only where there is one."""
    return f"{instant.astimezone(UTC).isoformat()[:-6]}Z"


def translate_instants(
    texts: Iterable[str], zone: tzinfo, repeated_hour: Literal["first", "second"] | None
) -> dict[str, str]:
    """Each distinct text as it lands; what is missing stays so.

    Raises:
        ValueError: as `read_instant`.
    """
    return {
        text: text if text == MISSING else write_instant(read_instant(text, zone, repeated_hour))
        for text in texts
    }


def read_day(text: str, zone: tzinfo) -> date:
    """The calendar day of a date, or of an instant as it lands.

    Raises:
        ValueError: if it is neither.
    """
    if _DATE.fullmatch(text):
        return date.fromisoformat(text)
    return read_instant(text, zone, "first").astimezone(zone).date()


def find_midnight(day: date, zone: tzinfo) -> datetime:
    """The instant at which a calendar day ends, in UTC."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)
