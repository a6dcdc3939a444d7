"""The project's constants in `redeye.yaml`, as Python reads them; dbt reads them as macros of the same names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from redeye.declarations.project import project
from redeye.declarations.spec_fields import PositiveInt


class _Constants(BaseModel):
    model_config = ConfigDict(frozen=True)

    late_minutes: PositiveInt
    delay_windows: tuple[PositiveInt, ...]
    airport_zone: str


_declared = _Constants.model_validate(dict(project().constants))
LATE_MINUTES = _declared.late_minutes
DELAY_WINDOWS = tuple(sorted(_declared.delay_windows))
# What the sources' clocks show, whatever clock the project's nights end by.
AIRPORT_ZONE = ZoneInfo(_declared.airport_zone)
