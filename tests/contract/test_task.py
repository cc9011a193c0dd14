"""A declaration that is wrong is refused at the door, by name."""

import numpy as np
import pytest

import harness
from harness.contract import TaskError, UsageError, check_name


def parts():
    split = harness.Split(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1]))
    return harness.Parts(split, split, split)


def embedded(**changes):
    return harness.Embedded(
        **{"title": "dots", "licence": "none", "load": parts, "baseline": harness.Baseline(0.5)} | changes
    )


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


def test_a_declaration_that_is_right_is_accepted_and_its_first_metric_ranks():
    task = declare(metrics=(harness.metrics.macro_f1, harness.metrics.accuracy))
    assert task.primary is harness.metrics.macro_f1


def test_a_task_is_named_by_its_folder_and_never_by_its_declaration():
    task = declare()
    assert task.named("dots").name == "dots"
    assert task.name == ""
    with pytest.raises(TypeError, match="name"):
        declare(name="dots")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kind": "clasification"}, "kind 'clasification' is unknown"),
        ({"title": "  "}, "title is empty"),
        ({"split": ""}, "`split` does not say"),
        ({"sources": ()}, "no source"),
        ({"sources": ("usps",)}, "a source is none of"),
        ({"metrics": ()}, "no metric"),
        ({"metrics": ("accuracy",)}, "not a harness.Metric"),
        ({"metrics": (harness.metrics.accuracy,) * 2}, "same name"),
        ({"classes": ()}, "at least two classes"),
        ({"classes": ("only",)}, "at least two classes"),
        ({"kind": "detection", "classes": ()}, "detection needs at least two classes"),
        ({"horizon": 3}, "`horizon`"),
        ({"kind": "forecasting"}, "`horizon`"),
        ({"rules": ("no convolution",)}, "not a harness.Rule"),
        ({"weights": "alowed"}, "weights='alowed'"),
        ({"batch": 0}, "batch"),
        ({"threads": 0}, "threads"),
        # the comma that makes a tuple of one is what people forget
        ({"metrics": harness.metrics.accuracy}, "metric"),
        ({"sources": embedded()}, "source"),
        ({"rules": harness.rules.fully_connected_only}, "rule"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_mistake_in_a_declaration_is_named(changes, named):
    with pytest.raises(TaskError, match=named):
        declare(**changes)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(TaskError, match=r"(?s)title is empty.*no metric"):
        declare(title="", metrics=())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.94", None])
def test_a_baseline_that_cannot_be_compared_with_is_refused(value):
    with pytest.raises(TaskError, match="baseline"):
        harness.Baseline(value)


def test_a_source_without_a_baseline_is_refused():
    with pytest.raises(TaskError, match="'dots' has no baseline"):
        embedded(baseline=0.5)


@pytest.mark.parametrize(
    "digest", ["", "sha256", "sha256:", "sha256:" + "0" * 63, "md5:" + "0" * 64, "sha1:" + "0" * 40]
)
def test_a_file_whose_digest_cannot_be_one_is_refused(digest):
    with pytest.raises(TaskError, match=r"'usps\.bz2' has the digest"):
        harness.File(name="usps.bz2", url="https://example.org/usps.bz2", digest=digest)


@pytest.mark.parametrize("digest", ["md5:" + "a" * 32, "sha256:" + "b" * 64])
def test_a_file_has_an_md5_or_a_sha256_digest(digest):
    assert harness.File(name="usps.bz2", url="https://example.org/usps.bz2", digest=digest).digest == digest


@pytest.mark.parametrize(("shape", "dtype"), [(None, "float32"), ((3,), "str")])
def test_texts_have_no_shape_and_arrays_are_no_texts(shape, dtype):
    with pytest.raises(TaskError, match="texts"):
        harness.Inputs(shape=shape, dtype=dtype)


@pytest.mark.parametrize("name", ["fit_cpu_seconds", "memory_bytes", "processes", "parameters"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_must_be_above_nothing(name, value):
    with pytest.raises(TaskError, match=f"Limits.{name}"):
        harness.Limits(**{name: value})


@pytest.mark.parametrize("value", [None, "300"])
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
def test_any_other_name_is_refused(name):
    with pytest.raises(UsageError, match="is not allowed"):
        check_name(name, "submission")


def test_the_name_of_the_staff_solutions_is_reserved():
    with pytest.raises(UsageError, match="reserved"):
        check_name("reference", "submission")
