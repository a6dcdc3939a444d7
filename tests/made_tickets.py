"""A project of a help desk, which knows nothing of flights: what it declares, and a night of its predictions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from prediction_frames import KIND

from redeye.declarations import project as declaration
from redeye.declarations.project import Project, project
from redeye.foundation.settings import settings
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import Lineage, assemble

DECLARED = """
project: helpdesk
clock: {zone: Europe/Madrid, cutoff: "06:00"}
holidays: ES
source: helpdesk.tickets:Tickets
audits: {arrivals: helpdesk.audits:Arrivals, releases: helpdesk.audits:release_queries}
subject:
  one: ticket
  many: tickets
  key: ticket_id
  day: opened_on
  time: opened_at
  columns:
    ticket_id: {type: text, description: The ticket's number.}
    queue: {type: text, title: waits in, description: Where it waits., search: {example: billing, pattern: "[a-z]+"}}
    opened_by: {type: text, description: Who opened it.}
    opened_on: {type: date, description: On which day.}
    opened_at: {type: instant, title: opened, description: When.}
    urgency: {type: integer, description: From 1 to 5.}
  shown: [ticket_id, queue, opened_by, opened_at]
slices:
  - {by: queue, column: queue}
  - {by: hour it was opened, column: opened_at, part: hour}
restatements: {outcomes: assignments, key: "T-{number:0>4}", shared: {desk: queue}}
first_run: {model: ticket_escalated, history_last: 2026-01-31, scored_last: 2026-02-02, outcome: to be escalated}
"""
MODEL, NIGHT, DAY = "ticket_escalated", date(2026, 2, 1), date(2026, 2, 2)


@contextmanager
def run_helpdesk(folder: Path) -> Iterator[Project]:
    """The process runs this project, with its home in the folder."""
    path = folder / "redeye.yaml"
    path.write_text(DECLARED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(declaration, "PROJECT_FILE", path)
        patched.setenv("REDEYE_HOME", str(folder / "home"))
        settings.cache_clear()
        project.cache_clear()
        yield project()
    project.cache_clear()
    settings.cache_clear()


def tickets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ticket_id": ["T-0002", "T-0001", "T-0017"],
            "queue": ["billing", "billing", "network"],
            "opened_by": ["ana", "luis", "ana"],
            "opened_on": pd.Timestamp(DAY),
            "opened_at": pd.to_datetime(["2026-02-02 09:05", "2026-02-02 09:30", "2026-02-02 16:00"]).as_unit(
                "us"
            ),
            "urgency": [1, 2, 5],
        }
    )


def predictions(probability: tuple[float, ...] = (0.2, 0.2, 0.9)) -> pd.DataFrame:
    lineage = Lineage(MODEL, NIGHT, "2026-02-01.r1", 2, "xgboost", f"{MODEL}_v1", "run")
    values = np.array(probability)
    return assemble(tickets(), values, values / 2, lineage, project().subject, KIND)


@contextmanager
def open_outputs() -> Iterator[duckdb.DuckDBPyConnection]:
    """The table of predictions as the outputs lake has it, with a night's rows."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS outputs")
        con.execute(f"CREATE TABLE outputs.main.predictions ({outputs_store.columns('predictions', KIND)})")
        con.register("made", predictions())
        con.execute("INSERT INTO outputs.main.predictions BY NAME SELECT * FROM made")
        yield con
