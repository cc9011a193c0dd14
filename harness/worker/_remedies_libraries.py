"""Advice about what torch, scikit-learn and libraries that start processes expect."""

from __future__ import annotations

import re

from harness.worker._mistake import Mistake

_OTHER_TYPES = (
    "expected scalar type", "must have the same dtype", "expected target dtype", "and bias type (", "and weight type (",
)  # fmt: skip
_NO_GPU = (
    "No CUDA GPUs are available", "not compiled with CUDA", "Found no NVIDIA driver", "support for mps devices",
    "MPS backend",
)  # fmt: skip


def tensors(mistake: Mistake) -> str | None:
    if mistake.mentions("deserialize object on a CUDA device"):
        return 'load it for the CPU: torch.load(path, map_location="cpu")'
    if mistake.mentions(*_NO_GPU):
        return 'there is no GPU here: write device = "cuda" if torch.cuda.is_available() else "cpu" and .to(device)'
    if mistake.mentions("Weights only load failed", "on <module '__main__'"):
        return (
            "the file contains a whole model, which can be loaded only if its class is in the same module: save the "
            "numbers instead, torch.save(net.state_dict(), path), and load them with "
            "net.load_state_dict(torch.load(path))"
        )
    if mistake.mentions(*_OTHER_TYPES):
        return (
            "tensors have different types: write torch.as_tensor(inputs, dtype=torch.float32) for the input of a "
            "layer, and .long() for labels"
        )
    if mistake.mentions("Expected more than 1 value per channel when training"):
        return "a module is in training mode: call self.net.eval() at the end of fit"
    if mistake.mentions("No working C++ compiler", "No C++ compiler"):
        return "torch.compile needs a C++ compiler, which this machine does not have: use the module itself instead"
    if mistake.mentions("support the deepcopy protocol", "parametrized modules is only supported"):
        return (
            "layers under weight_norm and other parametrisations cannot be copied or saved whole: call "
            'torch.nn.utils.parametrize.remove_parametrizations(layer, "weight") at the end of fit'
        )
    return None


def layers(mistake: Mistake) -> str | None:
    """Explain what a layer or a loss of torch expects."""
    if mistake.mentions("before Module.__init__() call"):
        return "write super().__init__() in the first line of that class's __init__"
    if mistake.mentions("must be Tensor, not ", "got (numpy.ndarray", "got (list"):
        return "arrays and lists are no tensors: write torch.as_tensor(inputs)"
    shapes = re.search(r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)", mistake.text)
    if shapes:
        return (
            f"the layer is for {shapes[2]} values per item and gets {shapes[1]}: change its first number to "
            f"{shapes[1]}, or the shape of the items, for which x.flatten(1) joins all axes but the first"
        )
    if re.search(r"input to conv\dd, but got|expected input\[.*\] to have \d+ channels", mistake.text):
        return (
            "a convolution expects the axis of channels after that of items: x[:, None] adds one, and x.movedim(-1, 1) "
            "moves the last axis there"
        )
    if re.fullmatch(r"Target -?\d+ is out of bounds\.?", mistake.text):
        return "the last layer needs one output per class, len(self.task.classes)"
    if re.search(r"Target size \(.*\) must be the same as input size", mistake.text):
        return "give targets the shape of the outputs, such as y[:, None].float()"
    return None


def estimators(mistake: Mistake) -> str | None:
    """Explain what an estimator of scikit-learn expects."""
    if re.search(r"Found array with dim \d", mistake.text):
        return "estimators expect one row of numbers per item: write x.reshape(len(x), -1)"
    if "NotFittedError" in mistake.names() and mistake.doing == "predict":
        return "keep the estimator that fit has fitted on self, and use that one"
    if re.search(r"X has \d+ features, but \w+ is expecting \d+", mistake.text) and mistake.doing == "predict":
        return "prepare inputs as in fit, with what was fitted there: .transform(...), not .fit_transform(...)"
    return None


def texts(mistake: Mistake) -> str | None:
    """Explain that texts come as a list, and are not numbers."""
    if mistake.mentions("could not convert string to float", "too many dimensions 'str'"):
        return "texts are not numbers: turn them into numbers first, as TfidfVectorizer does, or a list of known words"
    if re.search(r"'list' object has no attribute '(shape|reshape|astype|flatten)'", mistake.text):
        return (
            "a list has no shape: np.asarray(...) makes an array of one; if the task is about texts, inputs are a list"
        )
    return None


def processes(mistake: Mistake) -> str | None:
    workers = ("multiprocessing", "torch/utils/data", "joblib", "concurrent/futures")
    if isinstance(mistake.error, PermissionError) and mistake.passes_through(*workers):
        return "no worker processes can be started at this isolation level: write num_workers=0 (or n_jobs=1)"
    if mistake.mentions("AF_UNIX path too long"):
        return (
            "sockets between processes need a folder for temporary files with a short name: write num_workers=0 (or "
            "n_jobs=1), or ask your instructor to set TMPDIR to such a folder"
        )
    if mistake.mentions("DataLoader worker (pid", "process in the process pool was terminated"):
        return (
            "a worker process was killed, usually because it needed too much memory: write num_workers=0 (or n_jobs=1)"
        )
    return None
