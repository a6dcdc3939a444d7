"""When a delivery arrives: with its night, with the first that is not built yet, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from redeye.declarations.calendar import find_next_night
from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import DeliveryRef


class KnownDeliveries:
    """What the ledger has accepted already, and what that makes of a delivery landed now.

    Attributes:
        versions: accepted deliveries by source, dataset and night.
        unchanged: those that came again as they were.
    """

    def __init__(
        self,
        accepted: list[DeliveryRef],
        last: date,
        built: date | None,
        refused_by_people: Mapping[tuple[str, str, date, str], str] | None = None,
    ) -> None:
        self.first_unbuilt = find_next_night(built) if built else date.min
        self.newest_night = max([last, *(ref.night for ref in accepted)])
        self.versions: dict[tuple[str, str, date], list[DeliveryRef]] = {}
        for ref in accepted:
            self.versions.setdefault((ref.source, ref.dataset, ref.night), []).append(ref)
        self.unchanged: list[DeliveryRef] = []
        self.refused_by_people = refused_by_people or {}

    def place(self, landed: DeliveryRef) -> DeliveryRef | None:
        """The delivery with the night it arrives with; None if it was accepted before and is unchanged.

        Raises:
            DeliveryError: if a person refused it, or the source went back to a version that another has replaced since.
        """
        place = (landed.source, landed.dataset, landed.night)
        versions = self.versions.get(place, [])
        said = self.refused_by_people.get((*place, landed.content_hash))
        if said and not any(ref.content_hash == landed.content_hash for ref in versions):
            raise DeliveryError(
                f"{landed.path}: {said}; no audit overrules that: have the source deliver another, or "
                f"`./redeye intake accept {landed.source}/{landed.dataset} {landed.night} --because …`"
            )
        if not versions:
            # No release of its own night can hold it any more.
            return replace(landed, arrival_night=max(landed.night, self.first_unbuilt))
        newest = sorted(versions, key=lambda ref: ref.arrival_night)[-1]
        if landed.content_hash in (newest.content_hash, newest.parent):
            self.unchanged.append(newest)
            return None
        if any(ref.content_hash == landed.content_hash for ref in versions):
            raise DeliveryError(
                f"{landed.path}: the source went back to this version, which {newest.content_hash} replaced; "
                "a version counts only once, so the newest stays: have the source correct that one"
            )
        return self.date_restatement(landed, newest)

    def date_restatement(self, landed: DeliveryRef, newest: DeliveryRef) -> DeliveryRef:
        """A delivery that replaces the newest version, with the first night whose release can hold it."""
        arrival = max(self.newest_night, find_next_night(newest.arrival_night), self.first_unbuilt)
        return replace(landed, arrival_night=arrival)
