"""An invalid declaration is refused when it is made; the message names each wrong field."""

from dataclasses import replace

import numpy as np
import pytest

import harness
from harness.contract import check_name
from harness.errors import TaskError, UsageError


def parts():
    split = harness.Split(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1]))
    return harness.Parts(split, split, split)


def embedded(**changes):
    return harness.Embedded(
        **{"title": "dots", "licence": "none", "load": parts, "baseline": harness.Baseline(0.5)} | changes
    )


def local(**changes):
    return harness.Local(
        **{"title": "files", "licence": "none", "files": ("a.npz",), "load": lambda _: parts(),
           "baseline": harness.Baseline(0.5)} | changes
    )  # fmt: skip


def declare(**changes):
    declaration = {
        "title": "Dots",
        "kind": "classification",
        "inputs": harness.Inputs(shape=(2,)),
        "classes": ("left", "right"),
        "sources": (embedded(),),
        "split": "as it comes",
        "metrics": (harness.metrics.accuracy,),
    }
    return harness.Task(**declaration | changes)


def test_a_right_declaration_is_accepted_and_its_first_metric_ranks():
    task = declare(metrics=(harness.metrics.macro_f1, harness.metrics.accuracy))
    assert task.primary is harness.metrics.macro_f1


def test_a_task_is_named_by_its_folder_and_never_by_its_declaration():
    task = declare()
    assert task.named("dots").name == "dots"
    assert task.name == ""
    with pytest.raises(TypeError, match="name"):
        declare(name="dots")


