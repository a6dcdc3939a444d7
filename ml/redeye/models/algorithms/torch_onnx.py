"""The network as an ONNX graph, raw numbers and category codes in, probabilities out.

Written operator by operator: torch's exporter takes seconds and puts paths of this machine into the file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from redeye.foundation.errors import RedeyeError
from redeye.models.algorithms.base import Categories
from redeye.models.algorithms.torch_layers import Batch, Network

# Of a probability: float32 sums in another order differ by some 1e-7.
TOLERANCE = 1e-5
# Made-up rows to compare on, and how many of their values are missing.
PROBES, MISSING = 512, 0.1
# Old enough for any runtime of the last years.
OPSET, IR_VERSION = 17, 8


class ExportDiffers(RedeyeError):
    """The ONNX file does not predict what the network predicts."""


def export(network: Network, numeric: Sequence[str], categories: Categories) -> bytes:
    """The graph as bytes, after onnxruntime gave the same probabilities for it as torch.

    Its inputs are `numbers` (float32, a column per numeric input, missing as NaN) and `codes` (int64, a column per
    category: its position among the known ones plus one, 0 if missing or unseen). Its metadata name both.

    Raises:
        ExportDiffers: if a probability differs by more than `TOLERANCE`.
    """
    graph = _Graph()
    encoded = _add_encoding(graph, network)
    embedded = []
    for place in range(len(network.embeddings)):
        code = graph.add("Gather", "codes", graph.constant(np.array(place)), axis=1)
        embedded.append(
            graph.add("Gather", graph.weight(network, f"embeddings.{place}.weight"), code, axis=0)
        )
    values = graph.add("Concat", encoded, *embedded, axis=1)
    for place in range(len(network.hidden)):
        values = graph.add("Relu", _linear(graph, network, f"hidden.{place}", values))
    odds = _linear(graph, network, "last", values)
    if network.answer:
        graph.add("Softmax", odds, output="probability", axis=1)
    else:
        flat = graph.add("Reshape", odds, graph.constant(np.array([-1])))
        graph.add("Sigmoid", flat, output="probability")

    known = {name: list(values) for name, values in categories.values.items()}
    content = graph.model(network, {"numbers": json.dumps(list(numeric)), "codes": json.dumps(known)})
    _check(content, network)
    return content


def predict(content: bytes, batch: Batch) -> npt.NDArray[np.float32]:
    """What onnxruntime says for some rows, with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = {each.name for each in session.get_inputs()}
    given = {"numbers": batch.numbers.numpy(), "codes": batch.codes.numpy()}
    found: npt.NDArray[np.float32] = session.run(
        None, {name: values for name, values in given.items() if name in names}
    )[0]
    return found


def probes(network: Network, seed: int = 0) -> Batch:
    """Made-up rows over the whole range of training and beyond it, with missing values and every category."""
    random = np.random.default_rng(seed)
    lower = network.lower.numpy()
    first, last = lower[:, 0], lower[:, -1]
    reach = np.maximum(last - first, 1.0)
    share = random.uniform(-0.5, 1.5, (PROBES, len(lower)))
    numbers = np.where(random.random(share.shape) < MISSING, np.nan, first + share * reach)
    known = np.array(network.shape.categories, dtype=np.int64) + 1
    codes = (np.arange(PROBES)[:, None] + random.integers(0, 1000, len(known))) % known
    return Batch(torch.from_numpy(numbers.astype(np.float32)), torch.from_numpy(codes.astype(np.int64)))


class _Graph:
    """Nodes and constants, named as they come: the same network gives the same bytes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: int) -> str:
        """A node; the name of its one output."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        node = helper.make_node(operator, list(inputs), [name])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def constant(self, values: npt.NDArray[np.generic]) -> str:
        """A constant; its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, network: Network, name: str) -> str:
        """A weight of the network, by its name there; its name here."""
        return self.constant(network.state_dict()[name].numpy())

    def model(self, network: Network, metadata: dict[str, str]) -> bytes:
        """Everything, checked by ONNX itself."""
        shape, inputs = network.shape, []
        for name, kind, width in (
            ("numbers", TensorProto.FLOAT, shape.numbers),
            ("codes", TensorProto.INT64, len(shape.categories)),
        ):
            inputs.append(helper.make_tensor_value_info(name, kind, ["rows", width]))
        outputs = [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["rows", *network.answer])]
        graph = helper.make_graph(self.nodes, "redeye", inputs, outputs, self.constants)
        made = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="redeye",
        )
        helper.set_model_props(made, metadata)
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString(deterministic=True)


def _linear(graph: _Graph, network: Network, layer: str, values: str) -> str:
    weights = (graph.weight(network, f"{layer}.{part}") for part in ("weight", "bias"))
    return graph.add("Gemm", values, *weights, transB=1)


def _add_encoding(graph: _Graph, network: Network) -> str:
    """`Network.encode`, flattened."""
    zero, one = (graph.constant(np.array(value, dtype=np.float32)) for value in (0, 1))
    number = graph.add("Unsqueeze", "numbers", graph.constant(np.array([2])))
    is_missing = graph.add("IsNaN", number)
    above = graph.add("Sub", number, graph.weight(network, "lower"))
    share = graph.add("Mul", above, graph.weight(network, "inverse_width"))
    clipped = graph.add("Clip", share, zero, one)
    pieces = graph.add("Sub", clipped, graph.weight(network, "average"))
    filled = graph.add("Where", is_missing, zero, pieces)
    flag = graph.add("Cast", is_missing, to=TensorProto.FLOAT)
    column = graph.constant(network.is_sometimes_missing.unsqueeze(1).numpy())
    missing = graph.add("Mul", flag, column)
    both = graph.add("Concat", filled, missing, axis=2)
    width = network.shape.numbers * (network.shape.pieces + 1)
    return graph.add("Reshape", both, graph.constant(np.array([-1, width])))


def _check(content: bytes, network: Network) -> None:
    rows = probes(network)
    apart = float(np.abs(predict(content, rows) - network.probabilities(rows)).max())
    if not apart <= TOLERANCE:
        raise ExportDiffers(
            f"the ONNX file differs from the network by {apart:.2e}, allowed is {TOLERANCE:.0e}: do not hand it on"
        )
