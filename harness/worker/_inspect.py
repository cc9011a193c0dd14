"""Record which operators and modules `predict` uses, as evidence for the rules of a task, and count operations."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from harness.wire import MAX_COUNT, MAX_NAME, MAX_NAMES, Operators

_DIFFERENT = ("Dropout", "BatchNorm", "InstanceNorm", "DropPath", "StochasticDepth", "RReLU")
"""Parts of the names of modules that behave differently in training mode."""


def inspect(call: Callable[[], Any]) -> Operators:
    """Run `call` and return the operators and modules that it used (``aten.mm.default``, ``nn.Linear``).

    Floating-point operations are counted by torch.utils.flop_counter, two for each multiply-add, in matrix products,
    convolutions and attention. Other operators that compute are listed as uncounted.
    """
    if not hasattr(sys.modules.get("torch"), "nn"):
        call()
        return Operators()
    from torch.nn.functional import scaled_dot_product_attention
    from torch.nn.modules.module import register_module_forward_pre_hook
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import FlopCounterMode, flop_registry

    names: set[str] = set()
    uncounted: set[str] = set()
    training: set[str] = set()

    class Recorder(TorchDispatchMode):  # type: ignore[misc] # torch is not read by mypy
        def __torch_dispatch__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            names.add(str(func))
            if func.overloadpacket not in flop_registry and not func.is_view:
                uncounted.add(str(func))
            return func(*args, **(kwargs or {}))

    class Attention(TorchFunctionMode):  # type: ignore[misc] # torch is not read by mypy
        def __torch_function__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            if func is scaled_dot_product_attention:  # older versions of torch only dispatch ordinary products for it
                names.add("functional.scaled_dot_product_attention")
            return func(*args, **(kwargs or {}))

    def record(module: Any, _: Any) -> None:
        name = type(module).__name__
        if module.training and (any(part in name for part in _DIFFERENT) or getattr(module, "dropout", 0.0)):
            training.add(name)
        names.update(f"nn.{cls.__name__}" for cls in type(module).__mro__ if cls.__module__.startswith("torch.nn."))

    hook = register_module_forward_pre_hook(record)
    counter = FlopCounterMode(display=False)
    try:
        with counter, Recorder(), Attention():
            call()
    finally:
        hook.remove()
    flops = min(int(counter.get_total_flops()), MAX_COUNT)
    return Operators(_sendable(names), flops, _sendable(uncounted), training=_sendable(training))


def _sendable(names: set[str]) -> tuple[str, ...]:
    """Return `names` sorted and within the bounds of a reply; the names of PyTorch are far fewer and shorter."""
    return tuple(name[:MAX_NAME] for name in sorted(names)[:MAX_NAMES])
