"""Rules judge the operators that a model really dispatches."""

import pytest

from harness.contract.rules import Rule, fully_connected_only
from harness.worker._inspect import inspect
from tests.tools import imported_when_used

pytestmark = pytest.mark.compute

torch = imported_when_used("torch")
IMAGE = (2, 1, 6, 6)
SEQUENCE = (2, 3, 8)


def self_attention(*, training=False, **options):
    attention = torch.nn.MultiheadAttention(8, 2, **options).train(training)
    return lambda x: attention(x, x, x)


def broken_by(make, shape):
    with torch.no_grad():
        call, inputs = make(), torch.zeros(shape)
        return fully_connected_only.broken_by(inspect(lambda: call(inputs)).names)


def test_attention_that_an_older_torch_decomposes_is_detected():
    assert fully_connected_only.broken_by(["aten.bmm.default", "aten._safe_softmax.default"])
    assert not fully_connected_only.broken_by(["aten.bmm.default", "aten._softmax.default"])


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        pytest.param(lambda: torch.nn.Conv2d(1, 1, 3), IMAGE, id="Conv2d"),
        pytest.param(lambda: torch.nn.Conv2d(1, 2, 3, groups=1, padding="same"), IMAGE, id="Conv2d same"),
        pytest.param(lambda: torch.nn.Conv1d(3, 1, 3), SEQUENCE, id="Conv1d"),
        pytest.param(lambda: torch.nn.ConvTranspose2d(1, 1, 3), IMAGE, id="ConvTranspose2d"),
        pytest.param(lambda: lambda x: torch.conv2d(x, torch.zeros(1, 1, 3, 3)), IMAGE, id="by function"),
        pytest.param(lambda: torch.nn.Unfold(3), IMAGE, id="Unfold"),
        pytest.param(lambda: lambda x: x.unfold(2, 3, 1), IMAGE, id="Tensor.unfold"),
        pytest.param(
            lambda: lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x),
            SEQUENCE,
            id="attention by function",
        ),
        pytest.param(
            lambda: torch.nn.TransformerEncoderLayer(8, 2, batch_first=True).eval(), SEQUENCE, id="transformer"
        ),
        pytest.param(lambda: self_attention(batch_first=True), SEQUENCE, id="attention"),
        pytest.param(self_attention, SEQUENCE, id="attention as it is by default"),
        pytest.param(lambda: self_attention(training=True), SEQUENCE, id="attention in training mode"),
    ],
)
def test_fully_connected_only_rejects_convolution_and_attention(make, shape):
    assert broken_by(make, shape)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        pytest.param(
            lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 4), torch.nn.ReLU()), IMAGE, id="mlp"
        ),
        pytest.param(lambda: torch.nn.BatchNorm1d(3).eval(), SEQUENCE, id="batch norm"),
        pytest.param(lambda: torch.nn.Dropout(0.5), SEQUENCE, id="dropout"),
        pytest.param(lambda: torch.nn.LayerNorm(8), SEQUENCE, id="layer norm"),
        pytest.param(lambda: lambda x: torch.cdist(x, x).topk(2).indices, SEQUENCE, id="nearest neighbours"),
        pytest.param(lambda: lambda x: torch.cos(x @ torch.ones(8, 5)).softmax(-1), SEQUENCE, id="random features"),
    ],
)
def test_fully_connected_only_allows_fully_connected_layers(make, shape):
    assert broken_by(make, shape) == []


def test_a_rule_names_each_operator_once_and_in_order():
    rule = Rule("none", "nothing", ("aten.m*", "*mm*"))
    assert rule.broken_by(["aten.relu", "aten.mm", "aten.addmm", "aten.mm"]) == ["aten.addmm", "aten.mm"]
