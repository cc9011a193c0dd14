"""Common mistakes are reported with one sentence that says what to do."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness.worker._explain import explain
from harness.worker._mistake import Doing


def told(
    folder: Path, code: str, doing: Doing = "fit", items: int = 0, artifact: Path | None = None, **names: Any
) -> str:
    """Run `code` as the student's model.py of `folder`, and return the message about what it raises."""
    path = folder / "model.py"
    path.write_text(code)
    try:
        exec(compile(code, str(path), "exec"), {"np": np, "__file__": str(path), **names})
    except BaseException as error:
        return explain(error, folder, doing, items, artifact).message
    raise AssertionError("nothing was raised")


class URLError(OSError):
    """As urllib's own."""


TASK = "class TaskInfo: pass\ntask = TaskInfo()\n"
PARSER = "import argparse; p = argparse.ArgumentParser(); "
SPLIT = "class Split: pass\ntrain = Split()\n"
SAMPLE = "raise FileNotFoundError(2, 'No such file or directory', 'digits.csv.gz')"
CASES = {
    "missing package": ("import timm_of_nobody", "import", "hand in timm_of_nobody.py next to model.py"),
    "usual package": ("import tensorflow", "import", "ask your instructor to add it"),
    "which there are": ("import nobody_has_this", "import", "numpy, scipy"),
    "colab": ("from google.colab import drive", "import", "in Colab only"),
    "relative": ("__package__ = ''\nfrom .net import Net", "import", "without the dot"),
    "notebook": ("get_ipython().magic('x')", "import", "hand in the notebook itself"),
    "no base": ("class Model(Model): pass", "import", r"class Model\(harness.Model\)"),
    "no import": ("nn.Linear", "fit", "from torch import nn"),
    "magic": ("%matplotlib inline\n", "import", "work in notebooks only"),
    "shell": ("x = 1\n!pip install timm\n", "import", "work in notebooks only"),
    "read-only": ("x = np.zeros(3); x.flags.writeable = False; x -= 1", "fit", r"x = x\.copy\(\)"),
    "assigned": ("x = np.zeros(3); x.flags.writeable = False; x[0] = 1", "predict", r"x = x\.copy\(\)"),
    "next to model.py": (f"raise OSError({errno.EROFS}, 'Read-only file system', '/x/log.txt')", "fit", "plain name"),
    "network": ("raise URLError('<urlopen error [Errno -3] Temporary failure in name resolution>')", "fit", "assets"),
    "gone": ("open('best.pt')", "predict", "keep what predict needs on self"),
    "home": ("open('/content/drive/train.csv')", "fit", "`train` and `validation`"),
    "cuda file": ("raise RuntimeError('Attempting to deserialize object on a CUDA device')", "load", "map_location"),
    "cuda": ("raise RuntimeError('Found no NVIDIA driver on your system')", "fit", r"torch\.cuda\.is_available"),
    "whole model": ("raise ValueError('Weights only load failed. This')", "load", "state_dict"),
    "batch norm": ("raise ValueError('Expected more than 1 value per channel when training')", "predict", r"\.eval"),
    "weight norm": ("raise RuntimeError('Serialization of parametrized modules is only supported')", "save", "remove"),
    "compiler": ("raise RuntimeError('No working C++ compiler found in cpp.cxx')", "fit", "use the module itself"),
    "input": ("raise EOFError('EOF when reading a line')", "fit", "nobody can answer input"),
    "never set": ("class Model: pass\nModel().mean", "predict", r"fit must set self\.mean"),
    "loader": ("raise RuntimeError('DataLoader worker (pid 7) exited')", "fit", "workers=0"),
    "other types": ("raise ValueError('expected scalar type Float but found Double')", "fit", r"dtype=torch\.float32"),
    "other labels": ("raise ValueError('expected target dtype to be Long or Byte')", "fit", r"\.long\(\)"),
    "curly quotes": ("x = \u201ca\u201d\n", "import", "type it again"),
    "control character": ("x = 1\n\x1a", "import", "a control character.*delete the line"),
    "tabs": ("if True:\n        x = 1\n\ty = 2\n", "import", "with spaces only"),
    "indentation": ("if True:\n    x = 1\n  y = 2\n", "import", "with spaces only"),
    "hard space": ("if True:\n\u00a0\u00a0x = 1\n", "import", "type it again"),
    "split": (SPLIT + "train.mean()", "fit", r"train\.inputs and train\.targets"),
    "unpacked": (SPLIT + "x, y = train", "fit", r"train\.inputs and train\.targets"),
    "arguments": (f"{PARSER}p.add_argument('x'); p.parse_args([])", "import", "every argument a default|give every"),
    "exit": ("exit(0)", "fit", "return instead"),
    "folder": ("open('.', 'wb')", "save", 'folder / "net.pt"'),
    "path and text": ("from pathlib import Path; Path('a') + '/net.pt'", "save", 'write folder / "net.pt"'),
    "text and path": ("from pathlib import Path; 'a/' + Path('net.pt')", "load", 'write folder / "net.pt"'),
    "not made in load": ("class Model: pass\nModel().net", "load", r"make self\.net in load first"),
    "facts": (TASK + "task.n_classes", "fit", r"len\(self\.task\.classes\)"),
    "no GPU of Apple": ("raise RuntimeError('PyTorch is not linked with support for mps devices')", "fit", "no GPU"),
    "hub": ("raise RuntimeError('It looks like there is no internet connection')", "fit", "there is no network"),
    "debugger": ("import bdb; raise bdb.BdbQuit", "fit", "delete breakpoint"),
    "no super": ("raise AttributeError('cannot assign module before Module.__init__() call')", "fit", "super"),
    "no tensor": ("raise TypeError('linear(): input must be Tensor, not numpy.ndarray')", "predict", "as_tensor"),
    "layer": ("raise RuntimeError('mat1 and mat2 shapes cannot be multiplied (8x96 and 100x2)')", "fit", "100 .*96"),
    "channels": (
        "raise RuntimeError('expected input[1, 8, 9] to have 1 channels, but got 8 channels')", "fit", "x.:, None."
    ),
    "dimensions": ("raise RuntimeError('Expected 3D or 4D input to conv2d, but got input')", "fit", "x.:, None."),
    "outputs": ("raise IndexError('Target 3 is out of bounds.')", "fit", "one output per class"),
    "target size": (
        "raise ValueError('Target size (torch.Size([8])) must be the same as input size (torch.Size([8, 1]))')", "fit",
        r"y\[:, None\]"
    ),
    "dimensions of an estimator": ("raise ValueError('Found array with dim 3, while')", "fit", "reshape"),
    "not fitted": ("class NotFittedError(ValueError): pass\nraise NotFittedError('x')", "predict", "on self"),
    "fitted again": ("raise ValueError('X has 8 features, but SVC is expecting 9')", "predict", r"\.transform"),
    "texts": ("raise ValueError('could not convert string to float: 7')", "fit", "TfidfVectorizer"),
    "a list": ("[].shape", "fit", "a list has no shape"),
    "Python 2": ("xrange(3)", "fit", "write range"),
    "except of Python 2": ("try: pass\nexcept OSError, e: pass", "import", "except ValueError as error"),
    "conflict": ("x = 1\n<<<<<<< HEAD\n", "import", "keep one of them"),
    "fence": ("```python\nx = 1\n```\n", "import", "delete the lines with ```"),
    "prompt": (">>> x = 1\n", "import", "delete what the prompt"),
    "page": ("<!DOCTYPE html>\n", "import", "download the file itself"),
    "damaged": ("raise RuntimeError('PytorchStreamReader failed reading zip archive: x')", "load", "copy it again"),
}  # fmt: skip
NEWER = {
    "quotes in an f-string": "d = {'a': 1}\nf'{d['a']}'",
    "a type": "type Vector = list[float]",
    "a parameter of a function": "def first[T](x: list[T]) -> T: return x[0]",
    "a parameter of a class": "class Box[T]: pass",
}
"""What Python 3.12 understands."""


