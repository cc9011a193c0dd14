"""The declaration an instructor writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from harness.contract._errors import TaskError
from harness.contract._limits import Limits
from harness.contract._sources import Canonical, Embedded, File, Local, Source
from harness.contract.metrics import Metric
from harness.contract.rules import Rule

Kind = Literal["classification", "segmentation", "detection", "forecasting"]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The form of one input: an array of `shape` and `dtype` with values in [low, high], or a text."""

    shape: tuple[int, ...] | None
    """None for texts."""
    dtype: str = "float32"
    """``str`` for texts."""
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if (self.shape is None) != (self.dtype == "str"):
            raise TaskError(f"inputs of shape {self.shape} cannot have dtype {self.dtype!r}: texts have neither")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise TaskError(f"inputs cannot lie in [{self.low}, {self.high}]")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A data split, a metric and a baseline: everything about a task that the harness would else guess."""

    title: str
    kind: Kind
    inputs: Inputs
    sources: tuple[Source, ...]
    """In order of preference."""
    split: str
    """How train, validation and test are made, in words a student understands."""
    metrics: tuple[Metric, ...]
    """The first is primary: it is held against the baseline and ranks."""
    classes: tuple[str, ...] = ()
    horizon: int | None = None
    """Steps to forecast."""
    limits: Limits = field(default_factory=Limits)
    rules: tuple[Rule, ...] = ()
    perturb: Callable[[Any, Any], Any] | None = None
    """A label-preserving jitter of one input: called with the input and a `numpy.random.Generator`."""
    perturb_cost: float | None = None
    """The most of the primary score that `perturb` costs an honest model; None: what is memorised is not looked for."""
    points: tuple[tuple[float, float], ...] = ()
    """Cut-offs of the primary score and the points they earn."""
    private_test: bool = False
    weights: Literal["retrain", "allowed"] = "retrain"
    restricted: bool = False
    """Nothing of the data may leave in logs or messages."""
    assets: tuple[File, ...] = ()
    """Pretrained weights, shown to `fit` where they are on this machine."""
    batch: int = 256
    threads: int = 2
    name: str = field(default="", init=False)
    """Given by the folder, never by the declaration."""

    def __post_init__(self) -> None:
        for name in ("sources", "metrics", "rules", "classes", "points", "assets"):
            if not isinstance(getattr(self, name), tuple | list):
                raise TaskError(f"`{name}` must be a tuple: write ({name[:-1]},) with a comma for a single one")
        problems = [text for broken, text in self._rules_of_declaration() if broken]
        if problems:
            raise TaskError("; ".join(problems))

    @property
    def primary(self) -> Metric:
        """The metric that ranks."""
        return self.metrics[0]

    def named(self, name: str) -> Task:
        """Return this task under the name of its folder."""
        task = replace(self)
        object.__setattr__(task, "name", name)
        return task

    def _rules_of_declaration(self) -> list[tuple[bool, str]]:
        needs_classes = self.kind in ("classification", "detection")
        return [
            (self.kind not in get_args(Kind), f"kind {self.kind!r} is unknown: use one of {get_args(Kind)}"),
            (not self.title.strip(), "the title is empty"),
            (not self.split.strip(), "`split` does not say how train, validation and test are made"),
            (not self.sources, "there is no source: declare at least one of Canonical, Local, Embedded"),
            (
                not all(isinstance(s, Canonical | Local | Embedded) for s in self.sources),
                "a source is none of Canonical, Local, Embedded",
            ),
            (not self.metrics, "there is no metric: the first one ranks"),
            (not all(isinstance(m, Metric) for m in self.metrics), "a metric is not a harness.Metric"),
            (
                len({m.name for m in self.metrics if isinstance(m, Metric)}) < len(self.metrics),
                "two metrics have the same name",
            ),
            (len(set(self.classes)) < len(self.classes), "two classes have the same name"),
            (needs_classes and len(self.classes) < 2, f"{self.kind} needs at least two classes"),
            (
                (self.kind == "forecasting") != (self.horizon is not None),
                "forecasting, and nothing else, needs a `horizon`",
            ),
            (not all(isinstance(r, Rule) for r in self.rules), "a rule is not a harness.Rule"),
            (
                self.weights not in ("retrain", "allowed"),
                f"weights={self.weights!r}: use 'retrain' or 'allowed'",
            ),
            (
                self.perturb_cost is not None and (self.perturb is None or self.perturb_cost < 0),
                "`perturb_cost` is what `perturb` costs: declare both, the cost at least 0",
            ),
            (
                not all(isinstance(a, File) and a.licence for a in self.assets),
                "an asset is no harness.File with a licence",
            ),
            (
                len({a.name for a in self.assets if isinstance(a, File)}) < len(self.assets),
                "two assets have the same name",
            ),
            (self.batch < 1 or self.threads < 1, "batch and threads must be at least 1"),
        ]
