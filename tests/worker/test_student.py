"""Importing a submission, and the messages for violations of the contract."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.wire import Done, Load, Predict, Raised, Save


def model(fit="pass", predict="return np.zeros(len(inputs), int)", before="", extra=""):
    return (
        f"{before}\nclass Model(harness.Model):\n    {extra or 'pass'}\n"
        f"    def fit(self, train, validation):\n        {fit}\n    def predict(self, inputs):\n        {predict}\n"
    )


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("", "defines no class `Model`", None),
        ("Model = 3", "a int", None),
        ("\ndef Model(): pass", "a function", 4),
        ("class Net(harness.Model):\n    pass", "call your class Model instead of Net", 3),
        ("class Net(harness.Model): pass\nModel = Net()", "an object of the class Net", None),
        ("def fit(x, y): pass", "make fit and predict its methods", None),
        ("from decimal import Decimal as Model", "without the base harness.Model", None),
        (model(extra="def forward(self, x): pass").replace("def predict", "def other"), "may call your `forward`", 4),
        (model().replace("train, validation", "train"), "def fit(self, train, validation):`; the arrays are", 6),
        (model().replace("self, train", "train"), "def fit(self, train, validation):`", 6),
        (model().replace("train, validation", "a, b, c, d"), "`fit(self, a, b, c, d)` cannot be called", 6),
        (model().replace("self, inputs", "self, x, y"), "def predict(self, inputs):`", 8),
        (model(extra="def save(self): pass"), "a folder (a pathlib.Path) to write files into", 5),
        (model(extra="@classmethod\n    def load(cls, folder): pass"), "expected a plain method, `def load(self", 5),
        ("class Model:\n    pass", "without the base harness.Model", 3),
        ("class Model(harness.Model):\n    def predict(self, inputs): pass", "has no method `fit`", 3),
        ("class Model(harness.Model):\n    def fit(self, a, b): pass", "has no method `predict`", 3),
        (model(extra="def __init__(self, width, depth=2, *a, rate, **k): pass"), "arguments width, rate", 5),
    ],
)
def test_a_violation_of_the_contract_is_reported_at_its_line(worker, text, said, line):
    reply = worker(text).setup()
    assert isinstance(reply, Raised)
    assert reply.reason == "contract"
    assert said in reply.message
    assert reply.file == "model.py"
    assert reply.line == line
    assert reply.traceback == ""


def test_a_required_argument_of_a_base_class_is_named(worker):
    beside = "import harness\nclass Base(harness.Model):\n    def __init__(self, width): pass\n"
    reply = worker(model(before="import base").replace("harness.Model", "base.Base"), base=beside).setup()
    assert "arguments width" in reply.message


def test_methods_may_be_inherited_and_constructors_may_have_defaults(worker):
    text = model().replace("class Model(harness.Model)", "class Base(harness.Model)")
    text += "\nclass Model(Base):\n    def __init__(self, width=3, *more, **named): super().__init__()\n"
    assert isinstance(worker(text).setup(), Done)


def test_task_and_seed_are_set_before_the_constructor_runs(worker):
    extra = "def __init__(self): self.told = [self.seed, self.task.n_train, len(self.task.classes)]"
    fitted = worker(model(extra=extra, predict="return np.array(self.told)"))
    fitted.setup(seed=41)
    assert fitted.ask(Predict(), np.zeros((3, 2)))[1][0].tolist() == [41, 2, 2]


@pytest.mark.worker
def test_random_numbers_repeat_with_the_seed_and_not_without(submission, tmp_path):
    folder = submission(model(before="import random\nAT_IMPORT = [random.random(), float(np.random.rand())]"))
    script = """
import sys, json, random
from pathlib import Path
import numpy as np
from harness import TaskInfo
from harness.worker._student import make_model
task = TaskInfo(name="t", kind="classification", input_shape=None, input_dtype="str", classes=(), n_train=0,
                n_validation=0)
