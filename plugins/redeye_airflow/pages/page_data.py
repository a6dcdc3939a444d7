"""What several pages read: the outputs, a model's spec, what is wrong and who has seen it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache

from fastapi import HTTPException

from redeye.declarations.specs import Spec
from redeye.operations import find_alerts, model_status, night_status
from redeye.operations.logic.alerts import Alert
from redeye.operations.night_status import Morning
from redeye.scoring.outcomes_reader import OutcomesReader
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources.configured_source import load_source
from redeye_airflow.pages import airflow_client


@lru_cache(maxsize=1)
def reader() -> OutputsReader:
    """The process's one connection to the outputs lake."""
    return OutputsReader()


@lru_cache(maxsize=1)
def outcomes_reader() -> OutcomesReader:
    """The process's one connection to the newest release."""
    return OutcomesReader()


def find_spec(model: str) -> Spec:
    """The spec of a model.

    Raises:
        HTTPException: 404 if there is none.
    """
    found = model_status.specs().get(model)
    if found is None:
        raise HTTPException(404, f"there is no model {model}")
    return found


def read_morning(night: date | None = None) -> Morning | None:
    """How everything stands after a night, by default the newest, by the clock of now."""
    return night_status.read_morning(reader(), night, now=airflow_client.now())


def find_night_alerts(found: Morning) -> list[Alert]:
    """What is wrong after a night, by the clock of now if it is the newest one."""
    source = load_source() if found.night == found.newest else None
    return find_alerts.find_alerts(found, now=airflow_client.now(), source=source)


def find_acknowledgements(models: list[str]) -> dict[tuple[str, str], airflow_client.ActionRecord]:
    """Who has acknowledged which verdict, by model and night."""
    found: dict[tuple[str, str], airflow_client.ActionRecord] = {}
    judged = {f"monitor_{model}": model for model in models}
    rows = airflow_client.read_actions(event="acknowledge", dag_ids=[*judged], limit=None) if judged else []
    for row in rows:
        found.setdefault((judged[row.dag_id], str(row.extra.get("night"))), row)
    return found


def split_seen(
    alerts: list[Alert], found: Morning, acknowledged: Collection[tuple[str, str]]
) -> tuple[list[Alert], list[Alert]]:
    """The alerts that nobody has seen yet, and those on verdicts that a person has acknowledged."""
    seen: set[str] = set()
    for state in found.models:
        nights = [date.fromisoformat(night) for model, night in acknowledged if model == state.spec.model]
        seen |= find_alerts.find_seen_verdicts(state, nights)
    return [each for each in alerts if each.key not in seen], [each for each in alerts if each.key in seen]
