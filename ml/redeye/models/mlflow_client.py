"""MLflow, straight to its database and without pickle. Imported when needed: it takes seconds."""

from __future__ import annotations

import logging
import os
import urllib.request
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from redeye.foundation.errors import RedeyeError
from redeye.foundation.settings import require_secret, settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

_ENVIRONMENT = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # It would copy whatever project the working directory holds into every model.
    "MLFLOW_UV_AUTO_DETECT": "false",
}

_ANSWER_SECONDS = 5

# What the UI shows an experiment as; without it, as one of language models.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


def client() -> MlflowClient:
    """A client of the configured store; MLflow's fluent functions point there too.

    Raises:
        ConfigError: if the store's URL is not set.
    """
    return _client(require_secret("mlflow_tracking_url", "SQLAlchemy URL"))


def require_answer() -> None:
    """See that the configured store answers, within seconds; MLflow itself tries again for minutes.

    Raises:
        RedeyeError: with why it does not.
        ConfigError: if the store's URL is not set.
    """
    url = require_secret("mlflow_tracking_url", "SQLAlchemy URL")
    try:
        if url.startswith("http"):
            urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=_ANSWER_SECONDS).close()  # noqa: S310  ours
        else:
            waits = {"connect_timeout": _ANSWER_SECONDS} if url.startswith("postgresql") else {}
            create_engine(url, connect_args=waits).connect().close()
    except (OSError, SQLAlchemyError) as error:
        raise RedeyeError(f"MLflow does not answer: {str(error).splitlines()[0]}") from error


def experiment_id(name: str) -> str:
    """The experiment of that name, made if there is none; one that was deleted is restored, with its runs.

    MLflow keeps the name of a deleted one, so no other could be made, and no run can begin in it.
    """
    from mlflow.entities import LifecycleStage
    from mlflow.exceptions import MlflowException

    store = client()
    if found := store.get_experiment_by_name(name):
        if found.lifecycle_stage == LifecycleStage.DELETED:
            log.warning(
                "MLflow's experiment %s was deleted: it is restored, since trainings go on in it", name
            )
            store.restore_experiment(found.experiment_id)
        return str(found.experiment_id)
    location = f"{settings().artifacts_root}/{name}"
    try:
        return str(store.create_experiment(name, artifact_location=location, tags=_KIND))
    except MlflowException:  # another training made it meanwhile
        if found := store.get_experiment_by_name(name):
            return str(found.experiment_id)
        raise


@lru_cache(maxsize=4)
def _client(url: str) -> MlflowClient:
    os.environ.update(_ENVIRONMENT)
    import mlflow

    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    return mlflow.MlflowClient(tracking_uri=url, registry_uri=url)
