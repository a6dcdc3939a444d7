"""The network: stopped early, seeded, sealed off from the process, and the same in ONNX."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load, save

from redeye.foundation.settings import PROJECT_ROOT
from redeye.models.algorithms import torch_layers, torch_onnx
from redeye.models.algorithms.base import Categories, Examples
from redeye.models.algorithms.storage import save_model
from redeye.models.algorithms.torch_layers import Network, Shape, learn_pieces
from redeye.models.algorithms.torch_network import ONNX, WEIGHTS, TorchModel, _batch
from redeye.models.fingerprint import read_fingerprint
from redeye.models.logic.prediction_equality import choose_equality


@pytest.fixture
def model(training, params) -> TorchModel:
    return TorchModel.fit(training, params.torch)


def test_the_best_weights_are_kept_and_not_the_last(training, params):
    eager = params.torch.model_copy(
        update={"learning_rate": 0.05, "maximum_epochs": 30, "patience": 6, "dropout": 0.0}
    )
    model = TorchModel.fit(training, eager)
    assert model.facts()["evaluations"] < 30 * eager.evaluations_per_epoch
    one_more = TorchModel.fit(training, eager.model_copy(update={"patience": 30}))
    assert one_more.facts()["steps"] >= model.facts()["steps"]

    seen: list[float] = []
    original = torch_layers.measure_log_loss

    def told(probabilities: np.ndarray, labels: np.ndarray) -> float:
        seen.append(original(probabilities, labels))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch_layers, "measure_log_loss", told)
        again = TorchModel.fit(training, eager)
    assert min(seen) < seen[-1], "it never got worse: nothing to restore"
    valid = training.valid
    assert original(again.predict(valid.frame), valid.labels) == pytest.approx(min(seen), abs=1e-6)


def test_another_seed_gives_another_model(training, params):
    other = TorchModel.fit(replace(training, seed=4), params.torch)
    assert other.files() != TorchModel.fit(training, params.torch).files()


def test_a_fit_leaves_torch_of_the_process_as_it_was(training, params):
    torch.manual_seed(7)
    state, count = torch.random.get_rng_state(), torch.get_num_threads()
    TorchModel.fit(replace(training, threads=count + 1), params.torch)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == count


@pytest.fixture
def wide() -> tuple[TorchModel, pd.DataFrame]:
    """A network as wide as the real one, and rows for it: only its products are shared out to threads."""
    names = tuple(f"n{number}" for number in range(130))
    torch.manual_seed(1)
    network = Network(Shape(len(names), 8, (), 4, 128, 2))
    random = np.random.default_rng(1)
    learn_pieces(network, random.normal(size=(500, len(names))).astype(np.float32), seed=1)
    rows = pd.DataFrame(random.normal(size=(1500, len(names))), columns=list(names))
    return TorchModel(network, names, Categories({}), {}, {}), rows


def test_predictions_do_not_depend_on_the_threads_of_the_process(wide):
    model, rows = wide
    before = torch.get_num_threads()
    try:
        found = []
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(model.predict(rows))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(*found)


def test_a_row_of_a_wide_frame_alone_gets_what_it_gets_in_a_batch(wide):
    model, rows = wide
    alone = np.concatenate([model.predict(rows.iloc[[row]]) for row in range(0, len(rows), 50)])
    assert np.array_equal(alone, model.predict(rows)[::50])


def test_beyond_the_range_of_training_nothing_more_is_said(model, fresh):
    column = "carrier_origin_hour_delays__flights_all"
    far, further = (model.predict(fresh.assign(**{column: value})) for value in (1e6, 1e12))
    assert np.array_equal(far, further)


def test_a_column_that_was_never_missing_counts_as_average_when_it_is(training, params, fresh):
    column = "carrier_origin_hour_delays__flights_all"
    model = TorchModel.fit(training, params.torch)
    missing = model.predict(fresh.assign(**{column: np.nan}))
    around = [model.predict(fresh.assign(**{column: value})) for value in np.linspace(0, 200, 41)]
    assert (missing >= np.min(around, axis=0) - 0.02).all()
    assert (missing <= np.max(around, axis=0) + 0.02).all()


def test_a_column_without_any_value_in_training_teaches_nothing(training, params, fresh):
    empty = {"route_delays__late_rate_7n": np.nan}
    rows = [Examples(each.frame.assign(**empty), each.labels) for each in (training.train, training.valid)]
    model = TorchModel.fit(replace(training, train=rows[0], valid=rows[1]), params.torch)
    assert np.array_equal(model.predict(fresh), model.predict(fresh.assign(**empty)))


def test_an_unseen_category_is_learned_as_an_unknown_one(training, params, fresh):
    frames = [
        each.frame.assign(carrier_id=each.frame["carrier_id"].fillna("AA")) for each in (training.train,)
    ]
    model = TorchModel.fit(replace(training, train=Examples(frames[0], training.train.labels)), params.torch)
    unknown = model.predict(fresh.assign(carrier_id="ZZ"))
    known = [model.predict(fresh.assign(carrier_id=name)) for name in ("AA", "B6", "UA")]
    assert min(map(np.mean, known)) < unknown.mean() < max(map(np.mean, known))


def test_the_onnx_copy_predicts_the_same(model, fresh):
    content = model.exports()[ONNX]
    rows = pd.concat([fresh, fresh.assign(carrier_id="ZZ"), fresh.assign(route_delays__late_rate_7n=np.nan)])
    found = torch_onnx.predict(content, _batch(rows, model.numeric, model.known))
    assert np.abs(found - model.predict(rows)).max() <= torch_onnx.TOLERANCE
    assert content == TorchModel.from_files(model.files()).exports()[ONNX]


def test_an_onnx_copy_that_differs_is_refused(model, monkeypatch):
    monkeypatch.setattr(torch_onnx, "predict", lambda content, rows: model.network.probabilities(rows) + 2e-5)
    with pytest.raises(torch_onnx.ExportDiffers, match="do not hand it on"):
        model.exports()


def test_weights_of_another_shape_are_refused(model):
    files = model.files()
    weights = load(files[WEIGHTS])
    weights["last.weight"] = weights["last.weight"][:, :-1].contiguous()
    with pytest.raises(RuntimeError, match=r"last\.weight"):
        TorchModel.from_files({**files, WEIGHTS: save(weights)})


def test_importance_is_of_every_column_and_lowest_where_there_is_no_signal(model):
    importance = model.importance()
    assert set(importance) == {*model.numeric, *model.known.values}
    assert min(importance, key=importance.__getitem__) == "origin_id"


@pytest.mark.parametrize("which", ["train", "valid"])
def test_one_class_only_is_refused(training, params, which):
    one = getattr(training, which)
    with pytest.raises(ValueError, match="do not hold both classes"):
        TorchModel.fit(
            replace(training, **{which: Examples(one.frame, np.zeros(len(one.labels)))}), params.torch
        )


def test_torch_is_imported_only_when_it_is_used():
    code = (
        "import sys; import redeye.models.logic.training, redeye.models.algorithms.storage as storage; "
        "storage.algorithm('logistic'); storage.algorithm('heuristic'); sys.exit('torch' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "ml")}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0


def test_by_plain_instructions_it_predicts_within_the_stated_tolerance(fitted, fresh, tmp_path: Path):
    model = fitted("torch")
    sha256 = save_model(model, tmp_path / "model")
    fresh.to_parquet(tmp_path / "fresh.parquet")
    code = (
        "import sys; from pathlib import Path; import numpy as np, pandas as pd;"
        "from redeye.models.algorithms.storage import load_model; at = Path(sys.argv[1]);"
        "rows = pd.read_parquet(at / 'fresh.parquet');"
        "np.save(at / 'again.npy', load_model(at / 'model', sys.argv[2]).predict(rows))"
    )
    environment = os.environ | {"ATEN_CPU_CAPABILITY": "default"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path), sha256], env=environment, check=True)
    again = np.load(tmp_path / "again.npy")
    elsewhere = choose_equality("torch", "", read_fingerprint)
    assert elsewhere.is_equal(model.predict(fresh), again).all()
    # Far nearer than the tolerance, which leaves room for other processors and versions.
    assert np.abs(model.predict(fresh) - again).max() < elsewhere.tolerance / 10
