"""A small neural network by torch, its weights as safetensors, with a copy in ONNX.

torch is imported with this file, and this file only when a network is fitted or loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load, save

from redeye.declarations.spec_algorithms import TorchParams
from redeye.models.algorithms import torch_onnx
from redeye.models.algorithms.base import (
    MAXIMUM_CATEGORIES,
    Categories,
    Examples,
    Floats,
    Inputs,
    Model,
    Training,
    numeric_matrix,
    require_both_classes,
)
from redeye.models.algorithms.torch_layers import (
    Batch,
    Network,
    Shape,
    attributions,
    initialize,
    learn,
    learn_pieces,
    threads,
)

# Of the validation rows, for the importance of the columns.
IMPORTANCE_ROWS = 4096
WEIGHTS, COLUMNS, ONNX = "weights.safetensors", "network.json", "network.onnx"


@dataclass(frozen=True)
class TorchModel(Model[TorchParams]):
    """A network with what its columns mean; unseen categories count as missing ones."""

    algorithm: ClassVar[str] = "torch"
    packages: ClassVar[tuple[str, ...]] = ("torch", "safetensors")

    network: Network
    numeric: tuple[str, ...]
    known: Categories
    weights: Mapping[str, float]
    progress: Mapping[str, float]

    @classmethod
    def fit(cls, training: Training, params: TorchParams) -> Self:
        """Takes gradient steps until the log loss on `valid` no longer falls, and keeps the best weights.

        The same rows, seed and number of threads give the same bytes on the same machine.
        """
        require_both_classes(training.train, "training")
        require_both_classes(training.valid, "validation")
        rate = float(training.train.labels.mean())
        return cls.learn(training, params, Network, float(np.log(rate / (1 - rate))))

    @classmethod
    def learn(
        cls,
        training: Training,
        params: TorchParams,
        make: Callable[[Shape], Network],
        bias: float | torch.Tensor,
    ) -> Self:
        """What a network of a shape, that begins with a bias, learns."""
        train, valid, inputs = training.train, training.valid, training.inputs
        categories = Categories.learn(train.frame, inputs.categorical, MAXIMUM_CATEGORIES)
        shape = Shape(
            numbers=len(inputs.numeric),
            pieces=params.pieces,
            categories=tuple(len(known) for known in categories.values.values()),
            embedding=params.embedding,
            hidden=params.hidden,
            layers=params.layers,
        )
        # Seed and threads are torch's own and the whole process's: both are put back.
        with threads(training.threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(training.seed)
            network = make(shape)
            learned, judged = (_batch(rows.frame, inputs.numeric, categories) for rows in (train, valid))
            learn_pieces(network, learned.numbers.numpy(), training.seed)
            initialize(network, bias)
            progress = learn(network, (learned, *_targets(train)), (judged, valid.labels), params)
            importance = _importance(network, judged, inputs)
        steps = {"steps": float(progress.steps), "evaluations": float(len(progress.losses))}
        return cls(network, inputs.numeric, categories, importance, steps)

    def continue_training(
        self, training: Training, params: TorchParams, learning_rate_share: float
    ) -> TorchModel | None:
        """Takes further gradient steps on the newer rows, while the log loss on `valid` falls."""
        train, valid, inputs = training.train, training.valid, Inputs(self.numeric, tuple(self.known.values))
        if inputs != training.inputs:
            return None
        require_both_classes(train, "newer")
        require_both_classes(valid, "validation")
        slower = params.model_copy(update={"learning_rate": params.learning_rate * learning_rate_share})
        with threads(training.threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(training.seed)
            network = Network(self.network.shape)
            network.load_state_dict(self.network.state_dict())
            learned, judged = (_batch(rows.frame, self.numeric, self.known) for rows in (train, valid))
            progress = learn(
                network, (learned, *_targets(train)), (judged, valid.labels), slower, is_continued=True
            )
            if not progress.best:
                return None
            importance = _importance(network, judged, inputs)
        steps = {
            "steps": self.progress["steps"] + progress.steps,
            "evaluations": self.progress["evaluations"] + len(progress.losses),
        }
        return type(self)(network, self.numeric, self.known, importance, steps)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The network's probability, by one thread: with another number of them the sums round another way."""
        with threads(1):
            return self.network.probabilities(_batch(frame, self.numeric, self.known))

    def importance(self) -> dict[str, float]:
        """Mean absolute share of each column in the log odds, on a sample of the validation rows."""
        return dict(self.weights)

    def facts(self) -> dict[str, float]:
        """Gradient steps that were kept, and how often the validation rows were looked at."""
        return dict(self.progress)

    def files(self) -> dict[str, bytes]:
        """The weights and pieces as safetensors, the rest in JSON."""
        content = {
            "numeric": self.numeric,
            "categories": dict(self.known.values),
            "shape": asdict(self.network.shape),
            "importance": dict(self.weights),
            "facts": dict(self.progress),
        }
        return {WEIGHTS: save(self.network.state_dict()), COLUMNS: json.dumps(content).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], make: Callable[[Shape], Network] = Network) -> Self:
        """From the weights and the JSON.

        Raises:
            RuntimeError: if the weights are not of that shape.
        """
        content = json.loads(files[COLUMNS])
        shape = content["shape"]
        # Drawing the weights that are replaced at once must not disturb whoever else draws.
        with torch.random.fork_rng(devices=[]):
            network = make(Shape(**{**shape, "categories": tuple(shape["categories"])}))
        network.load_state_dict(load(files[WEIGHTS]))
        network.eval()
        known = {name: tuple(values) for name, values in content["categories"].items()}
        numeric = tuple(content["numeric"])
        return cls(network, numeric, Categories(known), content["importance"], content["facts"])

    def exports(self) -> dict[str, bytes]:
        """The same network in ONNX, equal within `torch_onnx.TOLERANCE`: checked here, with onnxruntime.

        Raises:
            ExportDiffers: if it is not.
        """
        return {ONNX: torch_onnx.export(self.network, self.numeric, self.known)}


def _batch(frame: pd.DataFrame, numeric: tuple[str, ...], categories: Categories) -> Batch:
    codes = categories.codes(frame).astype(np.int64) + 1
    return Batch(torch.from_numpy(numeric_matrix(frame, numeric)), torch.from_numpy(codes))


def _targets(rows: Examples) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Labels, and weights that are 1 on average, if there are any."""
    labels = torch.from_numpy(rows.labels.astype(np.float32))
    if rows.weights is None:
        return labels, None
    return labels, torch.from_numpy((rows.weights / rows.weights.mean()).astype(np.float32))


def _importance(network: Network, judged: Batch, inputs: Inputs) -> dict[str, float]:
    numeric, categorical = attributions(network, judged.at(_spread(len(judged), IMPORTANCE_ROWS)))
    return dict(zip([*inputs.numeric, *inputs.categorical], [*numeric, *categorical], strict=True))


def _spread(rows: int, at_most: int) -> torch.Tensor:
    """Positions spread evenly over the rows."""
    return torch.from_numpy(np.unique(np.linspace(0, rows - 1, min(rows, at_most)).astype(np.int64)))
