"""What several pages read: the outputs, a model's spec, what is wrong and who has seen it."""

from __future__ import annotations

from functools import lru_cache

from fastapi import HTTPException

from redeye.declarations.specs import Spec
from redeye.operations import find_alerts, model_status
from redeye.operations.logic.alerts import Alert
from redeye.operations.night_status import Morning
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources.configured_source import load_source
from redeye_airflow.pages import airflow_client


@lru_cache(maxsize=1)
def reader() -> OutputsReader:
    """The process's one connection to the outputs lake."""
    return OutputsReader()


def find_spec(model: str) -> Spec:
    """The spec of a model.

    Raises:
        HTTPException: 404 if there is none.
    """
    found = model_status.specs().get(model)
    if found is None:
        raise HTTPException(404, f"there is no model {model}")
    return found


def find_night_alerts(found: Morning) -> list[Alert]:
    """What is wrong after a night, by the clock of now if it is the newest one."""
    source = load_source() if found.night == found.newest else None
    return find_alerts.find_alerts(found, now=airflow_client.now(), source=source)


def find_acknowledgements(models: list[str]) -> dict[tuple[str, str], airflow_client.ActionRecord]:
    """Who has acknowledged which verdict, by model and night."""
    found: dict[tuple[str, str], airflow_client.ActionRecord] = {}
    for model in models:
        for row in airflow_client.read_actions(event="acknowledge", dag_id=f"monitor_{model}"):
            found.setdefault((model, str(row.extra.get("night"))), row)
    return found