POINTS = "points: found .* expected "
PAIRS = f"{POINTS}pairs of a score and its points"
MISTAKES = [
    ({"kind": "clasification"}, "kind: found 'clasification' .* expected one of classification, multilabel"),
    ({"title": "  "}, "title: found '  '"),
    ({"kind": ["detection"]}, "kind: found .* expected one of"),
    ({"title": None}, "title: found None"),
    ({"title": "two\nlines"}, "title: found .* a text of one line"),
    ({"split": ""}, "split: found '' .* expected a text that says how the parts are made"),
    ({"sources": ()}, r"sources: found \(\) .* expected at least one of harness.Canonical"),
    ({"sources": ("usps",)}, "sources: .* expected at least one of harness.Canonical"),
    ({"sources": lambda: (embedded(), embedded())}, "sources: .* at most one Embedded"),
    ({"sources": lambda: (embedded(), local())}, "sources: .* Embedded last"),
    ({"metrics": ()}, r"metrics: found \(\) .* at least one harness.Metric"),
    ({"metrics": ("accuracy",)}, "metrics: .* expected at least one harness.Metric"),
    ({"metrics": (max,)}, "metrics: .* expected at least one harness.Metric"),
    ({"metrics": (harness.metrics.accuracy,) * 2}, "metrics: .* no two with the same name"),
    ({"metrics": (harness.metrics.dice,)}, "metrics: found 'dice' .* a metric for classification; .* segmentation"),
    ({"classes": ()}, "classes: .* at least two classes"),
    ({"classes": ("only",)}, "classes: .* at least two classes"),
    ({"classes": ("a", "a")}, "classes: .* different names"),
    ({"classes": ("a", "a ")}, "classes: .* different names"),
    ({"classes": ("a", "b\tc")}, "classes: .* each a text of one line"),
    ({"classes": (0, 1)}, r"classes: found \(0, 1\) .* expected different names"),
    ({"classes": "ab"}, "classes: found 'ab' .* expected a tuple"),
    ({"classes": range(2)}, "classes: .* expected a tuple"),
    ({"kind": "detection", "classes": ()}, "classes: .* at least two classes for detection"),
    ({"kind": "segmentation"}, r"inputs.shape: found \(2,\) .* expected \(height, width\)"),
    ({"horizon": 3}, "horizon: found 3 .* none: classification has no `horizon`"),
    ({"horizon": "3"}, "horizon: found '3' .* a whole number of steps"),
    ({"kind": "forecasting"}, "horizon: found None .* the number of steps"),
    ({"rules": ("no convolution",)}, "rules: .* expected harness.Rule"),
    ({"rules": (harness.rules.fully_connected_only,) * 2}, "rules: .* no two with the same name"),
    ({"weights": "alowed"}, "weights: found 'alowed'"),
    ({"private_test": "yes"}, "private_test: found 'yes' .* True or False"),
    ({"restricted": 1}, r"restricted: found 1 \(int\)"),
    ({"batch": 0}, "batch: found 0"),
    ({"batch": "256"}, r"batch: found '256' \(str\)"),
    ({"batch": 1.5}, "batch: found 1.5"),
    ({"threads": 0}, "threads: found 0"),
    ({"threads": 64}, "threads: found 64 .* 1 to 16, a quarter of limits.processes"),
    ({"inputs": (2,)}, r"inputs: found \(2,\) .* expected harness.Inputs"),
    ({"limits": {"fit_cpu_seconds": 10}}, "limits: found {.*} .* expected harness.Limits"),
    ({"limits": harness.Limits(memory_bytes=4)}, "limits.memory_bytes: found 4 .* 4 GiB is 4 << 30"),
    ({"limits": harness.Limits(scratch_bytes=2)}, "limits.scratch_bytes: found 2 .* 2 GiB is 2 << 30"),
    ({"limits": harness.Limits(artifact_bytes=256)}, "limits.artifact_bytes: found 256 .* 256 MiB is 256 << 20"),
    ({"limits": harness.Limits(output_bytes=8)}, "limits.output_bytes: found 8 .* 8 MiB is 8 << 20"),
    ({"limits": harness.Limits(processes=2)}, "limits.processes: found 2 .* at least 8"),
    ({"limits": harness.Limits(shipped_bytes=64)}, "limits.shipped_bytes: found 64 .* 0 for no files, or at least"),
    ({"perturb": "jitter"}, "perturb: found 'jitter'"),
    ({"perturb": lambda one: one}, "perturb: found .*lambda.* expected a function of one input and"),
    ({"perturb_cost": 0.05}, "perturb_cost: found 0.05 .* that `perturb` is declared"),
    ({"perturb": lambda x, g: x, "perturb_cost": "0.05"}, "perturb_cost: found '0.05'"),
    ({"perturb": lambda x, g: x, "perturb_cost": -1}, "perturb_cost: found -1"),
    (
        {"perturb": lambda x, g: x, "perturb_cost": 5},
        "perturb_cost: found 5 .* at most the range of accuracy, 0 to 1",
    ),
    (
        {"perturb": lambda x, g: x, "inputs": harness.Inputs(shape=None, dtype="str")},
        "perturb: .* because inputs are texts",
    ),
    ({"points": {0.3: 0, 0.8: 10}}, PAIRS),
    ({"points": 10}, PAIRS),
    ({"points": (0.9, 6)}, PAIRS),
    ({"points": (("0.3", 0), ("0.8", 10))}, PAIRS),
    ({"points": ((0.3, 0, 1), (0.8, 10, 1))}, PAIRS),
    ({"points": ((float("nan"), 0), (0.8, 10))}, PAIRS),
    ({"points": ((0.5, 10),)}, f"{POINTS}at least two cut-offs"),
    ({"points": ((0.5, 0), (0.5, 10))}, f"{POINTS}no two cut-offs with the same score"),
    ({"points": ((0.3, -5), (0.8, 10))}, f"{POINTS}points of at least 0"),
    (
        {"points": ((30, 0), (80, 10))},
        rf"{POINTS}pairs \(score, points\), each score a value that accuracy can have, 0 to 1",
    ),
    ({"points": ((0.3, 10), (0.8, 0))}, f"{POINTS}no fewer points for a better score"),
    ({"assets": ("net.pt",)}, "assets: .* each with its licence"),
    # the comma that makes a tuple of one is what people forget
    ({"metrics": harness.metrics.accuracy}, "metrics: found Metric.* expected a tuple"),
    ({"sources": lambda: embedded()}, "sources: found Embedded.* expected a tuple"),
    ({"rules": harness.rules.fully_connected_only}, "rules: found Rule.* expected a tuple"),
]


