"""Flights whose deliveries are spoiled on purpose, for a rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import pyarrow as pa

from flights.arrivals.clocks import DAY_MINUTES
from flights.declared_constants import LATE_MINUTES
from flights.flight_nights import FLIGHT_KEY, NIGHTS_TO_KNOW
from redeye.declarations.calendar import ONE_DAY, cutoff, find_start
from redeye.sources.fetch_deliveries import ask
from redeye.sources.logic.deliveries import KNOWN_AT, MISSING, Delivery, Source
from redeye.sources.logic.faults import Event

LATE_NIGHTS = 5
FLIPPED_LATE, FLIPPED_ON_TIME = 40, -5
MOVED_MINUTES = 25
NOON = 1200
# Of departures, in minutes: within what the year has seen.
EARLIEST, LATEST = -40, 1300
_MOVED = ("dep_time", "dep_delay", "arr_time", "arr_delay", KNOWN_AT)

Text = Callable[[str], str]
# By how many minutes a flight moves, of its arrival delay and its scheduled departure.
Minutes = Callable[[int, int], int]


class Fault(StrEnum):
    """What is done to the deliveries."""

    ZEROED_FEATURE = "zeroed_feature"
    UNIT_CHANGE = "unit_change"
    GROSS_UNIT_CHANGE = "gross_unit_change"
    RECODED_CARRIER = "recoded_carrier"
    LATE_LABELS = "late_labels"
    LEAK = "leak"
    SPOILED_LABELS = "spoiled_labels"
    CONCEPT_CHANGE = "concept_change"


class FaultySource:
    """Another source with an event in it; everything else is passed through.

    Raises:
        ValueError: if the event's fault is not one of `Fault`.
    """

    meanings: ClassVar[Mapping[str, str]] = {
        Fault.ZEROED_FEATURE: "the weather's visibility is delivered as 0",
        Fault.UNIT_CHANGE: "temperatures are delivered in degrees Celsius",
        Fault.GROSS_UNIT_CHANGE: "departure delays are delivered in seconds",
        Fault.RECODED_CARRIER: "the carrier UA is delivered as U2, in schedule and outcomes",
        Fault.LATE_LABELS: "half of the outcomes come five nights late",
        Fault.LEAK: "the timetable's arrival is the flight's actual arrival",
        Fault.SPOILED_LABELS: "flights on time are delivered as late and late ones as on time, with clocks to "
        "match, and later nights are sound: what is trained on them is harmful",
        Fault.CONCEPT_CHANGE: "flights scheduled before noon leave and arrive 25 minutes later",
    }

    def __init__(self, source: Source, event: Event) -> None:
        self.source, self.event, self.fault = source, event, Fault(event.fault)
        self.name, self.layout, self.is_prompt = source.name, source.layout, source.is_prompt
        self.first_night, self.last_night = source.first_night, source.last_night
        self.final_night, self.datasets = source.final_night, source.datasets

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        """As the source's, of one dataset or of all, spoiled on the event's nights."""
        for delivery in ask(self.source, dataset, first, last):
            if self.fault is Fault.LATE_LABELS:
                yield self._hold_back(delivery)
            elif self.event.acts(delivery.night) and delivery.frame.num_rows:
                yield replace(delivery, frame=self._spoil(delivery))
            else:
                yield delivery

    def _spoil(self, delivery: Delivery) -> pa.Table:
        frame = delivery.frame
        match self.fault, delivery.dataset:
            case Fault.ZEROED_FEATURE, "weather":
                return _change_column(frame, "visib", lambda _: "0.0")
            case Fault.UNIT_CHANGE, "weather":
                for column in ("temp", "dewp"):
                    frame = _change_column(frame, column, lambda text: f"{(float(text) - 32) / 1.8:.2f}")
                return frame
            case Fault.GROSS_UNIT_CHANGE, "outcomes":
                return _change_column(frame, "dep_delay", lambda text: str(60 * int(text)))
            case Fault.RECODED_CARRIER, "outcomes" | "schedule":
                return _change_column(frame, "carrier", lambda text: "U2" if text == "UA" else text)
            case Fault.SPOILED_LABELS, "outcomes":
                return _move_clocks(delivery, _to_the_other_class)
            case Fault.CONCEPT_CHANGE, "outcomes":
                return _move_clocks(delivery, _later_in_the_morning)
            case Fault.LEAK, "outcomes" | "schedule":
                return _with(frame, "sched_arr_time", self._actual_arrivals(delivery))
            case _:
                return frame

    def _hold_back(self, delivery: Delivery) -> Delivery:
        """Outcomes without every second row on the event's nights, and with those that were held back before."""
        if delivery.dataset != "outcomes":
            return delivery
        frame = delivery.frame
        if self.event.acts(delivery.night):
            frame = frame.take(list(range(0, frame.num_rows, 2)))
        origin = delivery.night - timedelta(days=LATE_NIGHTS)
        if self.event.acts(origin):
            held = next(
                each.frame for each in self.source.fetch(origin, origin) if each.dataset == "outcomes"
            )
            held = held.take(list(range(1, held.num_rows, 2)))
            known = (find_start(delivery.night) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            frame = pa.concat_tables([frame, _change_column(held, KNOWN_AT, lambda _: known)])
        return replace(delivery, frame=frame, is_stated_empty=delivery.is_stated_empty and not frame.num_rows)

    def _actual_arrivals(self, delivery: Delivery) -> list[str]:
        """When each flight of a delivery was at its gate, where it ever was; else what the timetable says."""
        last = min(delivery.night + NIGHTS_TO_KNOW * ONE_DAY, self.source.final_night)
        actual: dict[tuple[str, ...], str] = {}
        for each in self.source.fetch(delivery.night, last):
            if each.dataset == "outcomes" and each.frame.num_rows:
                for key, text in zip(_keys(each.frame), each.frame["arr_time"].to_pylist(), strict=True):
                    if text != MISSING:
                        actual[key] = text
        timetable = delivery.frame["sched_arr_time"].to_pylist()
        return [actual.get(key, stated) for key, stated in zip(_keys(delivery.frame), timetable, strict=True)]


def _keys(frame: pa.Table) -> Iterator[tuple[str, ...]]:
    return zip(*(frame[column].to_pylist() for column in FLIGHT_KEY.split()), strict=True)


def _change_column(frame: pa.Table, column: str, change: Text) -> pa.Table:
    texts = frame[column].to_pylist()
    return _with(frame, column, [text if text == MISSING else change(text) for text in texts])


def _with(frame: pa.Table, column: str, texts: list[str]) -> pa.Table:
    return frame.set_column(frame.column_names.index(column), column, pa.array(texts, pa.string()))


def _move_clocks(delivery: Delivery, minutes: Minutes) -> pa.Table:
    """Outcomes whose flights leave and arrive by so many minutes later, clocks and `known_at` with them.

    So nothing contradicts anything, as where the world has changed and not the delivery. What would be known in
    another night then, or be further from its timetable than flights ever are, stays as it is.
    """
    frame, bounds = delivery.frame, (find_start(delivery.night), cutoff(delivery.night))
    rows = frame.select([*_MOVED, "sched_dep_time"]).to_pylist()
    for row in rows:
        if MISSING in (row["arr_delay"], row["dep_time"], row["arr_time"]):
            continue
        by = minutes(int(row["arr_delay"]), int(row["sched_dep_time"]))
        known = datetime.fromisoformat(row[KNOWN_AT]) + timedelta(minutes=by)
        if bounds[0] < known < bounds[1] and EARLIEST <= int(row["dep_delay"]) + by <= LATEST:
            row[KNOWN_AT] = known.strftime("%Y-%m-%dT%H:%M:%SZ")
            for column in ("dep_delay", "arr_delay"):
                row[column] = str(int(row[column]) + by)
            for column in ("dep_time", "arr_time"):
                row[column] = _clock(row[column], by)
    for column in _MOVED:
        frame = _with(frame, column, [row[column] for row in rows])
    return frame


def _clock(text: str, minutes: int) -> str:
    """A reading such as 2359 so many minutes later; midnight is 2400."""
    hours, rest = divmod(int(text), 100)
    hour, minute = divmod((60 * hours + rest + minutes) % DAY_MINUTES, 60)
    return str(100 * hour + minute or 2400)


def _to_the_other_class(arrival_delay: int, _: int) -> int:
    return (FLIPPED_ON_TIME if arrival_delay >= LATE_MINUTES else FLIPPED_LATE) - arrival_delay


def _later_in_the_morning(_: int, scheduled_departure: int) -> int:
    return MOVED_MINUTES if scheduled_departure < NOON else 0
