"""Rules about the models that a task allows, checked as far as possible by the operators that `predict` dispatches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from harness.contract._documented import Documented
from harness.contract._problems import Problems, is_line, is_row


@dataclass(frozen=True)
class Rule(metaclass=Documented):
    """Operators and modules that a model may not use.

    They are recorded while `Model.predict` runs once. A model that computes without PyTorch's operators (NumPy,
    scikit-learn, loops) dispatches none and passes: rules remind honest people of the exercise, but do not protect
    against cheating.

    Parameters
    ----------
    name : str
        The rule's name in messages and records.
    text : str
        A description for students of what is allowed and what is not.
    forbidden : tuple of str
        Patterns for names in PyTorch, in which ``*`` matches any text: operators such as ``aten.conv*``, modules such
        as ``nn.Unfold``.

    Raises
    ------
    TaskError
        A field is not of this form, or a pattern forbids every operator.
    """

    name: str
    text: str
    forbidden: tuple[str, ...]

    def __post_init__(self) -> None:
        problems = Problems(f"Rule {self.name!r}: ")
        problems.expect(is_line(self.name), "name", self.name, "a text of one line")
        problems.expect(is_line(self.text), "text", self.text, "what is allowed, in one line")
        patterns = is_row(self.forbidden, str) and len(self.forbidden) > 0
        expected = 'a tuple of patterns, with a comma after a single one: ("aten.conv*",)'
        problems.expect(patterns, "forbidden", self.forbidden, expected)
        if patterns:  # "*" would forbid every model
            names = all(any(one.isalnum() for one in pattern) for pattern in self.forbidden)
            problems.expect(names, "forbidden", self.forbidden, "patterns that name an operator or a module")
        problems.raise_if_any()

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
    "fully connected layers only: no convolution and no attention, neither as a module nor as a function",
    (
        "aten.conv*",
        "aten._conv*",
        "aten.*_convolution*",
        "aten.*slow_conv*",
        "aten.im2col*",
        "aten.unfold*",
        "aten.*scaled_dot_product*",
        "functional.scaled_dot_product_attention",
        "aten._safe_softmax*",  # older versions of torch dispatch this for scaled_dot_product_attention
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