@pytest.mark.parametrize(("changes", "says"), MISTAKES, ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_each_mistake_in_a_declaration_is_named(changes, says):
    given = {name: value() if name == "sources" and callable(value) else value for name, value in changes.items()}
    with pytest.raises(TaskError, match=says):
        declare(**given)


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(TaskError, match=r"(?s)title: found ''.*metrics: found \(\).*batch: found 0"):
        declare(title="", metrics=(), batch=0)


def test_lists_are_accepted_as_tuples_and_points_in_any_order():
    task = declare(classes=["left", "right"], metrics=[harness.metrics.accuracy], points=[[0.8, 10], [0.3, 0]])
    assert task.classes == ("left", "right")
    assert task.points == ((0.8, 10), (0.3, 0))


def test_points_fall_as_the_score_rises_where_lower_is_better():
    forecast = {"kind": "forecasting", "classes": (), "horizon": 2, "metrics": (harness.metrics.mean_absolute_error,)}
    declare(**forecast, points=((14, 0), (7, 10)))
    with pytest.raises(TaskError, match="no fewer points for a better score: lower mean_absolute_error is better"):
        declare(**forecast, points=((14, 10), (7, 0)))


def test_a_custom_metric_fits_every_kind_and_may_have_any_value():
    own = harness.Metric("cost", lambda targets, predictions: 0.0, higher_is_better=False)
    declare(metrics=(own,), sources=(embedded(baseline=harness.Baseline(-94)),), points=((50, 0), (-30, 5)))


@pytest.mark.parametrize(
    ("value", "more", "says"),
    [
        (float("nan"), {}, "value: found nan"),
        (float("inf"), {}, "value: found inf"),
        ("0.94", {}, "value: found '0.94'"),
        (None, {}, "value: found None"),
        (True, {}, "value: found True"),
        (0.5, {"strict": "yes"}, "strict: found 'yes'"),
        (0.5, {"note": None}, "note: found None"),
    ],
)
def test_an_invalid_baseline_is_refused(value, more, says):
    with pytest.raises(TaskError, match=rf"Baseline\.{says}"):
        harness.Baseline(value, **more)


@pytest.mark.parametrize(
    ("value", "strict", "says"),
    [
        (94, False, "found 94 .* a value that accuracy can have, 0 to 1"),
        (-0.1, False, "found -0.1"),
        (1.0, True, "can be exceeded"),
    ],
)
def test_a_baseline_that_the_metric_cannot_reach_is_refused(value, strict, says):
    with pytest.raises(TaskError, match=f"baseline of 'dots': .*{says}"):
        declare(sources=(embedded(baseline=harness.Baseline(value, strict=strict)),))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"baseline": 0.5}, r"baseline: found 0.5 .* expected harness.Baseline\(value\)"),
        ({"title": ""}, "title: found ''"),
        ({"licence": ""}, "licence: found '' .* such as"),
        ({"licence": 4}, "licence: found 4"),
        ({"licence": "MIT", "license": "CC0"}, "license: found 'CC0' .* licence='MIT'; expected one of them"),
        ({"counts": (4, 4, 4)}, r"counts: found \(4, 4, 4\) .* expected harness.Counts"),
        ({"counts": harness.Counts(0, 4, 4)}, "counts: found Counts"),
        ({"counts": harness.Counts("4", 4, 4)}, "counts: found Counts"),
        ({"load": 3}, r"load: found 3 .* the function itself, without \(\)"),
        ({"load": lambda folder: parts()}, "load: found .*lambda.* a function that takes no argument"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_mistake_in_a_source_is_named_with_its_title(changes, says):
    with pytest.raises(TaskError, match=f"(?s)^(Embedded .*: )?{says}"):
        embedded(**changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"files": "a.npz"}, "files: found 'a.npz' .* with a comma"),
        ({"files": ()}, "files: found"),
        ({"files": ("../a.npz",)}, "files: found"),
        ({"files": ("/a.npz",)}, "files: found"),
        ({"load": parts}, "load: found parts .* a function that takes the folder with the files"),
    ],
    ids=lambda value: "",
)
def test_a_mistake_in_a_local_source_is_named(changes, says):
    with pytest.raises(TaskError, match=f"Local 'files': {says}"):
        local(**changes)


