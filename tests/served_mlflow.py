"""MLflow's server as the stack runs it, with something in its store."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import Any

import httpx
from waiting import PATIENCE_SECONDS, until

from redeye.foundation.settings import settings
from redeye.stack import environment
from redeye.stack.servers import programs


def logged() -> tuple[str, str]:
    """What a job logs straight to the database, without any login."""
    from redeye.models.mlflow_client import client, experiment_id

    store, experiment = client(), experiment_id("flight_delay")
    import mlflow

    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_text("a card", "card.md")
        mlflow.log_metric("auc", 0.7)
    store.create_registered_model("flight_delay")
    store.create_model_version("flight_delay", source=run.info.artifact_uri, run_id=run.info.run_id)
    return experiment, run.info.run_id


class served:  # noqa: N801  a context manager, named as it reads
    """The supervisor's own command, until the end of the block."""

    def __init__(self, stack: Any) -> None:
        every = programs.programs(stack.settings, stack.postgres)
        self.command = next(program.command for program in every if program.name == "mlflow")
        self.log = stack.settings.home / "mlflow-server.log"

    def __enter__(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, process_group=0)
        until(self.answers)

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with suppress(httpx.HTTPError):
            return httpx.get(f"{environment.mlflow_url(settings())}/health", timeout=2).is_success
        return False

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)
