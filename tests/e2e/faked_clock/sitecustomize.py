"""Found by every Python process of a stack whose clock libfaketime moves: mends the one call that it breaks.

With the monotonic clock left alone, libfaketime 0.9.10 computes a negative time for `clock_nanosleep` with
an absolute end, which is how Python 3.11 sleeps: `time.sleep` raises EINVAL.
"""

from __future__ import annotations

import select
import time


def sleep(seconds: float) -> None:
    """Sleep by another system call."""
    select.select([], [], [], seconds)


time.sleep = sleep
