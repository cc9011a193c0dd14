"""Every ready-made metric can be found: it is exported, and listed by kind in the docstring of the package."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

from harness import metrics
from harness.contract import Metric
from harness.kinds import KINDS

LISTED = dict(re.findall(r"^- (\w+): (.+(?:\n  .+)*)$", metrics.__doc__ or "", re.MULTILINE))
EXPORTED = {name: one for name in metrics.__all__ if isinstance(one := getattr(metrics, name), Metric)}


def test_every_metric_of_a_module_is_exported() -> None:
    modules = [
        importlib.import_module(f"harness.metrics.{found.name}") for found in pkgutil.iter_modules(metrics.__path__)
    ]
    written = {name for module in modules for name, one in vars(module).items() if isinstance(one, Metric)}
    assert {name for name in written if not name.startswith("_")} == set(EXPORTED)


@pytest.mark.parametrize("kind", KINDS)
def test_the_docstring_lists_the_metrics_of_each_kind(kind: str) -> None:
    listed = re.findall(r"(?<!`)`(\w+)`(?!`)", LISTED.get(kind, ""))
    assert listed == sorted(name for name, metric in EXPORTED.items() if kind in metric.kinds)


def test_an_unknown_metric_name_gets_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"harness\.metrics has no 'mae': expected one of .*mean_absolute_error"):
        getattr(metrics, "mae")  # noqa: B009 - mypy knows that there is none
    assert not hasattr(metrics, "__wrapped__")
