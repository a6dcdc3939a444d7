"""The supervisor's protocol of events, for its two listeners: the reaper and the watchdog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TextIO

from supervisor import childutils


def listen(events: TextIO, answers: TextIO, handle: Callable[[Mapping[str, str]], None]) -> None:
    """Hand the payload of each event to `handle`, until the supervisor closes the stream."""
    while True:
        childutils.listener.ready(answers)
        line = events.readline()
        if not line:
            return
        headers = childutils.get_headers(line)
        handle(childutils.get_headers(events.read(int(headers["len"]))))
        childutils.listener.ok(answers)
