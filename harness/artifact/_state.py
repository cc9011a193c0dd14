"""The default `save` and `load`: numbers to safetensors wherever they sit, structure by cloudpickle.

The structure is a pickle in which every array is a persistent id, so only numbers that are not arrays
remain in it. Only a worker ever reads it back; the host reads the safetensors header and counts.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import cloudpickle
import numpy as np
from safetensors.numpy import load_file, save_file

from harness.artifact._names import ARRAYS, STRUCTURE

Array: TypeAlias = np.ndarray[Any, Any]

_NUMBERS = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})


def save_state(model: object, folder: Path) -> None:
    """Write ``vars(model)`` to `folder`.

    Raises:
        TypeError: something on `model` can be neither stored as an array nor pickled; says which attribute.
    """
    store = _Store()
    structure = io.BytesIO()
    try:
        _Pickler(structure, store).dump(vars(model))
    except Exception as error:
        culprit = _first_unpicklable(vars(model))
        raise TypeError(
            f"self.{culprit} cannot be saved ({type(error).__name__}: {error}): "
            "delete it at the end of fit, or write your own save and load"
        ) from error
    save_file(store.arrays, folder / ARRAYS)
    (folder / STRUCTURE).write_bytes(structure.getvalue())


def load_state(model: object, folder: Path) -> None:
    """Restore onto `model` what `save_state` wrote to `folder`."""
    with (folder / STRUCTURE).open("rb") as file:
        vars(model).update(_Unpickler(file, load_file(folder / ARRAYS)).load())


class _Store:
    """Arrays met while pickling, each storage once."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._keys: dict[tuple[Any, ...], str] = {}
        self._alive: list[Any] = []  # an address stays taken only while its owner lives

    def put(self, identity: tuple[Any, ...], owner: Any, read: Callable[[], Array]) -> str:
        """Return the key of the array known as `identity`, storing what `read` gives if it is new."""
        if identity not in self._keys:
            key = f"{len(self.arrays):05d}"
            self.arrays[key] = np.ascontiguousarray(read())
            self._keys[identity] = key
            self._alive.append(owner)
        return self._keys[identity]


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc] # cloudpickle is untyped
    def __init__(self, file: io.BytesIO, store: _Store) -> None:
        super().__init__(file)
        self._store = store
        self._composed: dict[int, tuple[Array, Any]] = {}

    def persistent_id(self, thing: Any) -> Any:
        if type(thing) is np.ndarray:
            return self._numpy_id(thing)
        torch = _loaded_torch()
        if torch is not None and type(thing) in (torch.Tensor, torch.nn.Parameter):
            return self._torch_id(thing, torch)
        return None

    def _numpy_id(self, array: Array) -> Any:
        if array.dtype.names or array.dtype.kind == "c":
            if id(array) not in self._composed:
                self._composed[id(array)] = (array, self._composed_id(array))
            return self._composed[id(array)][1]
        if f"{array.dtype.kind}{array.dtype.itemsize}" not in _NUMBERS:
            return None
        place = array.__array_interface__["data"][0]
        identity = ("numpy", place if array.size else id(array), array.shape, array.strides, array.dtype.str)
        native = array.dtype.newbyteorder("=")
        return (
            "numpy",
            self._store.put(identity, array, lambda: array.astype(native, copy=False)),
            array.shape,
        )

    def _composed_id(self, array: Array) -> Any:
        """Take apart what safetensors has no type for: a decision tree's nodes, say, become one array a field."""
        if array.dtype.names and not array.dtype.hasobject:
            fields = tuple(self._numpy_id(np.ascontiguousarray(array[name])) for name in array.dtype.names)
            return None if None in fields else ("fields", array.dtype, array.shape, fields)
        if array.dtype.kind == "c" and array.dtype.itemsize in (8, 16):
            halves = np.stack([array.real, array.imag], axis=-1)
            return ("complex", array.dtype.str, self._numpy_id(halves))
        return None

    def _torch_id(self, tensor: Any, torch: Any) -> Any:
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex():
            return None
        place = tensor.data_ptr() if tensor.numel() else id(tensor)
        identity = ("torch", place, tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)
        brain = tensor.dtype == torch.bfloat16  # which NumPy lacks: stored by its bits

        def read() -> Array:
            plain = tensor.detach().cpu().contiguous()
            bits: Array = (plain.view(torch.int16) if brain else plain).numpy()
            return bits

        key = self._store.put(identity, tensor, read)
        is_parameter = type(tensor) is torch.nn.Parameter
        return ("torch", key, tuple(tensor.shape), brain, is_parameter, tensor.requires_grad)


class _Unpickler(pickle.Unpickler):
    """Reads in a worker what a worker wrote; the host never comes here."""

    def __init__(self, file: BinaryIO, arrays: dict[str, Array]) -> None:
        super().__init__(file)
        self._arrays = arrays
        self._made: dict[Any, Any] = {}

    def persistent_load(self, token: Any) -> Any:
        if token not in self._made:  # tied weights stay tied
            self._made[token] = self._make(*token)
        return self._made[token]

    def _make(self, kind: str, *rest: Any) -> Any:
        if kind == "fields":
            dtype, shape, tokens = rest
            made = np.empty(shape, dtype)
            for name, token in zip(dtype.names, tokens, strict=True):
                made[name] = self.persistent_load(token)
            return made
        if kind == "complex":
            dtype, token = rest
            halves = np.ascontiguousarray(self.persistent_load(token))
            return halves.view(dtype)[..., 0]
        key, shape, *more = rest
        array = self._arrays[key].reshape(shape).copy()
        return array if kind == "numpy" else _tensor(array, *more)


def _tensor(array: Array, brain: bool, is_parameter: bool, requires_grad: bool) -> Any:
    import torch

    tensor = torch.from_numpy(array)
    if brain:
        tensor = tensor.view(torch.bfloat16)
    if is_parameter:
        return torch.nn.Parameter(tensor, requires_grad=requires_grad)
    return tensor.requires_grad_(requires_grad)


def _loaded_torch() -> Any:
    """Return torch if the student imported it: nobody else pays for it."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "nn") and hasattr(torch, "Tensor") else None


def _first_unpicklable(attributes: dict[str, Any]) -> str:
    for name, value in attributes.items():
        try:
            _Pickler(io.BytesIO(), _Store()).dump(value)
        except Exception:
            return name
    return "?"
