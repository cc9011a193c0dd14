"""One sentence of advice for each of the most common mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields

from harness.contract import TaskInfo
from harness.worker._mistake import Mistake
from harness.worker._remedies_files import (
    no_file,
    no_network,
    other_contents,
    paths_as_texts,
    read_only,
    sample_data,
    saving,
)
from harness.worker._remedies_libraries import estimators, layers, processes, tensors, texts
from harness.worker._remedies_source import (
    encoding,
    hidden_package,
    imports,
    names_from_elsewhere,
    notebook_syntax,
    other_languages,
    undefined,
)


def remedy(mistake: Mistake) -> str:
    """Return what to do about `mistake`, or an empty string if that is unknown."""
    return next((found for rule in _RULES if (found := rule(mistake))), "")


def _for_notebooks(mistake: Mistake) -> str | None:
    """Explain that functions for notebooks do not exist while a model is trained or predicts."""
    if calls_for_notebooks(mistake):
        return (
            "harness.load_data, check and evaluate work in your notebook only: delete the call; what the model needs "
            "of the data is computed in fit, from its arguments `train` and `validation`"
        )
    return None


def calls_for_notebooks(mistake: Mistake) -> bool:
    """Return whether a function for notebooks was called, whose own message is about something else."""
    return "UsageError" in mistake.names() and mistake.passes_through("/harness/interactive/")


def _split(mistake: Mistake) -> str | None:
    if isinstance(mistake.error, AttributeError | TypeError | ValueError) and re.search(
        r"'Split' object|Split object|Split\(|\.Split'", mistake.text
    ):
        return (
            "fit gets two Splits, `train` and `validation`: the arrays are train.inputs and train.targets, "
            "validation.inputs and validation.targets"
        )
    return None


def _facts_of_the_task(mistake: Mistake) -> str | None:
    if mistake.mentions("'TaskInfo' object has no attribute"):
        names = ", ".join(one.name for one in fields(TaskInfo))
        return f"self.task has {names}; the number of classes is len(self.task.classes)"
    return None


def _leaving(mistake: Mistake) -> str | None:
    if isinstance(mistake.error, SystemExit):
        if mistake.passes_through("argparse.py"):
            return "there are no command-line arguments here: give every argument a default, or use plain constants"
        return "do not call exit() or sys.exit(): return instead"
    return None


def _waiting_for_input(mistake: Mistake) -> str | None:
    if isinstance(mistake.error, EOFError) and mistake.mentions("EOF when reading a line"):
        return "nobody can answer input() here: write the value into the code"
    return None


def _debugger(mistake: Mistake) -> str | None:
    if "BdbQuit" in mistake.names():
        return "nobody can use a debugger here: delete breakpoint() or pdb.set_trace()"
    return None


def _never_set(mistake: Mistake) -> str | None:
    missing = re.search(r"'Model' object has no attribute '(\w+)'", mistake.text)
    if missing is None or not isinstance(mistake.error, AttributeError):
        return None
    if mistake.doing == "load":
        return f"load is called on a new Model(), on which fit has not run: make self.{missing[1]} in load first"
    if mistake.doing != "predict":
        return None
    return (
        f"fit must set self.{missing[1]}, or load if you wrote one: predict runs in a new process, which has only what "
        "was saved"
    )


def _one_item(mistake: Mistake) -> str | None:
    if mistake.doing != "predict" or mistake.items != 1:
        return None
    if not isinstance(mistake.error, IndexError | ValueError | RuntimeError | TypeError):
        return None
    return (
        "predict got a single item: it must work for any number of items, and squeeze() also removes the axis of a "
        "single item, so name the axis to remove, as in squeeze(1)"
    )


_RULES: tuple[Callable[[Mistake], str | None], ...] = (
    _for_notebooks, hidden_package, sample_data, imports, undefined, names_from_elsewhere, encoding,
    notebook_syntax, other_languages, read_only,
    no_network, other_contents, no_file, tensors, layers, estimators, texts, processes, _split,
    _facts_of_the_task, _leaving, _waiting_for_input, _debugger, _never_set, paths_as_texts, saving, _one_item,
)  # fmt: skip
