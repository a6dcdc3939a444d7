"""The code that MLflow keeps beside a model and runs to load it: no pickle, hashes checked first.

MLflow copies this file into the artifact and executes it there, so it stands alone: only `redeye.models`
and MLflow are imported.
"""

from __future__ import annotations

from pathlib import Path

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext

from redeye.models.algorithms.storage import load_model


class HashedModel(PythonModel):
    """A Redeye model behind MLflow's generic interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the saved folder, if it is what was logged.

        Raises:
            ModelAltered: naming the file that is missing or altered.
        """
        self.model = load_model(Path(context.artifacts["model"]), context.model_config["sha256"])

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002  (MLflow calls it so)
        model_input: pd.DataFrame,
        params: dict[str, object] | None = None,  # noqa: ARG002  (MLflow calls it so)
    ) -> pd.Series | pd.DataFrame:
        """The prediction of each row: one column, or several."""
        predicted = pd.DataFrame(
            self.model.predict(model_input), index=model_input.index, columns=list(self.model.columns)
        )
        return predicted.iloc[:, 0] if predicted.shape[1] == 1 else predicted


mlflow.models.set_model(HashedModel())
