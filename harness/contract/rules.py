"""What kind of model a task allows: best effort, judged by the operators `predict` dispatches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Rule:
    """Operators and modules a model may not use, as patterns of PyTorch's names (``aten.conv*``, ``nn.Unfold``).

    A model that does its arithmetic elsewhere (NumPy, scikit-learn, hand-written loops) dispatches none
    and passes: rules keep honest people on the exercise, they are not a wall.
    """

    name: str
    text: str
    forbidden: tuple[str, ...]

    def broken_by(self, operators: Iterable[str]) -> list[str]:
        """Return the operators among `operators` that this rule forbids, sorted."""
        return sorted({name for name in operators for pattern in self.forbidden if fnmatchcase(name, pattern)})


fully_connected_only = Rule(
    "fully_connected_only",
    "fully connected layers only: no convolution and no attention, by module or by function",
    (
        "aten.conv*",
        "aten._conv*",
        "aten.*_convolution*",
        "aten.*slow_conv*",
        "aten.im2col*",
        "aten.unfold*",
        "aten.*scaled_dot_product*",
        "aten.*multi_head_attention*",
        "aten._transformer_encoder_layer_fwd*",
        "mkldnn.*conv*",
        "quantized.conv*",
        "nn._ConvNd",
        "nn.Unfold",
        "nn.MultiheadAttention",
        "nn.Transformer*",
    ),
)
