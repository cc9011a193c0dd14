# ruff: noqa: E501 - one case, one line
"""Submissions with one fault each, and what their records should say."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

PATIENT = {"import": 60, "save": 60, "load": 60, "predict": 60, "measure": 60}
"""Seconds of the wall clock that nobody needs, however busy the machine is."""


def _limits(fit_cpu: float = 20, **hasty: float) -> str:
    seconds = "".join(f"{phase}_seconds={limit}, " for phase, limit in (PATIENT | hasty).items())
    rest = "memory_bytes=400 << 20, parameters=1_000, artifact_bytes=100_000, output_bytes=1 << 20"
    return f"{seconds}fit_cpu_seconds={fit_cpu}, {rest}"


TASKS = {
    "tight": _limits(),
    "hasty-import": _limits(**{"import": 0.2}),
    "hasty-fit": _limits(fit_cpu=0.1),
    "hasty-load": _limits(load=0.2),
    "hasty-predict": _limits(predict=0.2),
    "hasty-measure": _limits(measure=0.3),
}
"""Limits of a task; a hasty one has no patience in one phase, for those who would never end there."""


def model(fit: str = "pass", predict: str = "return np.zeros(len(inputs), int)", top: str = "", more: str = "") -> str:
    """Return a ``model.py``; the line that should be blamed ends with ``# here``."""
    return (
        f"import os, sys, time\nimport numpy as np\nimport harness\n{top}\n"
        "class Model(harness.Model):\n"
        f"    def fit(self, train, validation):\n{indent(dedent(fit), ' ' * 8)}\n"
        f"    def predict(self, inputs):\n{indent(dedent(predict), ' ' * 8)}\n"
        f"{indent(dedent(more), ' ' * 4)}\n"
    )


@dataclass(frozen=True)
class Bad:
    """A submission with one fault, and the record it should become."""

    source: str | None
    failure: str
    """``kind in phase``."""
    says: tuple[str, ...]
    also: Callable[[Path], object] = lambda folder: None
    """Puts more into the folder."""
    blamed: str | None = "model.py"
    """The file that holds ``# here``; None where no line can be told."""
    task: str = "tight"


def returning(expression: str, *says: str) -> Bad:
    return Bad(model(predict=f"return {expression}"), "bad_predictions in predict", says)


