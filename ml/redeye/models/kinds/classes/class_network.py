"""What a small network by torch learns of classes: the softmax of an output for each.

torch is imported with this file, and this file only when a network is fitted or loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from redeye.declarations.spec_algorithms import TorchParams
from redeye.models.algorithms.base import Categories, Floats, Training
from redeye.models.algorithms.torch_layers import Batch, Network, Shape
from redeye.models.algorithms.torch_network import TorchModel
from redeye.models.kinds.classes.class_models import (
    ClassModel,
    count_shares,
    read_choice,
    read_header,
)
from redeye.models.kinds.scored_probabilities import LOG_LOSS_FLOOR


class ClassNetwork(Network):
    """Scores of each class per row, whose softmax are probabilities."""

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__(shape)
        self.answer = (classes,)
        self.last = nn.Linear(shape.hidden, classes)

    def to_probabilities(self, odds: Tensor) -> Tensor:
        """The softmax."""
        return torch.softmax(odds, dim=1)

    def lose(self, odds: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The mean cross entropy."""
        each = functional.cross_entropy(odds, labels.long(), reduction="none")
        return (each if weights is None else each * weights).mean()

    def judge(self, batch: Batch, labels: npt.NDArray[np.float64]) -> float:
        """The mean log loss."""
        own = self.probabilities(batch)[np.arange(len(labels)), labels.astype(np.int64)]
        return float(-np.log(np.clip(own, LOG_LOSS_FLOOR, 1.0)).mean())

    def credit(self, odds: Tensor) -> Tensor:
        """The log probability of each row's likeliest class."""
        return torch.log_softmax(odds, dim=1).max(dim=1).values.sum()


@dataclass(frozen=True)
class ClassTorch(ClassModel[TorchParams]):
    """A network with what its columns mean; unseen categories count as missing ones."""

    algorithm: ClassVar[str] = "multiclass_torch"
    packages: ClassVar[tuple[str, ...]] = ("torch", "safetensors")

    body: TorchModel

    @classmethod
    def fit(cls, training: Training, params: TorchParams) -> Self:
        """Takes gradient steps until the log loss on `valid` no longer falls, and keeps the best weights."""
        choice, train = read_choice(training), training.train
        classes = len(choice.classes)
        shares = torch.from_numpy(np.log(count_shares(train.labels, classes, train.weights)))
        return cls(choice, TorchModel.learn(training, params, partial(ClassNetwork, classes=classes), shares))

    @property
    def categories(self) -> Categories:
        """The network's."""
        return self.body.known

    def predict_classes(self, frame: pd.DataFrame) -> Floats:
        """The network's probabilities."""
        return self.body.predict(frame)

    def importance(self) -> dict[str, float]:
        """Mean absolute share of each column in the log probability of the likeliest class, on some validation rows."""
        return self.body.importance()

    def facts(self) -> dict[str, float]:
        """The network's, and the temperature."""
        return {**self.body.facts(), **super().facts()}

    def files(self) -> dict[str, bytes]:
        """The network's files, and between what is chosen."""
        return {**self.body.files(), **self.write_header()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the network's files and the JSON."""
        choice = read_header(files)[0]
        return cls(choice, TorchModel.from_files(files, partial(ClassNetwork, classes=len(choice.classes))))

    def exports(self) -> dict[str, bytes]:
        """The network in ONNX, before its temperature."""
        return self.body.exports()
