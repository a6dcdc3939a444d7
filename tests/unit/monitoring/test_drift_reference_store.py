"""Two nights that are judged at once make a champion's reference one after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from redeye.monitoring.drift_reference_store import lock_reference


def test_one_waits_for_the_other(tmp_path: Path) -> None:
    folder, count, start = tmp_path / "model" / "key", 4, Barrier(4)
    inside: list[int] = []
    most: list[int] = []

    def enter(number: int) -> None:
        start.wait()
        for _ in range(50):
            with lock_reference(folder):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(enter, range(count)))
    assert len(most) == count * 50
    assert max(most) == 1