def test_sample_data_that_is_hidden_is_reported_in_a_sentence(tmp_path: Path) -> None:
    code = f"exec(compile({SAMPLE!r}, '/packages/sklearn/datasets/_base.py', 'exec'))"
    assert "sample data of installed packages is hidden from models" in told(tmp_path, code)


@pytest.mark.parametrize("case", CASES)
def test_a_common_mistake_is_reported_with_what_to_do(tmp_path, case):
    code, doing, remedy = CASES[case]
    message = told(tmp_path, code, doing, URLError=URLError)  # type: ignore[arg-type]
    assert re.search(remedy, message), message
    assert message.count("\n") == 0


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python understands it")
@pytest.mark.parametrize("code", NEWER.values(), ids=NEWER)
def test_syntax_of_a_newer_python_is_reported_with_the_version_that_runs(tmp_path: Path, code: str) -> None:
    assert f"Python 3.{sys.version_info.minor} runs here" in told(tmp_path, code, "import")


def test_a_variable_of_fit_is_named_where_another_method_uses_it(tmp_path: Path) -> None:
    code = """
class Model:
    def fit(self):
        centre = 1
    def predict(self, inputs):
        return centre + elsewhere
"""
    message = told(tmp_path, f"{code}Model().predict([])", "predict")
    assert message.endswith("centre is a variable of fit, which only fit has: write self.centre in fit and here")
    assert "variable of fit" not in told(tmp_path, f"{code}centre = 1\nModel().predict([])", "predict")