def test_a_licence_may_be_spelt_license():
    assert embedded(licence="", license="CC0").licence == "CC0"
    file = {"name": "a", "url": "https://example.org/a", "digest": "md5:" + "a" * 32}
    assert harness.File(**file, license="CC0").licence == "CC0"
    assert replace(embedded(licence="", license="CC0"), title="other").licence == "CC0"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"shape": 6}, "shape: found 6"),
        ({"shape": (None, 6)}, r"shape: found \(None, 6\)"),
        ({"shape": (0,)}, r"shape: found \(0,\)"),
        ({"shape": (1,) * 6}, "shape: found"),
        ({"shape": (6,), "dtype": "float"}, "dtype: found 'float' .* expected one of .*float32"),
        ({"shape": (6,), "dtype": "object"}, "dtype: found 'object'"),
        ({"shape": (6,), "dtype": float}, "dtype: found 'float'"),
        ({"shape": (6,), "low": "0"}, "low: found '0'"),
        ({"shape": (6,), "high": float("nan")}, "high: found nan"),
        ({"shape": (6,), "low": 2, "high": 1}, "low: found 2 .* at most high, 1"),
    ],
)
def test_a_mistake_in_the_inputs_is_named(given, says):
    with pytest.raises(TaskError, match=rf"Inputs\.{says}"):
        harness.Inputs(**given)


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32")])
def test_inputs_may_be_declared_as_numpy_does(dtype):
    assert harness.Inputs(shape=[6], dtype=dtype) == harness.Inputs(shape=(6,), dtype="float32")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "name: found ''"),
        ({"name": "a\nb"}, "name: found"),
        ({"compute": None}, "compute: found None .* a function of targets and predictions"),
        ({"compute": lambda targets: 0.0}, "compute: found"),
        ({"higher_is_better": "yes"}, "higher_is_better: found 'yes'"),
        ({"unit": None}, "unit: found None"),
        ({"of": "labels"}, "of: found 'labels'"),
        ({"outcomes": True}, "outcomes: found True"),
        ({"resampler": 1.0}, "resampler: found 1.0"),
        ({"kinds": "classification"}, "kinds: found"),
        ({"bounds": (1, 0)}, r"bounds: found \(1, 0\)"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_mistake_in_a_metric_is_named(changes, says):
    with pytest.raises(TaskError, match=f"Metric .*: {says}"):
        harness.Metric(**{"name": "figure", "compute": lambda t, p: 0.0, "higher_is_better": True} | changes)


@pytest.mark.parametrize(
    "digest", ["", "sha256", "sha256:", "sha256:" + "0" * 63, "md5:" + "0" * 64, "sha1:" + "0" * 40]
)
def test_a_file_whose_digest_cannot_be_one_is_refused(digest):
    with pytest.raises(TaskError, match=r"File 'usps\.bz2': digest: found"):
        harness.File(name="usps.bz2", url="https://example.org/usps.bz2", digest=digest)


@pytest.mark.parametrize("digest", ["md5:" + "a" * 32, "sha256:" + "b" * 64])
def test_a_file_has_an_md5_or_a_sha256_digest(digest):
    assert harness.File(name="usps.bz2", url="https://example.org/usps.bz2", digest=digest).digest == digest


@pytest.mark.parametrize(("shape", "dtype"), [(None, "float32"), ((3,), "str")])
def test_texts_have_no_shape_and_arrays_are_not_texts(shape, dtype):
    with pytest.raises(TaskError, match="texts"):
        harness.Inputs(shape=shape, dtype=dtype)


@pytest.mark.parametrize("name", ["fit_cpu_seconds", "memory_bytes", "processes", "parameters"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_must_be_positive(name, value):
    with pytest.raises(TaskError, match=f"Limits.{name}: found"):
        harness.Limits(**{name: value})


@pytest.mark.parametrize("value", [None, "300", True, float("inf")])
def test_a_limit_must_be_a_number(value):
    with pytest.raises(TaskError, match=r"Limits\.fit_cpu_seconds"):
        harness.Limits(fit_cpu_seconds=value)


def test_only_the_parameters_may_be_unlimited():
    assert harness.Limits(parameters=None).parameters is None


def test_the_wall_clock_stops_fit_at_three_times_its_cpu_limit():
    assert harness.Limits(fit_cpu_seconds=10).fit_seconds == 30


@pytest.mark.parametrize("name", ["alice", "a", "7up", "a-b_c", "x" * 64])
def test_a_name_of_lower_case_letters_digits_and_dashes_is_allowed(name):
    assert check_name(name, "submission") == name


@pytest.mark.parametrize(
    "name",
    ["", "Alice", "-a", "_a", "a b", "a/b", "..", "a.b", "é", "a\n", "\n", "x" * 65, "a\0", "²"],
)
def test_an_invalid_name_is_refused(name):
    with pytest.raises(UsageError, match="is not allowed"):
        check_name(name, "submission")


def test_the_name_of_the_staff_solutions_is_reserved():
    with pytest.raises(UsageError, match="reserved"):
        check_name("reference", "submission")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("Bob", "such as 'bob'"),
        ("Anna Lee!", "such as 'anna-lee'"),
        ("../x", "such as 'x'"),
        ("é", "digit$"),
        ("Reference", "digit$"),
    ],
)
def test_an_allowed_name_is_suggested(name: str, instead: str) -> None:
    with pytest.raises(UsageError, match=instead):
        check_name(name, "submission")


@pytest.mark.parametrize("packages", ["timm", ("timm", 3), ("timm; rm -rf /",), ("--index-url x",), ("",), ("a b",)])
def test_packages_are_names_that_pip_installs(packages):
    with pytest.raises(TaskError, match="packages"):
        declare(packages=packages)


def test_a_task_may_declare_packages():
    assert declare(packages=("timm", "scikit-image", "zope.interface")).packages[0] == "timm"


FILE = {"name": "a.npz", "url": "https://example.org/a.npz", "digest": f"md5:{'0' * 32}"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        *(({"name": name}, "name: found .* a plain file name") for name in ("..", ".", "a/b", "a\\b", "a\nb", "")),
        *(
            ({"url": url}, "url: found .* an address such as https://example.org/data.npz")
            for url in ("example.org/a", "/data/a", "file:///etc/passwd", "htps://example.org/a", "https://x.org/a b")
        ),
    ],
)
def test_each_mistake_in_a_file_is_named(changes, says):
    with pytest.raises(TaskError, match=says):
        harness.File(**FILE | changes)


