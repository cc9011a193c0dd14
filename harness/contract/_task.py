"""The declaration of a task, which an instructor writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from harness.contract._checked_kind import CheckedKind, kind_problem
from harness.contract._documented import Documented
from harness.contract._limits import Limits
from harness.contract._metric import Metric
from harness.contract._problems import Problems, is_count, is_distinct, is_line, is_number, is_row, is_text, takes
from harness.contract._sources import Canonical, Embedded, File, Local, Source
from harness.contract.rules import Rule
from harness.kinds import KINDS, Kind

PublicScores = Literal["every", "ladder"]

_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "str"),
)
_MAX_SIDES = 5  # an array of inputs has one more dimension, and a worker accepts at most six
_LEAST = {
    "memory_bytes": (64 << 20, "4 GiB is 4 << 30"),  # Python with NumPy alone needs about half of it
    "scratch_bytes": (1 << 20, "2 GiB is 2 << 30"),
    "artifact_bytes": (4 << 10, "256 MiB is 256 << 20"),
    "output_bytes": (1 << 10, "8 MiB is 8 << 20"),
    "processes": (8, "libraries start additional threads"),
}
"""The smallest values with which a model can run, each with a remark."""
_LEAST_SHIPPED = 1 << 10
_PACKAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_DATA_OF_A_PACKAGE = re.compile(r"[\w.-]+(?:/[\w. -]+)+")
_CODE = (".py", ".pyc", ".so", ".pyd")
_ROWS = {
    "sources": "a tuple of sources, with a comma after a single one: (harness.Embedded(…),)",
    "metrics": "a tuple of metrics, with a comma after a single one: (harness.metrics.accuracy,)",
    "rules": "a tuple of rules, with a comma after a single one: (harness.rules.fully_connected_only,)",
    "classes": 'a tuple of names, such as ("cat", "dog")',
    "points": "pairs of a score and its points, such as ((0.5, 0), (0.9, 10))",
    "assets": "a tuple of files, with a comma after a single one: (harness.File(…),)",
    "hides": 'a tuple of paths in installed packages, with a comma after a single one: ("sklearn/datasets/data",)',
    "packages": 'a tuple of names that pip installs, with a comma after a single one: ("timm",)',
}
"""The fields that are tuples, and what to write for each."""


@dataclass(frozen=True, kw_only=True)
class Inputs(metaclass=Documented):
    """The form of one input: an array, or a text.

    Parameters
    ----------
    shape : tuple of int or None
        The shape of one input without the number of items, such as (16, 16) or (140,), with at most five dimensions;
        None for texts.
    dtype : str, default "float32"
        The type of its numbers, by the name that NumPy uses or as the NumPy type itself; ``"str"`` for texts.
    low : float or None, default None
        The smallest possible value; None if it is not known.
    high : float or None, default None
        The largest possible value; None if it is not known.

    Raises
    ------
    TaskError
        A field does not have this form.
    """

    shape: tuple[int, ...] | None
    dtype: str = "float32"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        shape: object = self.shape
        if isinstance(shape, list):
            object.__setattr__(self, "shape", tuple(shape))
        # np.float32 and np.dtype("float32") mean the same as "float32"
        name = getattr(self.dtype, "__name__", None) or getattr(self.dtype, "name", None)
        object.__setattr__(self, "dtype", name or self.dtype)
        problems = Problems("Inputs.")
        sides = isinstance(self.shape, tuple) and len(self.shape) <= _MAX_SIDES and all(map(is_count, self.shape))
        problems.expect(
            self.shape is None or sides,
            "shape",
            self.shape,
            "the shape of one input, such as (16, 16) or (140,), without the number of items; None for texts",
        )
        problems.expect(self.dtype in _DTYPES, "dtype", self.dtype, f"one of {', '.join(_DTYPES)}")
        if not problems:
            fits = (self.shape is None) == (self.dtype == "str")
            problems.expect(fits, "dtype", self.dtype, '"str" with shape=None for texts, and neither for arrays')
        for name in ("low", "high"):
            value = getattr(self, name)
            problems.expect(value is None or is_number(value), name, value, "a finite number or None")
        if is_number(self.low) and is_number(self.high):
            problems.expect(self.low <= self.high, "low", self.low, f"at most high, {self.high}")  # type: ignore[operator] # numbers
        problems.raise_if_any()


def interval_of(low: float | None, high: float | None) -> str:
    """Return the numbers from `low` to `high` as an interval; it is open at a side where no limit is known."""
    return f"{'(-∞' if low is None else f'[{low:.10g}'}, {'∞)' if high is None else f'{high:.10g}]'}"


@dataclass(frozen=True, kw_only=True)
class Task(metaclass=Documented):
    """A task of a course: data, metrics and a baseline, declared as ``TASK`` in ``tasks/<name>/task.py``.

    Parameters
    ----------
    title : str
        What the task is, in one line.
    kind : str or harness.kinds.Kind
        ``"classification"``, ``"multilabel"``, ``"regression"``, ``"segmentation"``, ``"detection"`` or
        ``"forecasting"``; or a kind from a plug-in, ``from .._plugins import NAME``. It determines
        the form of targets (see `Split`) and of predictions (see `Model.predict`).
    inputs : Inputs
        The form of one input.
    sources : tuple of Canonical, Local or Embedded
        Where the data come from: the first source whose data are on the machine, or can be downloaded, is used. At most
        one `Embedded` source, as the last one.
    split : str
        How the data are divided into train, validation and test parts, in words that a student understands.
    metrics : tuple of Metric
        The first one is the primary metric: it is compared with the baseline and decides the ranking.
        ``help(harness.metrics)`` lists the metrics that come with the harness.
    classes : tuple of str, default ()
        The names of the classes in the order of their labels. At least two for classification, multilabel and
        detection; none for regression and forecasting.
    horizon : int or None, default None
        The number of steps to forecast. Required for forecasting, None for every other kind.
    limits : Limits, default Limits()
        Time, memory and sizes that an evaluation may use.
    rules : tuple of Rule, default ()
        The layers and operators that models may not use. See `harness.rules`.
    perturb : callable or None, default None
        A function that makes a small change which keeps the target: it takes one input and a `numpy.random.Generator`,
        and returns an input of the same shape within `Inputs.low` and `Inputs.high`. Models then also predict changed
        inputs, which they cannot have memorised. Must be None for texts.
    perturb_cost : float or None, default None
        How much worse an honest model's primary score may be on inputs that `perturb` has changed, in the unit of the
        metric. A model that loses more is considered to have memorised the test part, and fails. None for no such
        check.
    points : tuple of pairs of float, default ()
        Cut-offs (score, points), with linear interpolation between them. At least two, such as
        ``((0.5, 0), (0.9, 10))``, or ``((14, 0), (7, 10))`` if a lower score is better; ``()`` if the task earns no
        points. When they change, points are computed again from the records, without training anything again.
    private_test : bool, default False
        Whether the test part is hidden from students, in ``$HARNESS_PRIVATE/<task>/test.npz``, which ``harness data
        private`` writes. If that file is missing, scores are computed on the validation part.
    public_score : str, default "every"
        Which scores on a private test part are shown before the final board: ``"every"`` score with all details, or
        ``"ladder"``, a new score only if it is better than the person's best one by more than noise, without details
        (Blum & Hardt 2015). ``harness leaderboard --final`` shows all of them.
    quota : int or None, default None
        How many versions of a person's work are scored on the private test part per day (UTC); None for no limit.
    weights : str, default "retrain"
        Whether trained weights may be handed in: ``"retrain"`` trains every submission again, ``"allowed"`` loads the
        files in its folder ``weights/`` if there are any.
    claims : bool, default False
        Whether ``harness grade`` compares the score that a submission claims with the scores of its shipped weights and
        of a model trained here. The comparison is for the people who mark; no result depends on it.
    restricted : bool, default False
        Whether the data must not be published. If so, no log or message of a model is published, and for a failure only
        its kind and the line in the student's file are.
    assets : tuple of File, default ()
        Pretrained weights that `Model.fit` may read if they are on the machine; `TaskInfo.assets` gives their paths.
        Each needs a licence.
    hides : tuple of str, default ()
        Data in installed packages that would reveal targets, such as the data that an `Embedded` source uses: files or
        folders, by their path below the folder that packages are installed in, ``"sklearn/datasets/data"``. No worker
        can read them, except at level ``rlimits``. The usual sample data of well-known packages is hidden for every
        task. Do not name code, because an import may need it.
    packages : tuple of str, default ()
        Packages that models may use in addition to the usual ones, by the names that pip installs, such as ``"timm"``.
    batch : int, default 256
        The largest number of items in one call of `Model.predict`.
    threads : int, default 2
        The number of threads that libraries use in `Model.fit`; always one while latency is measured. At most a quarter
        of `Limits.processes`.
    name : str
        The name of the task's folder. The harness sets it; it cannot be declared.

    Raises
    ------
    TaskError
        The declaration has a mistake. The message names each wrong field, what was found and what to write;
        ``harness tasks check`` adds the line of the field.

    Examples
    --------
    ``harness new task NAME`` writes a complete ``task.py`` to start from. A short one:

    >>> import numpy as np
    >>> import harness
    >>> def load():
    ...     generator = np.random.default_rng(0)
    ...     targets = np.arange(200) % 2
    ...     inputs = (targets[:, None] + generator.normal(size=(200, 3))).astype(np.float32)
    ...     rest, test = harness.Split(inputs, targets).hold_out(0.2, seed=0)
    ...     return harness.Parts(*rest.hold_out(0.25, seed=0), test)
    >>> TASK = harness.Task(
    ...     title="Two clouds of points",
    ...     kind="classification",
    ...     inputs=harness.Inputs(shape=(3,)),
    ...     classes=("left", "right"),
    ...     sources=(
    ...         harness.Embedded(
    ...             title="generated points", licence="none needed", baseline=harness.Baseline(0.7), load=load
    ...         ),
    ...     ),
    ...     split="stratified with seed 0: 60 % train, 20 % validation, 20 % test",
    ...     metrics=(harness.metrics.accuracy,),
    ... )
    """

    title: str
    kind: str | Kind
    inputs: Inputs
    sources: tuple[Source, ...]
    split: str
    metrics: tuple[Metric, ...]
    classes: tuple[str, ...] = ()
    horizon: int | None = None
    limits: Limits = field(default_factory=Limits)
    rules: tuple[Rule, ...] = ()
    perturb: Callable[[Any, Any], Any] | None = None
    perturb_cost: float | None = None
    points: tuple[tuple[float, float], ...] = ()
    private_test: bool = False
    public_score: PublicScores = "every"
    quota: int | None = None
    weights: Literal["retrain", "allowed"] = "retrain"
    claims: bool = False
    restricted: bool = False
    assets: tuple[File, ...] = ()
    hides: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    batch: int = 256
    threads: int = 2
    name: str = field(default="", init=False)

    def __post_init__(self) -> None:
        problems = Problems("")
        for name, expected in _ROWS.items():
            value = getattr(self, name)
            if isinstance(value, tuple | list):
                object.__setattr__(self, name, tuple(value))
            else:
                problems.expect(False, name, value, expected)
        problems.raise_if_any()
        self._expect_words(problems)
        self._expect_rows(problems)
        self._expect_numbers(problems)
        if not problems:
            object.__setattr__(self, "points", tuple((score, earned) for score, earned in self.points))
            self._expect_parts_to_fit(problems)
        problems.raise_if_any()

    @property
    def primary(self) -> Metric:
        """The first of `metrics`: it is compared with the baseline and decides the ranking."""
        return self.metrics[0]

    @property
    def limits_release(self) -> bool:
        """Whether the Ladder or a quota limits how much is published about the private test part."""
        return self.quota is not None or self.public_score == "ladder"

    @property
    def kind_definition(self) -> Kind:
        """The object that defines the form of targets and predictions of this kind."""
        return KINDS[self.kind] if isinstance(self.kind, str) else self.kind

    @property
    def kind_name(self) -> str:
        """The name of the kind."""
        return self.kind_definition.name

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """The shape of one input; None for texts."""
        return self.inputs.shape

    def named(self, name: str) -> Task:
        """Return this task under another name.

        Parameters
        ----------
        name : str
            The name of its folder.

        Returns
        -------
        Task
            The same declaration with that name.
        """
        task = replace(self)
        object.__setattr__(task, "name", name)
        return task

    def _expect_words(self, problems: Problems) -> None:
        self._expect_kind(problems)
        problems.expect(is_line(self.title), "title", self.title, "a text of one line")
        problems.expect(is_text(self.split), "split", self.split, "a text that says how the parts are made")
        problems.expect(self.weights in ("retrain", "allowed"), "weights", self.weights, '"retrain" or "allowed"')
        problems.expect(
            self.public_score in ("every", "ladder"), "public_score", self.public_score, '"every" or "ladder"'
        )
        for name in ("private_test", "claims", "restricted"):
            value = getattr(self, name)
            problems.expect(isinstance(value, bool), name, value, "True or False")

    def _expect_kind(self, problems: Problems) -> None:
        kind = self.kind
        if isinstance(kind, Kind) and not isinstance(kind, CheckedKind) and kind not in KINDS.values():
            wrong = kind_problem(kind)
            problems.expect(wrong is None, "kind", type(kind).__qualname__, f"a kind that can be used: {wrong}")
            object.__setattr__(self, "kind", CheckedKind(kind) if wrong is None else kind)
        elif not isinstance(kind, Kind):
            known = isinstance(kind, str) and kind in KINDS
            expected = f"one of {', '.join(KINDS)}, or a harness.kinds.Kind from a plug-in"
            problems.expect(known, "kind", kind, expected)

    def _expect_rows(self, problems: Problems) -> None:
        problems.expect(
            is_row(self.sources, (Canonical, Local, Embedded)) and len(self.sources) > 0,
            "sources",
            self.sources,
            "at least one of harness.Canonical, harness.Local, harness.Embedded",
        )
        metrics = is_row(self.metrics, Metric) and len(self.metrics) > 0
        expected = "at least one harness.Metric, such as harness.metrics.accuracy; the first one decides the ranking"
        problems.expect(metrics, "metrics", self.metrics, expected)
        if metrics:
            names = [metric.name for metric in self.metrics]
            problems.expect(is_distinct(names), "metrics", names, "no two with the same name")
        rules = is_row(self.rules, Rule)
        expected = "harness.Rule objects such as harness.rules.fully_connected_only"
        problems.expect(rules, "rules", self.rules, expected)
        if rules:
            names = [rule.name for rule in self.rules]
            problems.expect(is_distinct(names), "rules", names, "no two with the same name")
        classes = all(map(is_line, self.classes)) and is_distinct(self.classes)
        problems.expect(classes, "classes", self.classes, "different names, each a text of one line")
        packages = is_row(self.packages, str) and all(_PACKAGE.fullmatch(name) for name in self.packages)
        problems.expect(packages, "packages", self.packages, 'names that pip installs, such as ("timm",)')
        hides = is_row(self.hides, str) and all(_DATA_OF_A_PACKAGE.fullmatch(name) for name in self.hides)
        problems.expect(
            hides and not any(name.endswith(_CODE) or ".." in name.split("/") for name in self.hides),
            "hides",
            self.hides,
            'paths of data in installed packages, such as ("sklearn/datasets/data",), never a whole package or code',
        )
        assets = is_row(self.assets, File) and all(file.licence for file in self.assets)
        problems.expect(assets, "assets", self.assets, "harness.File objects, each with its licence")
        if assets:
            names = [file.name for file in self.assets]
            problems.expect(is_distinct(names), "assets", names, "no two with the same name")
        points = all(
            is_row(pair, (int, float)) and len(pair) == 2 and all(map(is_number, pair)) for pair in self.points
        )
        problems.expect(points, "points", self.points, _ROWS["points"])

    def _expect_numbers(self, problems: Problems) -> None:
        problems.expect(isinstance(self.inputs, Inputs), "inputs", self.inputs, "harness.Inputs(shape=…, dtype=…)")
        limits = isinstance(self.limits, Limits)
        problems.expect(limits, "limits", self.limits, "harness.Limits(…)")
        if limits:
            for name, (least, why) in _LEAST.items():
                value = getattr(self.limits, name)
                problems.expect(value >= least, f"limits.{name}", value, f"at least {least:,}: {why}")
            shipped = self.limits.shipped_bytes
            expected = f"0 for no files, or at least {_LEAST_SHIPPED:,}: 64 KiB is 64 << 10"
            problems.expect(shipped == 0 or shipped >= _LEAST_SHIPPED, "limits.shipped_bytes", shipped, expected)
            # libraries start several pools with this number of threads
            most = max(self.limits.processes, _LEAST["processes"][0]) // 4
            problems.expect(
                is_count(self.threads, 1, most), "threads", self.threads, f"1 to {most}, a quarter of limits.processes"
            )
        problems.expect(
            self.quota is None or is_count(self.quota), "quota", self.quota, "a whole number of at least 1, or None"
        )
        problems.expect(is_count(self.batch), "batch", self.batch, "a whole number of at least 1")
        problems.expect(
            self.horizon is None or is_count(self.horizon), "horizon", self.horizon, "a whole number of steps"
        )
        problems.expect(
            self.perturb is None or takes(self.perturb, 2),
            "perturb",
            self.perturb,
            "a function of one input and a numpy.random.Generator, or None",
        )
        problems.expect(
            self.perturb_cost is None or is_number(self.perturb_cost, 0),
            "perturb_cost",
            self.perturb_cost,
            "a number of at least 0: how much worse `perturb` may make the primary score",
        )

    def _expect_parts_to_fit(self, problems: Problems) -> None:
        """Check whether fields that are correct by themselves fit each other."""
        kind = self.kind_name
        for expected in self.kind_definition.expectations(self):
            problems.expect(*expected)
        for name, limited in (("public_score", self.public_score != "every"), ("quota", self.quota is not None)):
            private = "private_test=True with it, because it limits what is shown about a private test part"
            problems.expect(not limited or self.private_test, name, getattr(self, name), private)
        texts = self.input_shape is None
        problems.expect(not texts or self.perturb is None, "perturb", self.perturb, "None, because inputs are texts")
        problems.expect(
            self.perturb_cost is None or self.perturb is not None,
            "perturb_cost",
            self.perturb_cost,
            "that `perturb` is declared as well",
        )
        embedded = [isinstance(source, Embedded) for source in self.sources]
        kinds = [source.kind for source in self.sources]
        problems.expect(sum(embedded) <= 1, "sources", kinds, "at most one Embedded, because a second is never used")
        problems.expect(
            embedded == sorted(embedded), "sources", kinds, "Embedded last, because sources after it are never used"
        )
        for metric in self.metrics:
            fits = not metric.kinds or kind in metric.kinds
            wanted = f"a metric for {kind}; this one is for {' and '.join(metric.kinds)}"
            problems.expect(fits, "metrics", metric.name, wanted)
        self._expect_values_within(problems)

    def _expect_values_within(self, problems: Problems) -> None:
        """Check whether baselines and points are possible values of the primary metric."""
        metric = self.primary
        low, high = metric.within
        between = f"a value that {metric.name} can have, {low:g} to {high:g}"
        best = high if metric.higher_is_better else low
        for source in self.sources:
            value, strict = source.baseline.value, source.baseline.strict
            problems.expect(low <= value <= high, f"baseline of {source.title!r}", value, between)
            problems.expect(
                not (strict and value == best),
                f"baseline of {source.title!r}",
                value,
                "a value that can be exceeded, because strict=True",
            )
        cost = self.perturb_cost
        problems.expect(
            cost is None or cost <= high - low,
            "perturb_cost",
            cost,
            f"at most the range of {metric.name}, {low:g} to {high:g}, such as 0.05",
        )
        if not self.points:
            return
        problems.expect(len(self.points) >= 2, "points", self.points, "at least two cut-offs, with lines between them")
        scores, points = zip(*self.points, strict=True)
        problems.expect(
            all(low <= score <= high for score in scores),
            "points",
            self.points,
            f"pairs (score, points), each score {between}",
        )
        problems.expect(is_distinct(scores), "points", self.points, "no two cut-offs with the same score")
        problems.expect(min(points) >= 0, "points", self.points, "points of at least 0")
        rising = [earned for _, earned in sorted(self.points, reverse=not metric.higher_is_better)]
        better = f"{'higher' if metric.higher_is_better else 'lower'} {metric.name} is better"
        problems.expect(
            rising == sorted(rising), "points", self.points, f"no fewer points for a better score: {better}"
        )