make_model(Path(sys.argv[1]), task, int(sys.argv[2]), None)
import model
print(json.dumps([model.AT_IMPORT, random.random(), float(np.random.rand())]))
"""
    drawn = [
        json.loads(subprocess.check_output([sys.executable, "-P", "-c", script, str(folder), seed], cwd=tmp_path))
        for seed in ("5", "5", "6")
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert drawn[0][0] == drawn[0][1:]  # seeded again before the constructor


def test_files_beside_the_model_are_imported_and_their_folder_is_first(worker):
    fitted = worker(model(fit="import json; raise RuntimeError(json.MINE)"), json="MINE = 'my own json'")
    fitted.setup()
    assert fitted.fit().message == "my own json"


CHILDREN = {
    "spawn": """
        import multiprocessing
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.map(double, [21]) == [42]
    """,
    "subprocess": """
        import subprocess
        found = subprocess.check_output([sys.executable, "-c", "import model, harness; print(model.double(21))"])
        assert int(found) == 42, found
    """,
}


@pytest.mark.parametrize("how", list(CHILDREN))
def test_model_is_importable_in_a_child_process(worker, how):
    body = CHILDREN[how].strip("\n")
    text = "def double(x): return 2 * x\nclass Model(harness.Model):\n    def predict(self, inputs): pass\n"
    text += f"    def fit(self, train, validation):\n{body}\n"
    fitted = worker(text)
    assert isinstance(fitted.setup(), Done)
    assert fitted.fit() == Done()


def test_saved_state_is_loaded_by_a_new_model(worker, tmp_path):
    fitted = worker(model(fit="self.kept = np.arange(4)", predict="return self.kept"))
    fitted.setup()
    assert fitted.fit() == Done()
    folder = tmp_path / "artifact"
    folder.mkdir()
    reply, arrays = fitted.ask(Save())
    while not isinstance(reply, Done):
        (folder / reply.path).write_bytes(arrays[0].tobytes())
        reply, arrays = fitted.channel.receive(lambda *_: None)
    fitted.setup()
    assert fitted.ask(Load(str(folder)))[0] == Done()
    assert fitted.ask(Predict(), np.zeros((4, 2)))[1][0].tolist() == [0, 1, 2, 3]


def test_a_load_that_returns_a_model_gets_a_remedy(worker, tmp_path):
    fitted = worker(model(extra="def load(self, folder): return Model()"))
    fitted.setup()
    reply, _ = fitted.ask(Load(str(tmp_path)))
    assert "set the attributes of self" in reply.message
    assert reply.file == "model.py"


def test_the_submission_sees_its_own_program_arguments(worker):
    fitted = worker(model(before="ARGUMENTS = list(sys.argv)", fit="assert ARGUMENTS == sys.argv == ['model.py']"))
    assert fitted.setup() == Done()
    assert fitted.fit() == Done()


def test_inputs_are_read_only_and_logs_come_before_the_reply(worker):
    fitted = worker(model(fit="self.log(loss=1, bad=float('nan')); train.inputs[0] = 1"))
    fitted.setup()
    logged = fitted.fit()
    assert logged.values == {"loss": 1.0}
    reply, _ = fitted.channel.receive(lambda *_: None)
    assert "read-only" in reply.message


@pytest.mark.parametrize(
    "raised",
    [
        "ValueError('cannot open \\udcff.txt')",
        "type('Odd\\udcff', (Exception,), {})('m')",
        "SyntaxError('m', ('model.py', 2**70, 1, 'x'))",
        "type('E', (Exception,), {'__str__': lambda self: sys.exit(3)})()",
        "type('E', (Exception,), {'__str__': lambda self: 1 / 0})()",
        "type('E', (str, Exception), {})('m') if False else Exception(type('S', (str,), {})('m'))",
    ],
    ids=["surrogate", "surrogate-class", "long-line", "str-exits", "str-raises", "str-subclass"],
)
def test_the_worker_reports_any_exception_and_continues(worker, raised):
    fitted = worker(model(fit=f"raise {raised}"))
    fitted.setup()
    assert isinstance(fitted.fit(), Raised)
    assert isinstance(fitted.fit(), Raised)


@pytest.mark.parametrize("value", ["np.zeros((1,) * 7)", "np.zeros((1,) * 32, np.int8)"])
def test_an_array_of_too_many_dimensions_is_an_answer_too(worker, value):
    fitted = worker(model(predict=f"return {value}"))
    fitted.setup()
    reply, _ = fitted.ask(Predict(), np.zeros((1, 2)))
    assert isinstance(reply, Raised)
    assert reply.reason == "predictions"


@pytest.mark.worker
def test_the_worker_ends_silently_when_the_host_closes_the_channel(submission, tmp_path):
    (there, requests), (replies, back) = os.pipe(), os.pipe()
    main = Path(harness.__file__).parent / "worker" / "__main__.py"
    command = [sys.executable, "-P", str(main), str(there), str(back)]
    with subprocess.Popen(command, pass_fds=(there, back), stderr=subprocess.PIPE) as child:
        os.close(there), os.close(back), os.close(requests)
        assert child.stderr.read() == b""
        assert child.wait(60) == 0
    os.close(replies)


@pytest.mark.worker
def test_limits_are_put_on_before_student_code_runs_and_cannot_be_raised(submission, tmp_path):
    script = """
import json, resource as r
from harness import Limits
from harness.worker._confine import confine
r.setrlimit(r.RLIMIT_NPROC, (3000, 3000))
confine(Limits(memory_bytes=100 << 20, scratch_bytes=1 << 20), 4096)
def big():
    try: bytearray(200 << 20); return "had"
    except MemoryError: return "MemoryError"
def long():
    try: open("x", "wb").write(bytes(2 << 20)); return "had"
    except OSError as error: return error.errno
kinds = (r.RLIMIT_CORE, r.RLIMIT_FSIZE, r.RLIMIT_NPROC, r.RLIMIT_DATA)
print(json.dumps([big(), long(), [r.getrlimit(kind) for kind in kinds]]))
"""
    memory, file, limits = json.loads(subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path))
    assert (memory, file) == ("MemoryError", errno.EFBIG)
    assert limits[:3] == [[0, 0], [1 << 20, 1 << 20], [3000, 3000]]  # of two limits the lower one
    soft, hard = limits[3]
    assert soft == hard < 1 << 30  # what a process may raise again holds it to nothing
