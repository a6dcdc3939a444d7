"""Errors that an operator reads: each names the bad value and says what to do."""

from __future__ import annotations


class RedeyeError(Exception):
    """Base of every error that Redeye raises on purpose."""


class ConfigError(RedeyeError):
    """A setting, spec or suite is wrong; the message names the file or variable and the key."""


class DeliveryError(RedeyeError):
    """A delivery is missing, truncated, altered or not what its manifest says."""


class AuditRefused(RedeyeError):
    """An audit refused data; the message names suite, expectation, column and example rows."""


class FeatureEdited(RedeyeError):
    """The code defines otherwise what a serving version reads; the message names columns, files and versions."""


class NotReleased(RedeyeError):
    """A night's release is needed and is not there yet: build that night first."""


class LeaseLost(RedeyeError):
    """Another holder took the lease: nothing this holder still does may be committed."""


class LeaseHeld(RedeyeError):
    """The lease is held by someone else and did not come free in time."""


class AlreadyDecided(RedeyeError):
    """A second run of a night came to a different result than the one already written."""


class TooLate(AlreadyDecided):
    """A decision would have to take effect on a night that is scored already."""


class VersionIsBlocked(AlreadyDecided):
    """A version that may not come back by itself would become champion, or the last resort would be blocked."""


class RegistryDiffers(RedeyeError):
    """The model registry does not hold what the promotion ledger names, and no repair can be made of it."""


class ReleaseAltered(RedeyeError):
    """A release does not hold what was recorded when it was published."""


class DiskBudgetExceeded(RedeyeError):
    """The home takes more on disk than its budget allows."""


class BackupError(RedeyeError):
    """A backup cannot be made, is incomplete or altered, or cannot be restored here."""
