"""When the rows of a declared dataset became known, and in which night they are to be delivered."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from redeye.declarations.calendar import (
    cutoff,
    find_night,
    find_night_before,
    find_night_on,
    find_start,
    list_nights,
    zone,
)
from redeye.declarations.datasets import DeclaredDataset, KnownAt
from redeye.declarations.durations import Duration
from redeye.sources.declared.logic.instants import find_midnight, read_day
from redeye.sources.logic.deliveries import MISSING

NOTHING = Duration()


@dataclass(frozen=True)
class Knowing:
    """The declared rule of a dataset, on the project's clock.

    Attributes:
        live_from: the first night whose data comes as it happens; None if all is history.
    """

    declared: DeclaredDataset
    live_from: date | None

    @property
    def column(self) -> str | None:
        """The column whose values say it; None if the file's name does, or the delivery."""
        return self.declared.known_at.column or self.declared.known_at.of

    def find_instant(self, text: str) -> datetime:
        """When a row became known whose column says this, as it lands.

        Raises:
            ValueError: if it is missing, or says neither date nor instant.
        """
        if text == MISSING:
            raise ValueError(f"column {self.column} is missing in a row: nobody can say when that was known")
        known = self.declared.known_at
        if known.column:
            instant = _read(text)
            if known.lag != NOTHING:
                instant = known.lag.add_to(instant, zone())
        elif known.after == "night":
            night = find_night_on(read_day(text, zone())) if len(text) == 10 else find_night(_read(text))
            instant = known.lag.add_to(cutoff(night), zone())
        else:
            instant = self._find_by_day(known, read_day(text, zone()))
        return self._revise(instant)

    def find_instant_of_files(self, word: str, day: date) -> datetime:
        """When the files of a night or day became known: at the end of their night, unless their names say more."""
        known = self.declared.known_at
        if known.of is None and known.after == "night":
            return self._revise(known.lag.add_to(cutoff(find_night_on(day)), zone()))
        if known.of is None and (known.after or known.before):
            return self._revise(self._find_by_day(known, day))
        return cutoff(find_night_on(day) if word == "night" else find_night(find_midnight(day, zone())))

    def find_nights(self, texts: Iterable[str]) -> dict[str, tuple[date, datetime]]:
        """Of each distinct text, the night at whose cutoff its rows are first known, and the instant.

        Raises:
            ValueError: as `find_instant`.
        """
        instants = {text: self.find_instant(text) for text in texts}
        if not instants:
            return {}
        nights = list(list_nights(find_night(min(instants.values())), find_night(max(instants.values()))))
        cutoffs = [cutoff(night) for night in nights]
        return {text: (nights[bisect_left(cutoffs, instant)], instant) for text, instant in instants.items()}

    def _find_by_day(self, known: KnownAt, day: date) -> datetime:
        if known.before:
            return known.lead.take_from(cutoff(find_night_before(day)), zone())
        return known.lag.add_to(find_midnight(day, zone()), zone())

    def _revise(self, instant: datetime) -> datetime:
        revised = self.declared.changes.revised_for
        if revised is None or (self.live_from and instant > find_start(self.live_from)):
            return instant
        return revised.add_to(instant, zone())


def _read(text: str) -> datetime:
    """An instant as it landed, in UTC."""
    return datetime.fromisoformat(text)


def bound_age(known: KnownAt) -> timedelta:
    """At most how much later than its column says a row can be known, apart from corrections."""
    return timedelta(days=known.lag.days, hours=1) + known.lag.time if known.lag.days else known.lag.time
