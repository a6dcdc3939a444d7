"""What the sources' clocks show: the time of the three airports, whatever clock the project's nights end by."""

from __future__ import annotations

from zoneinfo import ZoneInfo

AIRPORT_ZONE = ZoneInfo("America/New_York")
