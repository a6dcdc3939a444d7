"""What a measurement is, how it is taken, and how all of them are shown and kept."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table


@dataclass
class Cost:
    """Wall and processor seconds of a piece of work; Postgres' processor time apart, where it was asked for."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    postgres_cpu_seconds: float = 0.0


@dataclass
class Figure:
    """One line of the table: ours against the plainest script of the same work in the same run.

    Attributes:
        ours: in `unit`.
        plain: the same of the script; None if there is nothing to compare with.
        ratio: what the target speaks of; None if there is no target.
        is_met: None if there is no target, or nothing was measured.
        note: why there is no number, or what it is a number of.
        detail: everything else that was measured.
    """

    name: str
    unit: str = ""
    ours: float | None = None
    plain: float | None = None
    ratio: float | None = None
    target: str = ""
    is_met: bool | None = None
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@contextmanager
def measured(postmaster: int | None = None) -> Iterator[Cost]:
    """Measure a block; with the pid of a Postgres, what its backends used as well."""
    cost = Cost()
    at_postgres = postgres_cpu(postmaster)
    start, cpu_start = time.perf_counter(), time.process_time()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - start
        cost.cpu_seconds = time.process_time() - cpu_start
        cost.postgres_cpu_seconds = postgres_cpu(postmaster) - at_postgres


def postgres_cpu(postmaster: int | None) -> float:
    """Processor seconds of a Postgres and of its backends, those that have ended included."""
    if postmaster is None:
        return 0.0
    server = psutil.Process(postmaster)
    total = sum(server.cpu_times()[:4])
    for child in server.children():
        try:
            total += sum(child.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return float(total)


def median(costs: Iterable[Cost]) -> Cost:
    """The median of every part, part by part."""
    kept = [asdict(cost) for cost in costs]
    return Cost(**{name: statistics.median(cost[name] for cost in kept) for name in kept[0]})


def rounded(value: Any) -> Any:
    """Any structure with its floats cut to what can be read."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return value


def machine() -> dict[str, Any]:
    """Where it was measured, and how busy it was: load beyond one's own makes wall times worthless."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "load": rounded(os.getloadavg()),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def show(figures: list[Figure], console: Console) -> None:
    """Print the table."""
    table = Table(title="Redeye against the plainest scripts")
    for title in ("what", "unit", "ours", "plain", "ratio", "target", "met"):
        table.add_column(title, justify="right" if title in ("ours", "plain", "ratio") else "left")
    for figure in figures:
        table.add_row(
            f"{figure.name}\n[dim]{figure.note}[/dim]" if figure.note else figure.name,
            figure.unit,
            _shown(figure.ours),
            _shown(figure.plain),
            _shown(figure.ratio),
            figure.target,
            {True: "[green]yes[/green]", False: "[red]no[/red]", None: ""}[figure.is_met],
        )
    console.print(table)


def write(figures: list[Figure], folder: Path, settings: dict[str, Any]) -> Path:
    """Keep everything that was measured as JSON, named by the instant of the run."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = folder / f"{now:%Y-%m-%dT%H%M%S}.json"
    report = {
        "measured_at": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "settings": settings,
        "figures": [rounded(asdict(figure)) for figure in figures],
    }
    path.write_text(json.dumps(report, indent=2, default=str) + "\n", encoding="utf-8")
    return path


def _shown(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.2f}"