def write(name: str, content: str | bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


SPIN = "while True: pass"
SLEEP = "time.sleep(1000)"
HOARD = "hoard = []\nwhile True: hoard.append(np.ones(4 << 20))"
HOARD_ONCE = "np.ones(1 << 40)  # here"
TIRES = """
self.asked = getattr(self, "asked", 0) + 1
if self.asked > 20:
    {}
return np.zeros(len(inputs), int)
"""
MISSHAPED = ("for 120 inputs", "expected (120,) integer labels or (120, 3) float scores")

BAD: dict[str, Bad] = {
    # files and import
    "model-py-missing": Bad(None, "invalid_submission in import", ("model.py is missing", "class `Model`")),
    "folder-called-model-py": Bad(
        None, "invalid_submission in import", ("model.py is missing",), also=lambda folder: (folder / "model.py").mkdir()
    ),
    "model-py-empty": Bad("", "invalid_submission in import", ("no class `Model`", "class Model(harness.Model)")),
    "syntax-error": Bad("import harness\nclass Model(:  # here\n", "invalid_submission in import", ("SyntaxError",)),
    "syntax-error-in-helper": Bad(
        f"import helper\n{model()}", "invalid_submission in import", ("SyntaxError",), write("helper.py", "\n)  # here"),
        blamed="helper.py",
    ),
    "null-byte": Bad(
        None, "invalid_submission in import", ("null bytes",), write("model.py", b"x = 1\0\n")
    ),
    "no-model": Bad("import harness\nx = 1\n", "invalid_submission in import", ("defines no class `Model`",)),
    "model-is-a-function": Bad(
        "def Model():  # here\n    pass", "invalid_submission in import", ("is a function", "class Model(harness.Model)")
    ),
    "model-without-base": Bad(
        "class Model:  # here\n    pass", "invalid_submission in import", ("without the base harness.Model",)
    ),
    "no-predict": Bad(
        "import harness\nclass Model(harness.Model):  # here\n    def fit(self, train, validation): pass",
        "invalid_submission in import", ("no method `predict`",),
    ),
    "constructor-arguments": Bad(
        model(more="def __init__(self, width, depth=3): pass  # here"),
        "invalid_submission in import", ("needs the arguments width:", "give them defaults"),
    ),
    "constructor-raises": Bad(
        model(more="def __init__(self): 1 / 0  # here"), "invalid_submission in import", ("ZeroDivisionError",)
    ),
    "import-raises": Bad(
        model(top="raise RuntimeError('not today')  # here"), "invalid_submission in import", ("RuntimeError: not today",)
    ),
    "import-of-no-such-package": Bad(
        model(top="import no_such_package  # here"), "invalid_submission in import", ("No module named 'no_such_package'",)
    ),
    "helper-raises": Bad(
        f"import helper\n{model()}", "invalid_submission in import", ("KeyError",),
        write("helper.py", "x = {}\nx['a']  # here\n"), blamed="helper.py",
    ),
    "import-exits": Bad(model(top="sys.exit(0)  # here"), "invalid_submission in import", ("called sys.exit(0)",)),
    "import-hangs": Bad(
        model(top=SLEEP), "timeout in import", ("limit import_seconds", "0.2 s allowed"), task="hasty-import"
    ),
    "link": Bad(
        model(), "invalid_submission in import", ("'labels.csv'", "links"),
        lambda folder: (folder / "labels.csv").symlink_to("/etc/passwd"),
    ),
    "linked-folder": Bad(
        model(), "invalid_submission in import", ("'more'",), lambda folder: (folder / "more").symlink_to("/etc")
    ),
    "model-py-is-a-link": Bad(
        None, "invalid_submission in import", ("'model.py'",), lambda folder: (folder / "model.py").symlink_to("/etc/passwd")
    ),
    "pipe": Bad(
        model(), "invalid_submission in import", ("'pipe'", "pipes"), lambda folder: os.mkfifo(folder / "pipe")
    ),
    "too-much-data": Bad(
        model(), "resource_limit in import", ("70000 bytes", "limit shipped_bytes 65536"), write("table.bin", bytes(70_000))
    ),
    # fit
    "fit-raises": Bad(model(fit="raise ValueError('no idea')  # here"), "fit_error in fit", ("ValueError: no idea",)),
    "fit-raises-what-is-no-unicode": Bad(
        model(fit=r"raise ValueError('\udcff')  # here"), "fit_error in fit", ("ValueError",)
    ),
    "fit-recurses": Bad(
        model(fit="def deeper(): deeper()  # here\ndeeper()"), "fit_error in fit", ("RecursionError",)
    ),
    "fit-exits": Bad(model(fit="sys.exit(3)  # here"), "fit_error in fit", ("called sys.exit(3)",)),
    "fit-leaves": Bad(model(fit="os._exit(0)"), "fit_error in fit", ("ended with exit code 0", "let it return")),
    "fit-kills-itself": Bad(
        model(fit="os.kill(os.getpid(), 11)"), "fit_error in fit", ("SIGSEGV",)
    ),
    "fit-sleeps": Bad(
        model(fit=SLEEP), "timeout in fit", ("limit fit_seconds", "0.3 s allowed", "make it faster"), task="hasty-fit"
    ),
    "fit-spins": Bad(
        model(fit=SPIN), "timeout in fit", ("limit fit_", "s allowed", "make it faster"), task="hasty-fit"
    ),
    "fit-hoards": Bad(model(fit=HOARD), "out_of_memory in fit", ("memory_bytes", "419,430,400")),
    "fit-asks-for-too-much": Bad(model(fit=HOARD_ONCE), "out_of_memory in fit", ("memory_bytes", "419,430,400")),
    # save, weigh, load
    "save-cannot": Bad(
        model(fit="import threading\nself.lock = threading.Lock()"), "save_error in save", ("self.lock", "cannot be saved")
    ),
    "save-raises": Bad(model(more="def save(self, folder): 1 / 0  # here"), "save_error in save", ("ZeroDivisionError",)),
    "artifact-too-big": Bad(
        model(fit="self.big = np.zeros(20_000)"), "resource_limit in save", ("limit artifact_bytes 100,000",)
    ),
    "too-many-parameters": Bad(
        model(fit="self.big = np.zeros(1_001)"), "resource_limit in weigh", ("parameters 1,001", "limit 1,000")
    ),
    "load-raises": Bad(model(more="def load(self, folder): 1 / 0  # here"), "load_error in load", ("ZeroDivisionError",)),
    "load-hangs": Bad(
        model(more="def load(self, folder): time.sleep(1000)"), "timeout in load", ("load_seconds",), task="hasty-load"
    ),
    # predict
    "predict-raises": Bad(model(predict="{}['x']  # here"), "predict_error in predict", ("KeyError",)),
    "predict-exits": Bad(model(predict="sys.exit()  # here"), "predict_error in predict", ("called sys.exit(None)",)),
    "predict-leaves": Bad(model(predict="os._exit(7)"), "predict_error in predict", ("ended with exit code 7",)),
    "predict-sleeps": Bad(
        model(predict=SLEEP), "timeout in predict", ("limit predict_seconds", "0.2 s allowed"), task="hasty-predict"
    ),
    "predict-hoards": Bad(model(predict=HOARD), "out_of_memory in predict", ("memory_bytes", "419,430,400")),
    "predict-changes-inputs": Bad(
        model(predict="inputs[0] = 0  # here"), "predict_error in predict", ("read-only",)
    ),
    "predict-fails-when-timed": Bad(
        model(predict=TIRES.format("raise RuntimeError('tired')  # here")), "predict_error in measure", ("tired",)
    ),
    "predict-sleeps-when-timed": Bad(
        model(predict=TIRES.format("time.sleep(1000)")), "timeout in measure", ("limit measure_seconds", "0.3 s allowed"),
        task="hasty-measure",
    ),
    # predictions
    "too-few": returning("np.zeros(len(inputs) - 1, int)", "shape (119,)", *MISSHAPED),
    "four-classes": returning("np.zeros((len(inputs), 4))", "shape (120, 4)", *MISSHAPED),
    "names": returning("['left'] * len(inputs)", "a list of dtype <U4", "integers or floats"),
    "nothing": returning("None", "returned None"),
    "label-too-high": returning("np.full(len(inputs), 3)", "the label 3", "expected 0 to 2"),
    "half-a-label": returning("np.full(len(inputs), 0.5)", "the label 0.5", "whole numbers"),
    "nan": returning("np.full((len(inputs), 3), np.nan)", "nan", "item 0", "finite"),
    "infinite": returning("np.where(inputs[:, 0] > 2, 0, np.inf)", "inf", "item 0", "finite"),
}  # fmt: skip

FIRST = (
    "model-py-missing", "model-py-empty", "syntax-error-in-helper", "model-is-a-function", "constructor-arguments",
    "import-raises", "import-of-no-such-package", "import-hangs", "link", "pipe", "too-much-data", "fit-raises",
    "fit-leaves", "fit-spins", "fit-hoards", "save-cannot", "artifact-too-big", "too-many-parameters", "load-raises",
    "predict-raises", "predict-sleeps", "predict-fails-when-timed", "too-few", "nan",
)  # fmt: skip
"""One or two for each phase and each kind of failure: what the class has of them. CI evaluates the others, too."""
IN_CLASS = {name: BAD[name] for name in FIRST}
OTHERS = {name: bad for name, bad in BAD.items() if name not in FIRST}
