"""Errors that an operator reads: each names the bad value and says what to do.

Whatever else fails is caught in one place, `try_in_turn`: what goes on all the same says what failed, and why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from redeye.foundation.engine.command import name_commands
from redeye.foundation.logic.visible_text import escape_controls
from redeye.foundation.masking import mask

log = logging.getLogger(__name__)

Result = TypeVar("Result")
# Of an error's message in a reason; all of it is in the log.
SHOWN = 240


class RedeyeError(Exception):
    """Base of every error that Redeye raises on purpose."""

    def __str__(self) -> str:
        """The message, with commands as they are called here."""
        return name_commands(super().__str__())


class ConfigError(RedeyeError):
    """A setting, spec or suite is wrong; the message names the file or variable and the key."""


class DeliveryError(RedeyeError):
    """A delivery is missing, truncated, altered or not what its manifest says."""


class DeliveryInterrupted(DeliveryError):
    """A delivery could not be fetched or landed for a reason that may pass: the same is worth another try."""


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


class NeedsAnother(RedeyeError):
    """Somebody would decide about what he asked for himself: another person must."""


class LoginRefused(RedeyeError):
    """Somebody whom the provider knows may not enter here."""


class RegistryDiffers(RedeyeError):
    """The model registry does not hold what the promotion ledger names, and no repair can be made of it."""


class ReleaseAltered(RedeyeError):
    """A release does not hold what was recorded when it was published."""


class DiskBudgetExceeded(RedeyeError):
    """The home takes more on disk than its budget allows."""


class BackupError(RedeyeError):
    """A backup cannot be made, is incomplete or altered, or cannot be restored here."""


class SignatureError(RedeyeError):
    """A signature is wrong or missing, or what is said to be a signed statement is none."""


class SigningRefused(RedeyeError):
    """The signer does not sign this: the ledger has no such row, or it signed something else about the same."""


class SignerAway(RedeyeError):
    """Nobody could be asked to sign: the signer does not answer, and the key is not this user's."""


def try_in_turn(steps: Iterable[tuple[str, Callable[[], Result]]], failures: list[str]) -> Result:
    """The result of the first named step that does not fail.

    Each failure is logged with its traceback, and appended to `failures` in words before the next step runs.

    Raises:
        LeaseLost: at once, as LeaseHeld: what a lease forbids no other step may do.
        Exception: the last step's own, if all of them fail.
    """
    last: Exception = ValueError("there was nothing to try")
    for name, step in steps:
        try:
            return step()
        except (LeaseLost, LeaseHeld):
            raise
        except Exception as error:
            log.exception("%s failed", name)
            failures.append(_describe_failure(name, error))
            last = error
    raise last


def _describe_failure(name: str, error: Exception) -> str:
    if isinstance(error, AuditRefused):
        return f"{name} refused"
    # Reasons are separated by semicolons.
    message = mask(escape_controls(" ".join(str(error).replace(";", ",").split())))
    shown = message if len(message) <= SHOWN else f"{message[:SHOWN]}…"
    return f"{name} failed ({type(error).__name__}: {shown})"
