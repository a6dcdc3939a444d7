"""MLflow, straight to its database and without pickle. Imported when needed: it takes seconds."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import TYPE_CHECKING

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

# What the UI shows an experiment as; without it, as one of language models.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


def client() -> MlflowClient:
    """A client of the configured store; MLflow's fluent functions point there too.

    Raises:
        ConfigError: if the store's URL is not set.
    """
    return _client(require_secret("mlflow_tracking_url", "SQLAlchemy URL"))


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
