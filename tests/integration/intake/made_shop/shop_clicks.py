"""What the made shop yields itself."""

from __future__ import annotations

from collections.abc import Iterator


def list_clicks() -> Iterator[dict[str, object]]:
    """One click of each of three days."""
    for day in (1, 2, 3):
        yield {"click_id": day, "clicked_on": f"2026-03-0{day}"}