def test_no_two_files_of_a_source_have_the_same_name():
    with pytest.raises(TaskError, match=r"files: found .* no two with the same name"):
        harness.Canonical(
            title="t",
            licence="l",
            baseline=harness.Baseline(0.5),
            load=lambda _: None,
            files=(harness.File(**FILE),) * 2,
        )


@pytest.mark.parametrize(
    ("text", "forbidden", "says"),
    [
        ("no convolution", "aten.conv*", "forbidden: found 'aten.conv[*]' .* with a comma after a single one"),
        ("no convolution", (1,), "forbidden: .* a tuple of patterns"),
        ("no convolution", (), "forbidden: .* a tuple of patterns"),
        ("nothing", ("*",), "forbidden: .* patterns that name an operator"),
        (None, ("aten.conv*",), "text: found None"),
    ],
)
def test_an_invalid_rule_is_refused(text, forbidden, says):
    with pytest.raises(TaskError, match=says):
        harness.Rule("no_convolution", text, forbidden)


@pytest.mark.parametrize("seconds", [0, 0.01, float("inf"), "60"])
def test_a_limit_of_zero_seconds_is_refused(seconds):
    with pytest.raises(TaskError, match=r"Limits.import_seconds: .* a number of seconds, at least 0.1"):
        harness.Limits(import_seconds=seconds)
