"""Waivers: vulnerabilities of packages that were looked at and do not matter here, until a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from redeye.foundation.errors import ConfigError

LONGEST = timedelta(days=184)
_FORM = re.compile(r"(\S+) since (\d{4}-\d\d-\d\d) until (\d{4}-\d\d-\d\d): (\S.*)")


@dataclass(frozen=True)
class Waiver:
    """One vulnerability by its public id, waived from a day to a day, for a reason that stands in a line of a file."""

    line: int
    vulnerability: str
    since: date
    until: date
    reason: str


def parse_waivers(text: str, name: str) -> Iterator[Waiver]:
    """The waivers of a file's text; lines that are empty or begin with `#` are none.

    Raises:
        ConfigError: naming the line that does not say id, days and reason, or lasts too long.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _FORM.fullmatch(line.strip())
        try:
            if found is None:
                raise ValueError("it must be `ID since YYYY-MM-DD until YYYY-MM-DD: why`")
            since, until = date.fromisoformat(found[2]), date.fromisoformat(found[3])
            if not since <= until <= since + LONGEST:
                raise ValueError(f"it must end within {LONGEST.days} days of its begin")
        except ValueError as error:
            raise ConfigError(f"{name}, line {number}, `{line.strip()}`: {error}") from error
        yield Waiver(number, found[1], since, until, found[4])
