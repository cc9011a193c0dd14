"""See which operators and modules `predict` uses: the evidence for a task's rules."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def operators_of(call: Callable[[], Any]) -> tuple[str, ...] | None:
    """Run `call` and name what it dispatched: ``aten.mm.default``, ``nn.Linear``; None without torch."""
    if not hasattr(sys.modules.get("torch"), "nn"):
        call()
        return None
    from torch.nn.modules.module import register_module_forward_pre_hook
    from torch.utils._python_dispatch import TorchDispatchMode

    names: set[str] = set()

    class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch's own
        def __torch_dispatch__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            names.add(str(func))
            return func(*args, **(kwargs or {}))

    def record(module: Any, _: Any) -> None:
        names.update(f"nn.{cls.__name__}" for cls in type(module).__mro__ if cls.__module__.startswith("torch.nn."))

    hook = register_module_forward_pre_hook(record)
    try:
        with Recorder():  # type: ignore[no-untyped-call] # likewise
            call()
    finally:
        hook.remove()
    return tuple(sorted(names))
