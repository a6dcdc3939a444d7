"""A night's monitoring by part: labels, drift, what is written, and Evidently's two pages."""

from __future__ import annotations

import importlib
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from figures import Figure, measured
from prepared import HOLDER, MODEL

# Paid once per champion; the others every night.
ONCE = ("reference",)
IMPORTS = {
    "imports of the verdict": (
        "pandas",
        "duckdb",
        "redeye.monitoring.monitor",
        "redeye.features.feast_frames",
        "feast",
    ),
    "imports of the pages": ("evidently", "evidently.presets", "evidently.metrics"),
}


def measure(night: str) -> dict[str, Any]:
    """Every part in order, in one process; run as a child after the night was scored."""
    costs: dict[str, Any] = {}
    first, second = IMPORTS
    with measured() as costs[first]:
        for module in IMPORTS[first]:
            importlib.import_module(module)

    import pandas as pd

    from redeye.champions import promotion_store
    from redeye.champions.logic.verdicts import Verdict
    from redeye.declarations.calendar import cutoff
    from redeye.declarations.specs import load_spec
    from redeye.foundation.settings import SPECS, settings
    from redeye.models.kinds.interface import find_kind
    from redeye.monitoring import evidently_reports, measure_drift, monitor
    from redeye.monitoring.fit_drift_reference import load_reference
    from redeye.monitoring.matured_predictions import read_matured_predictions
    from redeye.scoring import outputs_store
    from redeye.warehouse import release_store

    on = date.fromisoformat(night)
    spec = load_spec(SPECS / f"{MODEL}.yaml")
    release, champion = release_store.covering_release(on), promotion_store.read_champion(MODEL, on)
    assert release is not None
    assert champion is not None
    with measured() as costs["labels and quality"]:
        last = on - timedelta(days=spec.label_maturity_nights)
        first = last - timedelta(days=spec.monitor.window_nights - 1)
        rows = read_matured_predictions(spec, release, on, first, last)
        monitor.measure_champion(find_kind(spec), rows, champion, promotion_store.read_promotions(MODEL), on)
    with measured() as costs["reference"]:
        load_reference(spec, champion)
    # As on any other night: six of the week's seven nights have been read before.
    measure_drift.measure(spec, on, release, champion)
    for path in (settings().drift / "features" / MODEL).glob(f"{night}-*.parquet"):
        path.unlink()
    with measured() as costs["drift"]:
        finding = measure_drift.measure(spec, on, release, champion)
    common = {
        "model": MODEL,
        "lane": "live",
        "night": on,
        "release_id": release.release_id,
        "run_id": HOLDER,
        "created_at": pd.Timestamp(cutoff(on).replace(tzinfo=None)).as_unit("us"),
    }
    rows = finding.frame(champion.version).assign(**common)
    with measured() as costs["write"]:
        outputs_store.write_once({"drift": rows}, model=MODEL, night=on, run_id=HOLDER)
    with measured() as costs[second]:
        for module in IMPORTS[second]:
            importlib.import_module(module)
    judged = {"verdict": Verdict.OK, "reasons": finding.reasons}
    for page in measure_drift.make_pages(spec, on, rows, release, champion, **judged):
        with measured() as costs[f"page of the {page.span}"]:
            path = evidently_reports.write_page(page)
    return {
        "parts": {name: asdict(cost) for name, cost in costs.items()},
        "rows": len(rows),
        "page_bytes": path.stat().st_size,
    }


def figure(found: dict[str, Any], night: date) -> Figure:
    """One line: the seconds of a night, and each part's in the note."""
    parts = found["parts"]
    told = ", ".join(f"{name} {part['seconds']:.1f}" for name, part in parts.items())
    nightly = sum(part["seconds"] for name, part in parts.items() if name not in ONCE)
    return Figure(
        "monitoring, by part",
        "s",
        ours=nightly,
        note=f"{night}: {told}; the reference is made once",
        detail=found,
    )
