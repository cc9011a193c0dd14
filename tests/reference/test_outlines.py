"""What docs/accounts.toml says of mistakes on real nuclei, trained here and printed.

pytest -m slow -s tests/reference/test_outlines.py
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from tests.conftest import REPOSITORY
from tests.tasks.images import DATA, load, needs
from tests.tools import imported_when_used

torch = imported_when_used("torch")
ndimage = imported_when_used("scipy.ndimage")
Masks = np.ndarray[Any, np.dtype[np.bool_]]
DEEP = 2
"""Pixels from an outline; nearer than that, who drew it decides."""


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What references share can be imported."""
    monkeypatch.syspath_prepend(REPOSITORY / "reference")
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "_shared"]:
        del sys.modules[name]


def model(name: str) -> harness.Model:
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "reference" / name / "nuclei" / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    made: harness.Model = module.Model()
    return made


def masks(fitted: harness.Model, pictures: np.ndarray[Any, Any]) -> Masks:
    with torch.no_grad():
        return np.concatenate([np.asarray(fitted.predict(pictures[[item]])) for item in range(len(pictures))]) > 0


def dice(found: Masks, truth: Masks) -> np.ndarray[Any, Any]:
    """(N,) Dice coefficients."""
    both = (found & truth).sum(axis=(1, 2))
    return 2 * both / (found.sum(axis=(1, 2)) + truth.sum(axis=(1, 2)))


def depth(mask: Masks) -> np.ndarray[Any, Any]:
    """How many pixels each pixel is away from the nearest one of the other kind."""
    return np.where(mask, ndimage.distance_transform_edt(mask), ndimage.distance_transform_edt(~mask))


@needs("nuclei")
@pytest.mark.slow
@pytest.mark.timeout(1600)
@pytest.mark.usefixtures("shared")
def test_away_from_outlines_the_network_errs_much_less_than_otsu(tmp_path: Path) -> None:
    data = load("nuclei", tmp_path, DATA)
    assert data.test is not None
    truth = data.test.targets > 0
    deep = np.stack([depth(mask) for mask in truth]) > DEEP
    found = {}
    for name in ("unet", "otsu"):
        fitted = model(name)
        fitted.fit(data.train, data.validation)
        found[name] = masks(fitted, data.test.inputs)
        if name == "unet":
            for part, split in (("train", data.train), ("validation", data.validation)):
                print(f"\nunet, {part}: {dice(masks(fitted, split.inputs), split.targets > 0).mean():.4f}")
    scores = {name: dice(mask, truth) for name, mask in found.items()}
    wrong = {name: int(((mask != truth) & deep).sum()) for name, mask in found.items()}
    better = int((scores["unet"] > scores["otsu"]).sum())
    print({name: round(float(score.mean()), 4) for name, score in scores.items()}, wrong, better, len(truth))
    assert better > 0.6 * len(truth)
    assert wrong["unet"] < 0.6 * wrong["otsu"]
