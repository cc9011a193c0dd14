"""Read the arrays of an ``.npz`` file, or a folder of images by class, for a new task."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import UsageError
from harness.scaffold._found_data import (
    PARTS,
    DataQuestions,
    FoundData,
    Makers,
    UnclearDataError,
    check_amounts,
    check_groups,
    kind_of_numbers,
    labels_of,
    parts_of,
)

_INPUTS, _TARGETS = ("inputs", "images", "x", "data", "features"), ("targets", "labels", "y", "target", "label")
_GROUPS = ("groups", "patients", "subjects", "patient", "subject", "group")
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp"})
_MOST_BYTES = 1 << 30
_LONGEST_SIDE = 128


def read_arrays_file(path: Path, asked: DataQuestions) -> FoundData:
    """Read an ``.npz`` file with inputs and targets, of all items or by part (such as ``x_train``, ``train_images``).

    Raises:
        UsageError: no task can be made from it; the message says why.
    """
    arrays = _load(path)
    by_part = {part: _by_names(arrays, part) for part in PARTS}
    if by_part["train"] and by_part["test"]:
        found = [(place, *one) for place, part in enumerate(PARTS) if (one := by_part[part])]
        if len({one[1].shape[1:] for one in found}) > 1:
            raise UsageError(f"{path.name}: parts have inputs of several shapes: {[one[1].shape for one in found]}")
        inputs, targets = (np.concatenate([one[i] for one in found]) for i in (1, 2))
        part = np.concatenate([np.full(len(one[1]), one[0]) for one in found])
    else:
        both = _by_names(arrays, "")
        if both is None:
            raise UsageError(
                f"{path.name} holds {', '.join(arrays) or 'nothing'}; expected inputs and targets, as `inputs` and "
                "`targets`, `x` and `y`, or by part as `x_train`, `y_train`, `x_test`, `y_test`"
            )
        inputs, targets, part = *both, None
    _check_inputs(inputs, targets, path.name)
    groups = next((arrays[name] for name in arrays if name.casefold() in _GROUPS), None)
    if groups is not None and part is not None:
        groups = None  # it is unknown to which part they belong
    kind, classes, targets = _targets(targets, asked.kind, path.name)
    return FoundData(
        what=f"{kind} of arrays {inputs.shape[1:]}",
        inputs=inputs if inputs.dtype == np.uint8 else inputs.astype(np.float32),
        targets=targets,
        kind=kind,
        classes=classes,
        groups=None if groups is None else check_groups(groups, f"{path.name}: groups"),
        part=part,
        low=0 if inputs.dtype == np.uint8 else None,
        high=255 if inputs.dtype == np.uint8 else None,
        notes=(f"{len(inputs)} inputs of shape {inputs.shape[1:]}, {kind}",),
    )


def _load(path: Path) -> Mapping[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        said = "it holds Python objects" if "pickle" in str(error) else str(error)
        raise UsageError(
            f"{path.name} cannot be read ({said}); expected plain arrays, as np.savez writes them"
        ) from error


def _by_names(arrays: Mapping[str, Any], part: str) -> tuple[Any, Any] | None:
    """Return the inputs and targets of a part ('' for all items), found by their usual names."""
    short = {"validation": ("validation", "valid", "val")}.get(part, (part,))

    def one_of(names: Sequence[str]) -> Any:
        wanted = {f"{name}_{s}" for name in names for s in short} | {f"{s}_{name}" for name in names for s in short}
        wanted = wanted if part else set(names)
        return next((value for name, value in arrays.items() if name.casefold() in wanted), None)

    inputs, targets = one_of(_INPUTS), one_of(_TARGETS)
    return None if inputs is None or targets is None else (inputs, targets)


def _check_inputs(inputs: Any, targets: Any, name: str) -> None:
    if inputs.dtype.kind not in "biuf" or inputs.ndim < 2:
        raise UsageError(f"{name}: inputs are {inputs.dtype} of shape {inputs.shape}; expected numbers of shape (N, …)")
    if len(inputs) != len(targets):
        raise UsageError(f"{name}: found {len(inputs)} inputs and {len(targets)} targets; expected one for each")
    bad = np.flatnonzero(~np.isfinite(inputs.reshape(len(inputs), -1).astype(np.float64)).all(axis=1))
    if len(bad):
        raise UsageError(
            f"{name}: {len(bad)} inputs hold values that are missing or infinite, the first is item {bad[0]}; "
            "fill them, or leave those items out"
        )


def _targets(values: Any, kind: str | None, name: str) -> tuple[str, tuple[str, ...], Any]:
    said = f"{name}: targets"
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.dtype.kind in "US":
        classes, labels = labels_of([str(one) for one in values], said)
        return "classification", classes, labels
    if values.dtype.kind not in "biuf" or not np.isfinite(values.astype(np.float64)).all():
        raise UsageError(
            f"{said} are {values.dtype} with values that are not numbers; expected labels or finite numbers"
        )
    if values.ndim == 1:
        found = kind_of_numbers(values, kind)
    elif values.ndim == 2:
        found = kind or ("multilabel" if set(np.unique(values)) <= {0, 1} else "forecasting")
    else:
        raise UsageError(
            f"{said} have shape {values.shape}; tasks of masks and boxes must be declared in task.py: harness new task"
        )
    makers: Makers = {
        "classification": lambda: labels_of([f"{one:g}" for one in values], said),
        "regression": lambda: ((), check_amounts(values, said)),
        "forecasting": lambda: ((), check_amounts(values, said)),
        "multilabel": lambda: (tuple(f"class {n}" for n in range(values.shape[1])), values.astype(np.int64)),
    }
    if found not in makers:
        raise UsageError(f"{found} tasks cannot be made from arrays; expected --kind {', '.join(makers)}")
    classes, targets = makers[found]()
    return found, classes, targets


def read_images(folder: Path, asked: DataQuestions) -> FoundData:
    """Read a folder with one folder of images for each class, directly or below folders train, validation and test.

    Raises:
        UsageError: no task can be made from it; the message says why.
        UnclearDataError: the images have several sizes, and no size was given.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise UsageError("images are read with Pillow, which is not installed: pip install pillow") from error
    tops = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith((".", "_"))]
    named = parts_of([path.name for path in tops]) if tops else None
    items = [
        (place, kind.name, file)
        for place, top in ([(None, folder)] if named is None else list(zip(named, tops, strict=True)))
        for kind in sorted(top.iterdir())
        if kind.is_dir() and not kind.name.startswith((".", "_"))
        for file in sorted(kind.rglob("*"))
        if file.suffix.lower() in _PICTURES
    ]
    if not items:
        raise UsageError(
            f"{folder} holds no images by class; expected a folder for each class, with {', '.join(sorted(_PICTURES))}"
        )
    classes, labels = labels_of([kind for _, kind, _ in items], str(folder))
    sizes: Counter[tuple[int, int]] = Counter()
    grey = True
    for _, _, file in items:
        try:
            with Image.open(file) as image:
                sizes[image.height, image.width] += 1
                grey = grey and image.mode in ("1", "L", "I;16", "I")
        except OSError as error:
            raise UsageError(f"{file} is not a complete image ({error}); repair or remove it") from error
    size = asked.size or _one_size(sizes, folder)
    mode = "L" if grey else "RGB"
    if len(items) * size[0] * size[1] * len(mode) > _MOST_BYTES:
        raise UsageError(
            f"{len(items)} images of {size[0]}x{size[1]} take more than 1 GiB; expected less: --size 64x64"
        )
    pixels = []
    for _, _, file in items:
        with Image.open(file) as image:
            pixels.append(np.asarray(image.convert(mode).resize((size[1], size[0]))))
    return FoundData(
        what=f"{len(classes)} kinds of images {size[0]}x{size[1]}",
        inputs=np.stack(pixels),
        targets=labels,
        kind="classification",
        classes=classes,
        part=None if named is None else np.array([place for place, _, _ in items]),
        low=0,
        high=255,
        notes=(
            f"{len(items)} images, {'grey' if grey else 'in colour'}, {size[0]}x{size[1]}"
            + ("" if list(sizes) == [size] else f" (resized from {len(sizes)} sizes)"),
            f"classes by folder: {', '.join(classes)}",
        ),
    )


def _one_size(sizes: Counter[tuple[int, int]], folder: Path) -> tuple[int, int]:
    if len(sizes) == 1 and max(next(iter(sizes))) <= 2 * _LONGEST_SIDE:
        return next(iter(sizes))
    (height, width), _ = sizes.most_common(1)[0]
    shrink = max(1.0, max(height, width) / _LONGEST_SIDE)
    usual = f"{round(height / shrink)}x{round(width / shrink)}"
    raise UnclearDataError(
        f"The images in {folder} have {len(sizes)} sizes, most often {height}x{width}. To which are they resized?",
        "size",
        [usual, "64x64", "32x32"],
    )
