"""The network of classes: the same bytes twice, the same numbers in ONNX, and as good as what others learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from made_classes import INPUTS, find_chances, make_rows, make_spec
from sklearn.metrics import log_loss

from redeye.models.algorithms.base import Training
from redeye.models.algorithms.torch_network import ONNX
from redeye.models.kinds.interface import Kind, find_kind

ROWS = make_rows(1), make_rows(2)


@pytest.fixture(scope="module")
def kind(tmp_path_factory: pytest.TempPathFactory) -> Kind:
    return find_kind(make_spec(tmp_path_factory.mktemp("spec")))


def fit(kind: Kind) -> Any:
    return kind.fit(
        "torch", Training(ROWS[0], ROWS[1], INPUTS, seed=3, threads=1), kind.spec.algorithms.torch
    )


@pytest.fixture(scope="module")
def model(kind: Kind) -> Any:
    return fit(kind)


def test_it_is_near_the_true_probabilities(model: Any) -> None:
    new = make_rows(5, 6000)
    loss = log_loss(new.labels, model.predict(new.frame))
    assert loss < 1.06 * log_loss(new.labels, find_chances(5, 6000))
    assert model.importance()["signal"] > model.importance()["origin_id"] > 0
    assert model.facts()["steps"] > 0


def test_it_gives_the_same_bytes_twice_and_leaves_torchs_draws_alone(kind: Kind, model: Any) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    assert fit(kind).files() == model.files()
    assert (torch.get_rng_state() == before).all()


def test_its_copy_in_onnx_says_the_same(model: Any) -> None:
    exported: Mapping[str, bytes] = model.exports()
    session = onnxruntime.InferenceSession(exported[ONNX], providers=["CPUExecutionProvider"])
    rows = make_rows(6, 50).frame
    codes = model.categories.codes(rows).astype(np.int64) + 1
    (said,) = session.run(None, {"numbers": rows[["signal"]].to_numpy(np.float32), "codes": codes})
    assert said.shape == (50, 4)
    assert said == pytest.approx(model.predict_classes(rows), abs=1e-5)
