"""A night in one process: every task's job, one after the other, imports apart from work."""

from __future__ import annotations

import importlib
import shutil
import statistics
import time
from dataclasses import asdict
from datetime import date
from typing import Any

from figures import Cost, Figure, measured, median
from installation import Installation, postmaster
from prepared import HOLDER, MODEL

from redeye.foundation.errors import RedeyeError

STEPS = ("ingest", "transform", "publish", "materialize", "score", "export", "monitor")
BUILD = ("transform", "publish")
MONITORED = (*BUILD, "score", "export", "monitor")
# As a task has in Airflow; failures are kept in the details.
ATTEMPTS = 3
# In the order of a night: what a job imports that an earlier one has imported already costs it nothing here.
IMPORTS = {
    "pandas, pyarrow, duckdb, psycopg2": ("pandas", "pyarrow", "duckdb", "psycopg2", "redeye.sources.ingest"),
    "great_expectations": (
        "great_expectations",
        "redeye.audits.audit",
        "redeye.audits.great_expectations_runner",
    ),
    "dbt": ("redeye.warehouse.dbt", "dbt.cli.main", "dbt.adapters.duckdb"),
    "feast": ("feast", "redeye.features.feast_frames", "redeye.features.feast_offline_store"),
    "xgboost": ("redeye.models.algorithms.xgboost",),
    "the jobs": (
        "redeye.operations.build_nights",
        "redeye.features.materialize",
        "redeye.scoring.score",
        "redeye.monitoring.monitor",
    ),
}


def run(night: str, steps: list[str]) -> dict[str, Any]:
    """Run the steps of a night in this process; what each cost, and what the imports did."""
    imports = {}
    for title, modules in IMPORTS.items():
        start = time.perf_counter()
        for module in modules:
            importlib.import_module(module)
        imports[title] = time.perf_counter() - start

    from redeye.features import materialize
    from redeye.foundation.settings import settings
    from redeye.monitoring import monitor
    from redeye.operations import build_nights
    from redeye.scoring import score
    from redeye.sources import ingest
    from redeye.warehouse import build

    on = date.fromisoformat(night)
    for landed in settings().landing.glob(f"*/*/{night}"):
        shutil.rmtree(landed)  # of an earlier repetition
    for kept in (settings().drift / "features" / MODEL).glob(f"{night}-*.parquet"):
        kept.unlink()
    candidate: dict[str, Any] = {}
    jobs = {
        "ingest": lambda: ingest.ingest_nights(on, on),
        "transform": lambda: candidate.update(build_nights.transform(on, on, holder=HOLDER)),
        "publish": lambda: build.publish(candidate),
        "materialize": lambda: materialize.materialize_night(on),
        "score": lambda: score.score_night(MODEL, on, run_id=HOLDER),
        "export": lambda: score.export_night(MODEL, on),
        "monitor": lambda: monitor.monitor_night(MODEL, on, HOLDER),
    }
    server = postmaster()
    costs = {}
    for step in steps:
        with measured(server) as costs[step]:
            jobs[step]()
    return {"imports": imports, "steps": {step: asdict(cost) for step, cost in costs.items()}}


def repeat(
    at: Installation, checkpoint: str, night: date, times: int, steps: tuple[str, ...]
) -> list[dict[str, Any]]:
    """The same night several times, each in a new process and from the same state."""
    runs = []
    for _ in range(times):
        failures: list[str] = []
        while True:
            at.back_to(checkpoint)
            try:
                run = at.run("one_night:run", night=night, steps=list(steps))
            except RedeyeError as error:
                failures.append(str(error))
                if len(failures) == ATTEMPTS:
                    raise
                continue
            runs.append(run | {"failures": failures})
            break
    return runs


def costs_of(runs: list[dict[str, Any]], steps: tuple[str, ...]) -> Cost:
    """The median, over the runs, of what some steps cost together."""
    return median(
        Cost(**{part: sum(run["steps"][step][part] for step in steps) for part in asdict(Cost())})
        for run in runs
    )


def figures(runs: list[dict[str, Any]], night: date) -> list[Figure]:
    """A line for the whole night and one for its imports; the steps are in the details."""
    whole = costs_of(runs, STEPS)
    steps = {step: asdict(costs_of(runs, (step,))) for step in STEPS}
    imports = {name: statistics.median(run["imports"][name] for run in runs) for name in IMPORTS}
    told = ", ".join(f"{step} {steps[step]['seconds']:.1f}" for step in STEPS)
    return [
        Figure(
            "night in one process",
            "s",
            ours=whole.seconds,
            note=f"{night}: {told}",
            detail={
                "steps": steps,
                "whole": asdict(whole),
                "repetitions": len(runs),
                "failures": [each for run in runs for each in run["failures"]],
            },
        ),
        Figure(
            "  its imports",
            "s",
            ours=sum(imports.values()),
            note=", ".join(f"{name} {seconds:.1f}" for name, seconds in imports.items()),
            detail={"imports": imports},
        ),
    ]
