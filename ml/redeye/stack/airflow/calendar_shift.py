"""Which shift of the calendar makes tonight a night of the source, with enough history behind it."""

from __future__ import annotations

from datetime import date, timedelta

from redeye.foundation.errors import ConfigError

HISTORY_WEEKS = 13
"""Three months: as much as the first run on the source's own calendar trains on."""

WEEK_DAYS = 7


def weeks_until(
    tonight: date, first_night: date, last_night: date, *, history_weeks: int = HISTORY_WEEKS
) -> int:
    """By how many weeks to shift a source so that `tonight` comes after just so much history.

    The least history leaves the most nights to come: the source has one year, and when its last night is over
    nothing fires any more. The weekday stays, the season does not.

    Args:
        tonight: the night that ends at the next cutoff.
        first_night: the source's first, unshifted.
        last_night: the source's last that is followed by a day with a schedule, unshifted.
        history_weeks: whole weeks before the night that tonight is to be.

    Raises:
        ConfigError: if the source is shorter than that, or does not lie in the past.
    """
    earliest = first_night + timedelta(weeks=history_weeks)
    given = earliest + timedelta(days=(tonight - earliest).days % WEEK_DAYS)
    if given > last_night:
        raise ConfigError(
            f"{history_weeks} weeks of history leave no night to come: the source has {first_night} to {last_night}"
        )
    weeks = (tonight - given).days // WEEK_DAYS
    if weeks < 1:
        raise ConfigError(f"tonight, {tonight}, does not lie after the source's night {given}")
    return weeks
