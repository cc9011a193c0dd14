"""The default `save` and `load`: arrays are stored with safetensors, and the structure around them with cloudpickle.

The structure is a sequence of pickles, one for each attribute, in which every array is replaced by a persistent id, so
that only numbers outside arrays remain in it. The model itself is also a persistent id, so that references to it, such
as a bound method in a vectoriser or a hook, refer to the model that is being loaded. Only a worker reads the structure.
The host reads the header of the safetensors file, which also says what each attribute contains.
"""

from __future__ import annotations

import io
import pickle
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import cloudpickle
import msgspec
import numpy as np
from safetensors.numpy import load_file, save_file

from harness.artifact._saved_form import ARRAYS, ATTRIBUTES, STRUCTURE

Array: TypeAlias = np.ndarray[Any, Any]

_NUMBERS = frozenset({"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"})
_MODEL = ("model",)
_SHOWN = 3
_STORED_AS = {
    "float32": "f4", "float64": "f8", "float16": "f2", "bfloat16": "i2", "complex64": "f4", "complex128": "f8",
    "int64": "i8", "int32": "i4", "int16": "i2", "int8": "i1", "uint8": "u1", "bool": "u1",
    "qint8": "i1", "quint8": "u1", "qint32": "i4",
}  # fmt: skip
"""For each dtype of torch, the NumPy dtype that stores one number, or half of a complex one; others are stored as
bytes."""
_PLAIN = frozenset({"float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"})
"""Dtypes of tensors that NumPy also has, and bfloat16, whose bits are stored as integers."""
_TWO_A_BYTE = frozenset({"quint4x2"})


def save_state(model: object, folder: Path) -> None:
    """Write ``vars(model)`` to `folder`.

    Raises:
        TypeError: an attribute can be neither stored as arrays nor pickled; the message names it.
    """
    store = _ArrayStore()
    structure = io.BytesIO()
    pickler = _Pickler(structure, store, model)
    attributes = vars(model)
    pickler.dump(tuple(attributes))
    contents = []
    for name, value in attributes.items():
        first, begin = len(store.arrays), structure.tell()
        try:
            pickler.dump(value)
        except Exception as error:
            raise TypeError(
                f"self.{name} cannot be saved (a {_describe(value)}; {type(error).__name__}: {error}): "
                "delete it at the end of fit, or write your own save and load"
            ) from error
        contents.append((name, first, len(store.arrays), structure.tell() - begin))
    metadata = {ATTRIBUTES: msgspec.json.encode(contents).decode()} if contents else None
    save_file(store.arrays, folder / ARRAYS, metadata)
    (folder / STRUCTURE).write_bytes(structure.getvalue())


def load_state(model: object, folder: Path) -> None:
    """Restore the attributes of `model` that `save_state` wrote to `folder`.

    Raises:
        FileNotFoundError: the folder contains other files; the message names them.
        TypeError: an attribute was saved but cannot be restored; the message names it.
    """
    if not (folder / STRUCTURE).is_file():
        raise FileNotFoundError(_other_files(folder))
    with warnings.catch_warnings():
        # torch uses the deprecated class itself
        warnings.filterwarnings("ignore", "TypedStorage is deprecated", UserWarning)
        _load(model, folder)


def _other_files(folder: Path) -> str:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    found = ", ".join(names[:_SHOWN]) or "nothing"
    return (
        f"the default load needs {STRUCTURE} and {ARRAYS}, which the default save writes, and found {found}: write "
        f"`def load(self, folder):` that reads your own file, such as folder / {names[0] if names else 'net.pt'!r}"
    )


def _load(model: object, folder: Path) -> None:
    with (folder / STRUCTURE).open("rb") as file:
        unpickler = _Unpickler(file, load_file(folder / ARRAYS), model)
        for name in unpickler.load():
            try:
                vars(model)[name] = unpickler.load()
            except Exception as error:
                raise TypeError(
                    f"self.{name} was saved but cannot be loaded ({type(error).__name__}: {error}): "
                    "delete it at the end of fit, or write your own save and load"
                ) from error


