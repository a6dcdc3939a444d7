"""The network: piecewise-linear numbers and embedded categories into a small perceptron, and how it learns.

Numbers are encoded as in Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep
Learning" (2022): one component per piece between two quantiles of training, 0 below it, 1 above it and linear
within. What lies beyond training's range says no more than the range's end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from redeye.declarations.spec_algorithms import TorchParams
from redeye.models.algorithms.base import measure_log_loss

# Rows to read the quantiles' average encoding from; more change nothing that can be seen.
SAMPLE_ROWS = 20_000
# Rows of each forward pass outside training. Always as many: see `Network.probabilities`.
BLOCK_ROWS = 1024


@dataclass(frozen=True)
class Shape:
    """What a network is built from; its weights are filled in afterwards.

    `numbers` counts the numeric columns, `pieces` is of each of them, `categories` are the known values of each
    categorical column, `embedding` the numbers that stand for one, `hidden` the units of each of the `layers`.
    """

    numbers: int
    pieces: int
    categories: tuple[int, ...]
    embedding: int
    hidden: int
    layers: int


@dataclass(frozen=True)
class Batch:
    """Rows as tensors: numbers in float32, missing as NaN; codes as in `Categories` plus one, 0 if unknown."""

    numbers: Tensor
    codes: Tensor

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, rows: Tensor | slice) -> Batch:
        """Some of the rows."""
        return Batch(self.numbers[rows], self.codes[rows])


class Network(nn.Module):
    """Log odds per row."""

    answer: tuple[int, ...] = ()
    """The shape of one row's answer: none of a single number."""
    lower: Tensor
    inverse_width: Tensor
    average: Tensor
    is_sometimes_missing: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        pieces = (shape.numbers, shape.pieces)
        self.register_buffer("lower", torch.zeros(pieces))
        self.register_buffer("inverse_width", torch.zeros(pieces))
        self.register_buffer("average", torch.zeros(pieces))
        self.register_buffer("is_sometimes_missing", torch.zeros(shape.numbers))
        self.embeddings = nn.ModuleList(
            nn.Embedding(known + 1, shape.embedding) for known in shape.categories
        )
        width = shape.numbers * (shape.pieces + 1) + len(shape.categories) * shape.embedding
        sizes = [width, *[shape.hidden] * shape.layers]
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        self.last = nn.Linear(shape.hidden, 1)

    def encode(self, numbers: Tensor) -> Tensor:
        """Pieces of each number less their average in training, then whether it is missing; 0 says nothing."""
        is_missing = torch.isnan(numbers).unsqueeze(2)
        pieces = ((numbers.unsqueeze(2) - self.lower) * self.inverse_width).clamp(0, 1) - self.average
        missing = is_missing * self.is_sometimes_missing.unsqueeze(1)
        return torch.cat([pieces.masked_fill(is_missing, 0.0), missing], dim=2)

    def embed(self, codes: Tensor) -> Tensor:
        """What stands for the categories of each row, column by column."""
        embedded = [embed(codes[:, place]) for place, embed in enumerate(self.embeddings)]
        return torch.cat([self.lower.new_zeros(len(codes), 0), *embedded], dim=1)

    def log_odds(self, encoded: Tensor, embedded: Tensor, dropout: float = 0.0) -> Tensor:
        """From encoded numbers and embedded categories."""
        values = torch.cat([encoded.flatten(1), embedded], dim=1)
        for layer in self.hidden:
            values = functional.dropout(functional.relu(layer(values)), dropout, self.training)
        found: Tensor = self.last(values).squeeze(1)
        return found

    def forward(self, batch: Batch) -> Tensor:
        """Log odds of each row."""
        return self.log_odds(self.encode(batch.numbers), self.embed(batch.codes))

    def to_probabilities(self, odds: Tensor) -> Tensor:
        """What log odds say."""
        return torch.sigmoid(odds)

    def lose(self, odds: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
        """The mean loss to learn by."""
        return functional.binary_cross_entropy_with_logits(odds, labels, weights)

    def judge(self, batch: Batch, labels: npt.NDArray[np.float64]) -> float:
        """The loss to stop by."""
        return measure_log_loss(self.probabilities(batch), labels)

    def credit(self, odds: Tensor) -> Tensor:
        """What columns are credited with, summed over the rows."""
        return odds.sum()

    def probabilities(self, batch: Batch) -> npt.NDArray[np.float64]:
        """Probability of each row.

        The rows go through in blocks of one size, the last one filled up: a matrix product of another size may
        round another way, and a row alone would differ from the same row among others.
        """
        self.eval()
        found = np.empty((len(batch), *self.answer), dtype=np.float64)
        with torch.inference_mode():
            for start in range(0, len(batch), BLOCK_ROWS):
                block = batch.at(slice(start, start + BLOCK_ROWS))
                rows = len(block)
                if rows < BLOCK_ROWS:
                    filling = (0, 0, 0, BLOCK_ROWS - rows)
                    block = Batch(
                        functional.pad(block.numbers, filling), functional.pad(block.codes, filling)
                    )
                found[start : start + rows] = self.to_probabilities(self(block).double())[:rows].numpy()
        return found


@dataclass(frozen=True)
class Progress:
    """How a network learned: losses on the validation rows, the place of the best, kept, and the steps until then."""

    losses: tuple[float, ...]
    best: int
    steps: int


def learn_pieces(network: Network, numbers: npt.NDArray[np.float32], seed: int) -> None:
    """Sets where the pieces lie, by quantiles of the training rows, and what they are on average."""
    levels = np.linspace(0, 1, network.shape.pieces + 1)
    knots = np.zeros((numbers.shape[1], len(levels)), dtype=np.float32)
    is_known = ~np.isnan(numbers)
    for column in range(numbers.shape[1]):
        if is_known[:, column].any():
            knots[column] = np.quantile(numbers[is_known[:, column], column], levels)
    width = np.diff(knots, axis=1)
    share = is_known.mean(axis=0)
    with torch.no_grad():
        network.lower.copy_(torch.from_numpy(knots[:, :-1]))
        # A piece without width is always 0: between equal quantiles there is nothing to tell apart.
        inverse = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
        network.inverse_width.copy_(torch.from_numpy(inverse))
        # Where a column was always or never missing, that it is missing taught nothing.
        network.is_sometimes_missing.copy_(torch.from_numpy((share > 0) & (share < 1)))
        some = np.random.default_rng(seed).permutation(len(numbers))[:SAMPLE_ROWS]
        sample = torch.from_numpy(numbers[np.sort(some)])
        pieces = network.encode(sample)[:, :, :-1]
        present = (~torch.isnan(sample)).sum(dim=0).clamp_min(1)
        network.average.copy_(pieces.sum(dim=0) / present.unsqueeze(1))


def initialize(network: Network, bias: float | Tensor) -> None:
    """Starts from the log odds of the base rate, with small embeddings; draws from torch's own generator."""
    for embed in network.embeddings.children():
        for weight in embed.parameters():
            nn.init.normal_(weight, std=0.05)
    with torch.no_grad():
        network.last.bias.copy_(torch.as_tensor(bias))


def learn(
    network: Network,
    train: tuple[Batch, Tensor, Tensor | None],
    valid: tuple[Batch, npt.NDArray[np.float64]],
    params: TorchParams,
    *,
    is_continued: bool = False,
) -> Progress:
    """Lowers the log loss on `train` until that on `valid` no longer falls, and keeps the best weights.

    Continued, the weights that are there count as the first of them: without a better evaluation they stay.

    Columns are dropped at random as well as units: the columns say much the same, and none may be relied on.
    A dropped category counts as unknown, so that the unknown one is learned too.
    """
    batch, labels, counts = train
    weights = [each for each in network.parameters() if each.ndim > 1]
    biases = [each for each in network.parameters() if each.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": weights, "weight_decay": params.weight_decay}, {"params": biases, "weight_decay": 0.0}],
        lr=params.learning_rate,
    )
    losses = [network.judge(*valid)] if is_continued else []
    kept, best, best_steps = _copy_weights(network), 0, 0
    for step in _steps(network, optimizer, (batch, labels, counts), params):
        losses.append(network.judge(*valid))
        if losses[-1] < losses[best] or len(losses) == 1:
            kept, best, best_steps = _copy_weights(network), len(losses) - 1, step
        elif len(losses) - 1 - best >= params.patience:
            break
    network.load_state_dict(kept)
    network.eval()
    return Progress(tuple(losses), best, best_steps)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Lets torch use so many threads meanwhile: its setting is the whole process's."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _steps(
    network: Network,
    optimizer: torch.optim.Optimizer,
    train: tuple[Batch, Tensor, Tensor | None],
    params: TorchParams,
) -> Iterator[int]:
    """Gradient steps; after each share of an epoch, how many there were. Ends with the last epoch."""
    batch, labels, counts = train
    size = min(params.batch_rows, len(batch))
    per_epoch = len(batch) // size
    every = max(1, per_epoch // params.evaluations_per_epoch)
    step = 0
    for _ in range(params.maximum_epochs):
        order = torch.randperm(len(batch))
        for first in range(0, per_epoch * size, size):
            rows = order[first : first + size]
            network.train()
            weights = counts[rows] if counts is not None else None
            loss = _training_loss(network, batch.at(rows), labels[rows], weights, params)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            step += 1
            if step % every == 0:
                yield step


def _training_loss(
    network: Network, batch: Batch, labels: Tensor, weights: Tensor | None, params: TorchParams
) -> Tensor:
    encoded, keep = network.encode(batch.numbers), 1 - params.column_dropout
    if params.column_dropout:
        encoded = encoded * (torch.rand(*encoded.shape[:2], 1) < keep).float().div_(keep)
    codes = batch.codes
    if params.category_dropout:
        codes = codes * (torch.rand(codes.shape) >= params.category_dropout)
    return network.lose(network.log_odds(encoded, network.embed(codes), params.dropout), labels, weights)


def _copy_weights(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def attributions(network: Network, batch: Batch) -> tuple[Sequence[float], Sequence[float]]:
    """How far each column moves the log odds, per numeric and per categorical column.

    Of each row the gradient of the log odds by the encoded column, times how far the column lies from its average;
    the mean of the absolute values over the rows.
    """
    network.eval()
    encoded = network.encode(batch.numbers).detach().requires_grad_()
    codes = network.embed(batch.codes).detach().requires_grad_()
    by_number, by_code = torch.autograd.grad(
        network.credit(network.log_odds(encoded, codes)), [encoded, codes]
    )
    numeric = (by_number * encoded).sum(dim=2).abs().mean(dim=0)
    moved = by_code * (codes - codes.mean(dim=0))
    categorical = moved.view(len(batch), len(network.embeddings), -1).sum(dim=2).abs().mean(dim=0)
    return numeric.tolist(), categorical.tolist()
