"""A source of Python fits the project's clock, or is refused."""

from __future__ import annotations

import pytest

from redeye.declarations import calendar
from redeye.declarations.clock import Clock
from redeye.declarations.project import project
from redeye.foundation.errors import ConfigError
from redeye.sources.configured_source import load_source


@pytest.mark.parametrize(("cutoff", "refused"), [("MON 03:00", "2014-01-01"), ("SUN 03:00", "2012-12-31")])
def test_nights_that_the_clock_has_not_are_refused(monkeypatch, cutoff, refused):
    clock = Clock(zone="America/New_York", cutoff=cutoff, every="week")
    declared = project().model_copy(update={"clock": clock})
    assert load_source().first_night.isoformat() == "2012-12-31"
    monkeypatch.setattr(calendar, "project", lambda: declared)
    with pytest.raises(
        ConfigError, match=f"no night starts on {refused}: nights end at {cutoff} New York; choose "
    ):
        load_source()