def _describe(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


class _ArrayStore:
    """The arrays that were found while pickling; each storage is kept once."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._keys: dict[tuple[Any, ...], str] = {}
        self._alive: list[Any] = []  # the owners, because an address is reused when its owner is deleted

    def put(self, identity: tuple[Any, ...], owner: Any, read: Callable[[], Array]) -> str:
        """Return the key of the array with this `identity`; if it is new, store the array that `read` returns."""
        if identity not in self._keys:
            key = f"{len(self.arrays):05d}"
            self.arrays[key] = np.ascontiguousarray(read())
            self._keys[identity] = key
            self._alive.append(owner)
        return self._keys[identity]


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc] # cloudpickle is untyped
    def __init__(self, file: io.BytesIO, store: _ArrayStore, model: object) -> None:
        super().__init__(file)
        self._store, self._model = store, model
        self._composed: dict[int, tuple[Array, Any]] = {}

    def persistent_id(self, thing: Any) -> Any:
        if thing is self._model:
            return _MODEL
        if isinstance(thing, np.ndarray):
            return self._array_id(thing)
        torch = _loaded_torch()
        if torch is None:
            return None
        if type(thing) in (torch.Tensor, torch.nn.Parameter):
            return self._torch_id(thing, torch)
        if type(thing) in (torch.storage.TypedStorage, torch.storage.UntypedStorage):
            return self._storage_id(thing, torch)
        return None

    def reducer_override(self, thing: Any) -> Any:
        """Save a module under `torch.nn.utils.parametrize`, such as `weight_norm`, which torch refuses to pickle.

        Its class is made for it alone, so the class that it had before is saved, and restored with the same properties.
        """
        torch = _loaded_torch()
        if torch is not None and isinstance(thing, torch.nn.Module) and _is_parametrised(thing):
            cls = torch.nn.utils.parametrize.type_before_parametrizations(thing)
            return _new, (cls,), dict(vars(thing)), None, None, _set_parametrised
        return super().reducer_override(thing)

    def _array_id(self, array: Array) -> Any:
        if type(array) in (np.ndarray, np.memmap):  # the contents of a mapped file become part of the artifact
            return self._numpy_id(np.asarray(array) if type(array) is np.memmap else array)
        if type(array) in (np.matrix, np.recarray):
            plain = self._numpy_id(np.asarray(array))
            return None if plain is None else ("view", type(array), plain)
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
        """Split an array that safetensors has no type for: each field of a decision tree becomes one array."""
        if array.dtype.names and not array.dtype.hasobject:
            fields = tuple(self._numpy_id(np.ascontiguousarray(array[name])) for name in array.dtype.names)
            return None if None in fields else ("fields", array.dtype, array.shape, fields)
        if array.dtype.kind == "c" and array.dtype.itemsize in (8, 16):
            halves = np.stack([array.real, array.imag], axis=-1)
            return ("complex", array.dtype.str, self._numpy_id(halves))
        return None

    def _torch_id(self, tensor: Any, torch: Any) -> Any:
        if tensor.layout != torch.strided or str(tensor.dtype).removeprefix("torch.") not in _PLAIN:
            return None  # torch splits these into storages and plain tensors, which are pickled next
        place = tensor.data_ptr() if tensor.numel() else id(tensor)
        identity = ("torch", place, tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)
        bfloat16 = tensor.dtype == torch.bfloat16  # NumPy has no such type: the bits are stored

        def read() -> Array:
            plain = tensor.detach().cpu().contiguous()
            bits: Array = (plain.view(torch.int16) if bfloat16 else plain).numpy()
            return bits

        key = self._store.put(identity, tensor, read)
        is_parameter = type(tensor) is torch.nn.Parameter
        return ("torch", key, tuple(tensor.shape), bfloat16, is_parameter, tensor.requires_grad)

    def _storage_id(self, storage: Any, torch: Any) -> Any:
        """Store the memory of a tensor; torch pickles quantised, complex and other unusual tensors in this way."""
        typed = type(storage) is torch.storage.TypedStorage
        memory = storage._untyped_storage if typed else storage
        dtype = str(storage.dtype).removeprefix("torch.") if typed else ""
        stored_as = _STORED_AS.get(dtype, "u1")
        identity = ("storage", memory.data_ptr() if memory.nbytes() else id(memory), memory.nbytes(), stored_as)

        def read() -> Array:
            content = torch.tensor([], dtype=torch.uint8).set_(memory.cpu()).numpy()
            numbers: Array = content.copy().view(stored_as)
            return _halves(numbers) if dtype in _TWO_A_BYTE else numbers

        return ("storage", self._store.put(identity, memory, read), dtype, stored_as)


def _is_parametrised(module: Any) -> bool:
    return "parametrizations" in vars(module).get("_modules", {})


def _new(cls: Any) -> Any:
    """Return an object of `cls` without attributes."""
    return cls.__new__(cls)


def _set_parametrised(module: Any, attributes: dict[str, Any]) -> None:
    """Give a module its attributes and the properties that compute its parametrised weights."""
    from torch.nn.utils import parametrize

    vars(module).update(attributes)
    made: Any = parametrize  # torch has no public function that does only this
    made._inject_new_class(module)
    for name in module.parametrizations:
        made._inject_property(module, name)


def _halves(numbers: Array) -> Array:
    """Return the two four-bit numbers in each byte as separate numbers."""
    return np.stack([numbers & 0xF, numbers >> 4], axis=-1)


class _Unpickler(pickle.Unpickler):
    """Reads in a worker the structure that a worker wrote; the host never uses it."""

    def __init__(self, file: BinaryIO, arrays: dict[str, Array], model: object) -> None:
        super().__init__(file)
        self._arrays, self._model = arrays, model
        self._made: dict[Any, Any] = {}

    def persistent_load(self, token: Any) -> Any:
        if token == _MODEL:
            return self._model
        if token not in self._made:  # tied weights stay tied
            self._made[token] = self._make(*token)
        return self._made[token]

    def _make(self, kind: str, *rest: Any) -> Any:
        match kind:
            case "fields":
                dtype, shape, tokens = rest
                made = np.empty(shape, dtype)
                for name, token in zip(dtype.names, tokens, strict=True):
                    made[name] = self.persistent_load(token)
                return made
            case "complex":
                dtype, token = rest
                halves = np.ascontiguousarray(self.persistent_load(token))
                return halves.view(dtype)[..., 0]
            case "view":
                cls, token = rest
                return self.persistent_load(token).view(cls)
            case "storage":
                key, dtype, _ = rest
                return _storage(self._arrays[key], dtype)
        key, shape, *more = rest
        array = self._arrays[key].reshape(shape).copy()
        return array if kind == "numpy" else _tensor(array, *more)


def _tensor(array: Array, bfloat16: bool, is_parameter: bool, requires_grad: bool) -> Any:
    import torch

    tensor = torch.from_numpy(array)
    if bfloat16:
        tensor = tensor.view(torch.bfloat16)
    if is_parameter:
        return torch.nn.Parameter(tensor, requires_grad=requires_grad)
    return tensor.requires_grad_(requires_grad)


def _storage(array: Array, dtype: str) -> Any:
    import torch

    if dtype in _TWO_A_BYTE:
        array = array[..., 0] | (array[..., 1] << 4)
    memory = torch.from_numpy(array.copy().reshape(-1).view(np.uint8)).untyped_storage()
    typed: Any = torch.storage.TypedStorage  # torch itself also unpickles memory without a dtype as this
    return typed(wrap_storage=memory, dtype=getattr(torch, dtype or "uint8"), _internal=True)


def _loaded_torch() -> Any:
    """Return torch if the student imported it; other models do not have to import it."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "nn") and hasattr(torch, "Tensor") else None
