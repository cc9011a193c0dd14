"""What kind of model a task allows: best effort, judged by the operators `predict` dispatches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Rule:
    """Operators and modules that a model may not use.

    They are watched while `Model.predict` runs once. A model that does its arithmetic elsewhere (NumPy, scikit-learn,
    loops of its own) dispatches none and passes: rules keep honest people on the exercise, they do not protect.

    Parameters
    ----------
    name : str
        The rule's name in messages and records.
    text : str
        What is allowed and what is not, for students.
    forbidden : tuple of str
        Patterns of PyTorch's names with ``*`` for any text: operators such as ``aten.conv*``, modules such as
        ``nn.Unfold``.
    """

    name: str
    text: str
    forbidden: tuple[str, ...]

    def broken_by(self, operators: Iterable[str]) -> list[str]:
        """Return which operators this rule forbids.

        Parameters
        ----------
        operators : iterable of str
            Names of the operators and modules that were used.

        Returns
        -------
        list of str
            The forbidden ones among them, sorted.
        """
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