def test_a_notebook_that_is_called_model_py_is_reported(tmp_path: Path) -> None:
    assert "call the file model.ipynb" in told(tmp_path, '{"execution_count": null}', "import")


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        (("net.pt",), 'the folder that load gets contains net.pt: open folder / "net.pt"'),
        (("a", "b/c", "d", "e"), 'contains a, b/c, d and 1 more: open folder / "a"'),
        (("structure.pkl", "arrays.safetensors"), "write `def save(self, folder):` for it, or delete your load"),
        ((), "is empty: write the file in save"),
    ],
)
def test_load_is_told_what_was_saved_in_place_of_the_missing_file(
    tmp_path: Path, saved: tuple[str, ...], said: str
) -> None:
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    for name in saved:
        (artifact / name).parent.mkdir(exist_ok=True)
        (artifact / name).write_bytes(b"1")
    missing = str(artifact / "model.pth")
    raised = f"raise FileNotFoundError('No such file or directory: {missing}')"
    for code in (f"open({missing!r})", raised):
        assert said in told(tmp_path, code, "load", artifact=artifact)


def test_load_is_told_that_files_are_in_the_folder_that_it_gets(tmp_path: Path) -> None:
    assert 'write and read folder / "net.pt"' in told(tmp_path, "open('net.pt')", "load", artifact=tmp_path)


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "net.pt is empty"), (b"<!DOCTYPE html><html>", "net.pt is a web page")]
)
def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    (artifact / "net.pt").write_bytes(content)
    assert said in told(tmp_path, "raise EOFError", "load", artifact=artifact)


def test_messages_name_files_without_the_folder_in_the_sandbox(tmp_path: Path) -> None:
    assert told(tmp_path, f"raise ValueError('{tmp_path}/lib/net.py is odd')") == "lib/net.py is odd"


def test_a_file_that_hides_a_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "einops.py").write_text("")
    hiding = ModuleType("einops")
    hiding.__file__ = str(tmp_path / "einops.py")
    monkeypatch.setitem(sys.modules, "einops", hiding)
    message = told(tmp_path, "import einops\neinops.rearrange")
    assert "einops.py next to model.py hides the package einops: give the file another name" in message


def test_loaders_that_may_start_no_process_get_a_remedy(tmp_path: Path) -> None:
    code = "raise PermissionError(13, 'Permission denied')"
    message = told(tmp_path, f"exec(compile({code!r}, '/packages/torch/utils/data/dataloader.py', 'exec'))")
    assert "no worker processes can be started at this isolation level: write num_workers=0" in message


def test_a_notebook_that_loads_data_is_told_to_use_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    message = told(tmp_path, "import harness\ntrain, validation = harness.load_data('usps')", "import")
    assert message.startswith("harness.load_data, check and evaluate work in your notebook only: delete the call")
    assert "is computed in fit, from its arguments `train` and `validation`" in message


def test_a_dimension_lost_by_squeezing_one_item_gets_a_remedy(tmp_path):
    code = "raise IndexError('Dimension out of range')"
    assert "squeeze(1)" in told(tmp_path, code, "predict", items=1)
    assert "squeeze" not in told(tmp_path, code, "predict", items=32)


def test_a_missing_file_beside_the_model_gets_a_remedy(tmp_path):
    (tmp_path / "words.txt").write_text("a")
    assert 'Path(__file__).parent / "words.txt"' in told(tmp_path, "open('words.txt')", "predict")


def test_a_pointer_of_git_lfs_is_named(tmp_path):
    (tmp_path / "net.pt").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    assert "net.pt is a pointer of Git LFS" in told(tmp_path, "raise ValueError('invalid load key')", "load")


def test_an_unknown_error_is_reported_unchanged(tmp_path):
    assert told(tmp_path, "raise ValueError('my own words')") == "my own words"


def test_the_remedy_of_a_long_message_is_kept(tmp_path):
    message = told(tmp_path, "raise ValueError('x' * 5000 + ' is read-only')")
    assert len(message) <= 2_000
    assert "work on a copy" not in message or message.endswith("x - mean`")


def test_libraries_do_not_fill_the_traceback(tmp_path):
    code = "import json, ast\ndef f():\n    ast.literal_eval('x')\nprint('said')\nf()\n"
    (tmp_path / "model.py").write_text(code)
    try:
        exec(compile(code, str(tmp_path / "model.py"), "exec"), {})
    except ValueError as error:
        lines = explain(error, tmp_path).traceback.splitlines()
    assert [line for line in lines if "File" in line][:2] == [
        '  File "model.py", line 5, in <module>',
        '  File "model.py", line 3, in f',
    ]
    assert len([line for line in lines if "File" in line]) == 3
    assert any("more in the libraries" in line for line in lines)


def test_an_error_of_the_contract_names_the_line_that_caused_it(tmp_path):
    code = "def f(): 1 / 0\ntry:\n    f()\nexcept ZeroDivisionError as error:\n    inner = error\n"
    names: dict[str, Any] = {}
    exec(compile(code, str(tmp_path / "model.py"), "exec"), names)
    raised = TypeError("ours")
    raised.__cause__ = names["inner"]
    found = explain(raised, tmp_path)
    assert (found.file, found.line) == ("model.py", 1)
