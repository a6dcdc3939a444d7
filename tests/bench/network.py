"""The network of the spec: our fit and predict against a plain training loop of the same network on the same frame."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from figures import Cost, Figure, measured

TARGET = 1.2
TRAIN_NIGHTS, VALID_NIGHTS, GAP = 90, 14, 2
PREDICTED = {"a night's": 1_000, "many nights'": 50_000}
SEED = 1


def measure(folder: str, times: int, threads: int) -> dict[str, Any]:
    """Fit both in turns on three months, then predict with both; run as a child."""
    from redeye.declarations.specs import load_spec
    from redeye.foundation.settings import SPECS
    from redeye.models.algorithms.base import Inputs, Training
    from redeye.models.algorithms.torch_network import TorchModel
    from redeye.models.logic.training import make_examples

    spec = load_spec(SPECS / "flight_delay.yaml")
    params = spec.algorithms.torch
    frame = pd.read_parquet(Path(folder) / "frame.parquet")
    days = (frame["night"].max() - frame["night"]).dt.days
    valid = frame[days < VALID_NIGHTS]
    train = frame[(days >= VALID_NIGHTS + GAP) & (days < VALID_NIGHTS + GAP + TRAIN_NIGHTS)]
    training = Training(
        make_examples(train, spec), make_examples(valid, spec), Inputs.of(spec), SEED, threads
    )

    ours, plain = [], []
    for _ in range(times):
        with measured() as cost:
            model = TorchModel.fit(training, params)
        ours.append(cost)
        # As many steps and looks at validation as ours took: early stopping is a matter of luck, not of speed.
        evaluations = int(model.facts()["evaluations"])
        with measured() as cost:
            network = PlainNetwork(training, params, threads)
            network.fit(evaluations)
        plain.append(cost)
    losses = [log_loss(valid["is_late"], each.predict(valid)) for each in (model, network)]
    return {
        "rows": len(train),
        "evaluations": evaluations,
        "threads": threads,
        "fit": {"ours": [vars(cost) for cost in ours], "plain": [vars(cost) for cost in plain]},
        "validation_log_loss": {"ours": losses[0], "plain": losses[1]},
        "predict": {name: _predict(model, network, frame, rows) for name, rows in PREDICTED.items()},
    }


def _predict(model: Any, network: PlainNetwork, frame: pd.DataFrame, rows: int) -> dict[str, float]:
    """Rows a second, in turns; the plain one with one thread, as ours, and with as many as it may take."""
    import torch

    part = frame.iloc[:rows].reset_index(drop=True)
    ways = {
        "ours": (model, network.threads),
        "plain": (network, 1),
        "plain, all threads": (network, network.threads),
    }
    spent: dict[str, list[Cost]] = {way: [] for way in ways}
    began = time.perf_counter()
    while len(spent["ours"]) < 5 or time.perf_counter() - began < 6:
        for way, (each, threads) in ways.items():
            torch.set_num_threads(threads)
            with measured() as cost:
                each.predict(part)
            spent[way].append(cost)
    found = {
        way: len(part) / statistics.median(cost.seconds for cost in costs) for way, costs in spent.items()
    }
    cpu = {way: statistics.median(cost.cpu_seconds for cost in costs) for way, costs in spent.items()}
    return {**found, "cpu_ratio": cpu["ours"] / cpu["plain"], "rows": len(part)}


class PlainNetwork:
    """The loop as one would write it in a notebook: the same encoding, layers, optimizer and losses."""

    def __init__(self, training: Any, params: Any, threads: int) -> None:
        import torch
        from torch import nn

        torch.set_num_threads(threads)
        torch.manual_seed(training.seed)
        self.params, self.threads = params, threads
        self.numeric, self.categorical = list(training.inputs.numeric), list(training.inputs.categorical)
        train = training.train.frame
        self.known = {name: sorted(train[name].dropna().unique()) for name in self.categorical}
        numbers, self.codes = self._tensors(train)
        knots = np.nanquantile(numbers.numpy(), np.linspace(0, 1, params.pieces + 1), axis=0).T
        knots = torch.tensor(np.nan_to_num(knots), dtype=torch.float32)
        width = knots[:, 1:] - knots[:, :-1]
        self.lower, self.inverse = knots[:, :-1], torch.where(width > 0, 1 / width, 0)
        self.average = torch.zeros_like(self.lower)
        self.average = self._encode(numbers[:20_000])[:, :, :-1].mean(dim=0)
        self.numbers, self.labels = numbers, torch.tensor(training.train.labels, dtype=torch.float32)
        self.valid = *self._tensors(training.valid.frame), training.valid.labels
        self.embeddings = nn.ModuleList(
            nn.Embedding(len(known) + 1, params.embedding) for known in self.known.values()
        )
        layers: list[nn.Module] = []
        size = len(self.numeric) * (params.pieces + 1) + len(self.categorical) * params.embedding
        for _ in range(params.layers):
            layers += [nn.Linear(size, params.hidden), nn.ReLU(), nn.Dropout(params.dropout)]
            size = params.hidden
        self.layers = nn.Sequential(*layers, nn.Linear(size, 1))

    def fit(self, evaluations: int) -> None:
        """Epochs of shuffled batches, looking at validation as often as ours did."""
        import torch
        from torch.nn import functional

        params = self.params
        weights = [*self.embeddings.parameters(), *self.layers.parameters()]
        optimizer = torch.optim.AdamW(weights, lr=params.learning_rate, weight_decay=params.weight_decay)
        size, looks, step, best, kept = params.batch_rows, 0, 0, np.inf, None
        every = max(1, len(self.labels) // size // params.evaluations_per_epoch)
        keep = 1 - params.column_dropout
        while looks < evaluations:
            order = torch.randperm(len(self.labels))
            for first in range(0, len(order) - size + 1, size):
                rows = order[first : first + size]
                self.layers.train()
                encoded = self._encode(self.numbers[rows])
                encoded = encoded * (torch.rand(*encoded.shape[:2], 1) < keep) / keep
                codes = self.codes[rows]
                codes = codes * (torch.rand(codes.shape) >= params.category_dropout)
                loss = functional.binary_cross_entropy_with_logits(
                    self._odds(encoded, codes), self.labels[rows]
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                if step % every == 0:
                    found = log_loss(self.valid[2], self._probabilities(*self.valid[:2]))
                    looks += 1
                    if found < best:
                        best = found
                        kept = [weight.detach().clone() for weight in weights]
                    if looks == evaluations:
                        break
        with torch.no_grad():
            for weight, value in zip(weights, kept or [], strict=True):
                weight.copy_(value)

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """All rows in one forward pass."""
        return self._probabilities(*self._tensors(frame))

    def _probabilities(self, numbers: Any, codes: Any) -> np.ndarray:
        import torch

        self.layers.eval()
        with torch.inference_mode():
            found: np.ndarray = torch.sigmoid(self._odds(self._encode(numbers), codes)).numpy()
        return found

    def _tensors(self, frame: pd.DataFrame) -> Any:
        import torch

        numbers = torch.from_numpy(frame[self.numeric].to_numpy(dtype=np.float32, na_value=np.nan))
        codes = [
            pd.Categorical(frame[name], known).codes.astype(np.int64) + 1
            for name, known in self.known.items()
        ]
        return numbers, torch.from_numpy(np.stack(codes, axis=1))

    def _encode(self, numbers: Any) -> Any:
        import torch

        is_missing = torch.isnan(numbers).unsqueeze(2)
        pieces = ((numbers.unsqueeze(2) - self.lower) * self.inverse).clamp(0, 1) - self.average
        return torch.cat([torch.where(is_missing, 0.0, pieces), is_missing.float()], dim=2)

    def _odds(self, encoded: Any, codes: Any) -> Any:
        import torch

        embedded = [each(codes[:, place]) for place, each in enumerate(self.embeddings)]
        return self.layers(torch.cat([encoded.flatten(1), *embedded], dim=1)).squeeze(1)


def log_loss(labels: Any, probabilities: np.ndarray) -> float:
    """Of probabilities that may be off by rounding at the ends."""
    late = np.asarray(labels, dtype=np.float64) > 0
    p = np.clip(np.asarray(probabilities, dtype=np.float64), 1e-7, 1 - 1e-7)
    return float(-np.where(late, np.log(p), np.log1p(-p)).mean())


def figures(found: dict[str, Any]) -> list[Figure]:
    """A line for the fit, and one per size of batch."""
    fit = {
        way: statistics.median(cost["cpu_seconds"] for cost in costs) for way, costs in found["fit"].items()
    }
    wall = {way: statistics.median(cost["seconds"] for cost in costs) for way, costs in found["fit"].items()}
    losses = found["validation_log_loss"]
    ratio = fit["ours"] / fit["plain"]
    lines = [
        Figure(
            f"network, fit on {found['rows']:,} rows",
            "cpu s",
            ours=fit["ours"],
            plain=fit["plain"],
            ratio=ratio,
            target=f"at most {TARGET}x",
            is_met=ratio <= TARGET,
            note=f"wall {wall['ours']:.1f} against {wall['plain']:.1f} s; {found['evaluations']} looks at validation, "
            f"log loss {losses['ours']:.4f} against {losses['plain']:.4f}",
            detail=found,
        )
    ]
    for name, each in found["predict"].items():
        ratio = each["plain"] / each["ours"]
        lines.append(
            Figure(
                f"network, {name} {each['rows']:,} rows",
                "rows/s",
                ours=each["ours"],
                plain=each["plain"],
                ratio=ratio,
                target=f"it takes at most {TARGET}x",
                is_met=ratio <= TARGET,
                note=f"one thread each; plain with {found['threads']} threads {each['plain, all threads']:,.0f}; "
                f"cpu ratio {each['cpu_ratio']:.2f}",
                detail=each,
            )
        )
    return lines
