"""What a consumer asks for, read from a request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from redeye.declarations.subject import Subject
from redeye.models.kinds.interface import Kind
from redeye.scoring.logic.predictions import describe_rank

Row = dict[str, Any]

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
MEDIA_TYPES = (JSON, CSV, PARQUET)
RISKIEST_FIRST = "rank"
DEFAULT_LIMIT, MOST_ROWS = 1_000, 10_000
PAGING = ("sort", "limit", "offset")
_EXACT_NIGHT = re.compile(r"\d{4}-\d\d-\d\d")


class BadQuery(ValueError):
    """The request asks for what there is not; the message names the value and what is allowed."""


@dataclass(frozen=True)
class Query:
    """Which rows of a night, in which order.

    Attributes:
        equal: per column the values of which a row must have one.
        sort: a column, with `-` before it from the highest down.
    """

    equal: tuple[tuple[str, frozenset[Any]], ...] = ()
    sort: str = RISKIEST_FIRST
    limit: int = DEFAULT_LIMIT
    offset: int = 0


def negotiate(accept: str | None) -> str | None:
    """The media type that is wanted most of those there are; None if none of them is."""
    best, chosen = 0.0, None
    for part in (accept or "*/*").split(","):
        wanted, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((_read_quality(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
        first = next((kind for kind in MEDIA_TYPES if _matches(wanted, kind)), None)
        if first is not None and quality > best:
            best, chosen = quality, first
    return chosen


def _read_quality(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.\d{0,3})?", text) else 0.0


def _matches(wanted: str, kind: str) -> bool:
    return wanted in ("*/*", kind, f"{kind.partition('/')[0]}/*")


def read_night(text: str) -> date:
    """A night as `2013-04-04`.

    Raises:
        BadQuery: if it is none.
    """
    try:
        if _EXACT_NIGHT.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadQuery(f"night: {text!r} is no date: write it as 2013-04-04")


def list_sorted_by(subject: Subject, kind: Kind) -> tuple[str, ...]:
    """The columns by which predictions of a kind can be sorted."""
    return (*kind.columns, *kind.baseline_columns, RISKIEST_FIRST, *kind.texts, *subject.columns)


def read_query(parameters: Sequence[tuple[str, str]], subject: Subject, kind: Kind, zone: tzinfo) -> Query:
    """What the parameters of a request ask for; a column that is given several times may have any of the values.

    Raises:
        BadQuery: naming what is not understood.
    """
    once: dict[str, str] = {}
    equal: dict[str, set[Any]] = {}
    for name, text in parameters:
        if name in subject.columns:
            equal.setdefault(name, set()).add(_read_value(name, text, subject, zone))
        elif name not in PAGING:
            allowed = ", ".join((*PAGING, *subject.columns))
            raise BadQuery(f"{name!r} is no parameter: there are {allowed}")
        elif name in once:
            raise BadQuery(f"{name} is given twice: {once[name]!r} and {text!r}")
        else:
            once[name] = text
    sort = once.get("sort", RISKIEST_FIRST)
    known = list_sorted_by(subject, kind)
    if sort.removeprefix("-") not in known:
        raise BadQuery(
            f"sort: {sort!r} is no column: there are {', '.join(known)}, each with - for the highest first"
        )
    return Query(
        equal=tuple((name, frozenset(values)) for name, values in equal.items()),
        sort=sort,
        limit=_read_count("limit", once.get("limit", str(DEFAULT_LIMIT)), least=1, most=MOST_ROWS),
        offset=_read_count("offset", once.get("offset", "0"), least=0, most=10**9),
    )


def _read_count(name: str, text: str, *, least: int, most: int) -> int:
    if re.fullmatch(r"[0-9]{1,10}", text) and least <= int(text) <= most:
        return int(text)
    raise BadQuery(f"{name}: {text!r} is no whole number from {least} to {most}")


def _read_value(name: str, text: str, subject: Subject, zone: tzinfo) -> Any:  # noqa: ANN401  by the column's type
    column = subject.columns[name]
    example = column.search.example if column.search else ""
    if column.search is not None:
        value = column.search.read(text)
        if value is None:
            raise BadQuery(f"{name}: {text!r} is not written as {example}")
        return value
    try:
        if column.type == "date":
            return date.fromisoformat(text)
        if column.type == "instant":
            instant = datetime.fromisoformat(text)
            local = instant if instant.tzinfo else instant.replace(tzinfo=zone)
            return local.astimezone(UTC).replace(tzinfo=None)
        if column.type == "integer":
            return int(text)
        if column.type == "number":
            return float(text)
    except (ValueError, OverflowError) as error:
        forms = {"date": "2013-04-04", "instant": "2013-04-04T09:00:00-04:00", "integer": "1"}
        wanted = forms.get(column.type, "1.5")
        raise BadQuery(f"{name}: {text!r} is no {column.type}: write it as {wanted}") from error
    return text


def describe_columns(subject: Subject, kind: Kind, positive: str) -> Mapping[str, tuple[str, str]]:
    """Type and meaning of each column of an answer, in order; `positive` is the word for a true outcome."""
    return {
        **{name: (str(each.type), each.description) for name, each in subject.columns.items()},
        **{name: ("text", meaning) for name, meaning in kind.texts.items()},
        **{
            name: ("number", meaning) for name, meaning in kind.describe_answer(subject.one, positive).items()
        },
        "rank": ("integer", describe_rank(subject, kind)),
        "outcome": (
            ("flag", f"Whether the {subject.one} was {positive}; empty until it is known.")
            if kind.outcome_form == "flag"
            else (kind.outcome_form, "What came; empty until it is known.")
        ),
        "result": ("text", f"`hit` if {kind.hit}, else `miss`; empty until known."),
    }
