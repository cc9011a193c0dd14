"""Rules judge the operators that a model really dispatches."""

import pytest
import torch

from harness.contract.rules import Rule, fully_connected_only
from harness.worker._inspect import inspect

IMAGE = torch.zeros(2, 1, 6, 6)
SEQUENCE = torch.zeros(2, 3, 8)


class SelfAttention(torch.nn.MultiheadAttention):
    def forward(self, inputs):
        return super().forward(inputs, inputs, inputs)


def broken_by(call, *arguments):
    with torch.no_grad():
        return fully_connected_only.broken_by(inspect(lambda: call(*arguments)).names)


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        pytest.param(torch.nn.Conv2d(1, 1, 3), IMAGE, id="Conv2d"),
        pytest.param(torch.nn.Conv2d(1, 2, 3, groups=1, padding="same"), IMAGE, id="Conv2d same"),
        pytest.param(torch.nn.Conv1d(3, 1, 3), SEQUENCE, id="Conv1d"),
        pytest.param(torch.nn.ConvTranspose2d(1, 1, 3), IMAGE, id="ConvTranspose2d"),
        pytest.param(lambda x: torch.conv2d(x, torch.zeros(1, 1, 3, 3)), IMAGE, id="by function"),
        pytest.param(torch.nn.Unfold(3), IMAGE, id="Unfold"),
        pytest.param(lambda x: x.unfold(2, 3, 1), IMAGE, id="Tensor.unfold"),
        pytest.param(
            lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x), SEQUENCE, id="attention by function"
        ),
        pytest.param(torch.nn.TransformerEncoderLayer(8, 2, batch_first=True).eval(), SEQUENCE, id="transformer"),
        pytest.param(SelfAttention(8, 2, batch_first=True).eval(), SEQUENCE, id="attention"),
        pytest.param(SelfAttention(8, 2).eval(), SEQUENCE, id="attention as it is by default"),
        pytest.param(SelfAttention(8, 2).train(), SEQUENCE, id="attention in training mode"),
    ],
)
def test_fully_connected_only_catches_convolution_and_attention(call, inputs):
    assert broken_by(call, inputs)


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        pytest.param(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 4), torch.nn.ReLU()), IMAGE, id="mlp"),
        pytest.param(torch.nn.BatchNorm1d(3).eval(), SEQUENCE, id="batch norm"),
        pytest.param(torch.nn.Dropout(0.5), SEQUENCE, id="dropout"),
        pytest.param(torch.nn.LayerNorm(8), SEQUENCE, id="layer norm"),
        pytest.param(lambda x: torch.cdist(x, x).topk(2).indices, SEQUENCE, id="nearest neighbours"),
        pytest.param(lambda x: torch.cos(x @ torch.ones(8, 5)).softmax(-1), SEQUENCE, id="random features"),
    ],
)
def test_fully_connected_only_allows_what_is_fully_connected(call, inputs):
    assert broken_by(call, inputs) == []


def test_a_rule_names_each_operator_once_and_in_order():
    rule = Rule("none", "nothing", ("aten.m*", "*mm*"))
    assert rule.broken_by(["aten.relu", "aten.mm", "aten.addmm", "aten.mm"]) == ["aten.addmm", "aten.mm"]
