"""What a night is if a dataset lacks in it: nothing was delivered, or the source states that there is nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from redeye.audits.logic.contract_terms import WEEKDAYS, DeliveryTerms, ExpectedOn, Lack
from redeye.declarations.calendar import coming_day
from redeye.sources.logic.deliveries import DeliveryRef


class Consequence(StrEnum):
    """What the night is."""

    SOUND = "sound"
    DEGRADED = "degraded"
    REFUSED = "refused"


@dataclass(frozen=True)
class LackVerdict:
    """What a dataset that lacks makes of its night.

    Attributes:
        because: the contract's reason.
    """

    dataset: str
    night: date
    lack: Lack
    consequence: Consequence
    because: str

    def describe(self) -> str:
        """What lacks, and why that is as bad as it is; one clause, for reasons that are joined by semicolons."""
        said = {
            Lack.ABSENT: f"no {self.dataset} was delivered in night {self.night}",
            Lack.EMPTY: f"{self.dataset} of night {self.night} is stated to be empty",
        }
        return f"{said[self.lack]}: {self.because.replace('; ', ', ').rstrip('.')}"


def judge_lack(
    dataset: str, night: date, lack: Lack, terms: DeliveryTerms, *, is_expected: bool
) -> LackVerdict:
    """What the night is, by the dataset's terms; a dataset that is not expected may lack."""
    tolerance = terms.may_be_absent if lack is Lack.ABSENT else terms.may_be_empty
    if not is_expected:
        said = terms.expected_on.because if terms.expected_on else "the source's calendar has nothing there"
        return LackVerdict(dataset, night, lack, Consequence.SOUND, said)
    consequences = {True: Consequence.SOUND, False: Consequence.REFUSED, "degraded": Consequence.DEGRADED}
    return LackVerdict(dataset, night, lack, consequences[tolerance.value], tolerance.because)


def is_expected_on(expected: ExpectedOn | None, night: date, holidays: Collection[date]) -> bool:
    """Whether there should be a delivery with rows; without a word about days there should be one every night."""
    if expected is None:
        return True
    day = coming_day(night) if expected.of == "coming_day" else night
    return WEEKDAYS[day.weekday()] in expected.weekdays and (expected.holidays or day not in holidays)


def find_lacks(
    places: Iterable[tuple[str, date]], accepted: Iterable[DeliveryRef]
) -> Iterator[tuple[str, date, Lack]]:
    """Of datasets and nights, those that have no rows among the deliveries that came in time, and how they lack."""
    in_time = {(ref.dataset, ref.night): ref for ref in accepted if not ref.is_restatement}
    for dataset, night in places:
        ref = in_time.get((dataset, night))
        if ref is None:
            yield dataset, night, Lack.ABSENT
        elif ref.is_stated_empty:
            yield dataset, night, Lack.EMPTY
