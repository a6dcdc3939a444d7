"""Buttons on a task's page that lead to what it produced elsewhere: an MLflow run, a report.

The address is a value of the task's result, so that whoever makes the thing says where it lies. Airflow
reads it when the task ends and keeps it as an XCom of its own, so the UI needs no code of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.xcom import BaseXCom

from redeye_airflow.vocabulary import Link

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

_TITLES = {
    Link.MLFLOW_RUN: "MLflow run",
    Link.MODEL_VERSION: "Model version",
    Link.DRIFT_REPORT: "Drift report",
}


class ResultLink(BaseOperatorLink):
    """The address that a task handed on under one key of its result; no button if it handed on none.

    Args:
        link: the key.
    """

    def __init__(self, link: Link) -> None:
        self.link = link

    @property
    def name(self) -> str:
        """The button's text."""
        return _TITLES[self.link]

    @property
    def xcom_key(self) -> str:
        """Where Airflow keeps the address: one key for each link of a task."""
        return f"_link_{self.link.value}"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002  Airflow's
        """The address, asked for once when the task ends; empty if it has none."""
        # Airflow declares the key of a task twice, differently.
        result = BaseXCom.get_value(ti_key=ti_key, key=BaseXCom.XCOM_RETURN_KEY)  # type: ignore[arg-type]
        return str(result.get(self.link.value) or "") if isinstance(result, dict) else ""
