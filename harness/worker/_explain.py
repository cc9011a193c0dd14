"""Turn an exception of student code into a message that names the student's file and line."""

from __future__ import annotations

import errno
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from harness.sourcetext import unreadable_source
from harness.wire import MAX_LINE, MAX_MESSAGE, MAX_NAME, MAX_PATH, MAX_TRACEBACK, Raised, Reason
from harness.worker._mistake import Doing, Mistake
from harness.worker._remedies import calls_for_notebooks, remedy

_FRAMES, _CAUSES = 20, 8
_FORMATTING = re.compile(r"\x1b\[[0-9;]*m")
"""The codes by which a terminal changes colour or weight; some libraries have them in their messages."""


class ContractError(Exception):
    """The submission violates the contract, in `line` of `file` if these are known."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.reason: Reason = "contract"


class PredictionsError(ContractError):
    """The return value of `predict` is not a plain array."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.reason = "predictions"


class ArtifactError(ContractError):
    """The files that `save` wrote cannot be used."""


def explain(
    error: BaseException, folder: Path, doing: Doing = "other", items: int = 0, artifact: Path | None = None
) -> Raised:
    """Describe `error` and what to do about it; `folder` is the folder of the submission.

    `doing` is the call in which the submission failed, `items` the number of inputs that predict got, and `artifact`
    the folder that load got.
    """
    if isinstance(error, ContractError):
        return Raised("", _text(error)[:MAX_MESSAGE], error.file, error.line, "", error.reason)
    file, line = _where(error, folder)
    return Raised(
        encodable(type(error).__name__)[:MAX_NAME],
        _with_remedy(Mistake(error, _text(error), doing, items, folder, artifact)),
        None if file is None else encodable(file)[:MAX_PATH],
        line if isinstance(line, int) and 0 < line <= MAX_LINE else None,  # a SyntaxError may have any object as line
        _traceback(error, folder)[-MAX_TRACEBACK:],
        _reason(error),
    )


def _with_remedy(mistake: Mistake) -> str:
    """Return the error's text, truncated if necessary, and one sentence on what to do."""
    try:
        advice = encodable(remedy(mistake))
        if calls_for_notebooks(mistake):
            return advice
    except Exception:  # student code defines the error's class, and may do anything when the error is inspected
        advice = ""
    text = mistake.text.replace(f"{mistake.folder}/", "")
    if not advice:
        return text[:MAX_MESSAGE]
    first_line = text.strip().partition("\n")[0][: MAX_MESSAGE - len(advice) - 4].rstrip(" .:").removesuffix(". See")
    return f"{first_line}: {advice}" if first_line else advice


def _reason(error: BaseException) -> Reason:
    text = _text(error)
    if isinstance(error, MemoryError) or "DefaultCPUAllocator: can't allocate memory" in text:
        return "memory"
    if (isinstance(error, OSError) and error.errno == errno.EAGAIN) or "can't start new thread" in text:
        return "processes"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return "scratch"
    return "error"


def _text(error: BaseException) -> str:
    try:
        text = f"called sys.exit({error.code!r})" if isinstance(error, SystemExit) else str(error)
    except BaseException:  # a class of student code may fail to describe its exception, or try to exit
        return "(the exception cannot be shown)"
    return encodable(_FORMATTING.sub("", text))


def encodable(text: str) -> str:
    """Return `text` with escapes for what UTF-8 cannot encode, such as half a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()


def _where(error: BaseException, folder: Path) -> tuple[str | None, int | None]:
    if isinstance(error, SyntaxError) and isinstance(error.filename, str) and _inside(error.filename, folder):
        return _relative(error.filename, folder), error.lineno
    if unreadable := unreadable_source(error, _text(error), folder):
        return unreadable[0], None
    for raised in _chain(error):
        frames = [
            (frame.f_code.co_filename, line)
            for frame, line in traceback.walk_tb(raised.__traceback__)
            if _inside(frame.f_code.co_filename, folder)
        ]
        if frames:
            name, line = frames[-1]
            return _relative(name, folder), line
    return None, None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and its causes, because an error of the harness may be raised from one of student code."""
    current: BaseException | None = error
    for _ in range(_CAUSES):
        if current is None:
            return
        yield current
        current = current.__cause__


def _traceback(error: BaseException, folder: Path) -> str:
    """Format the frames of student code and the last frame; frames of libraries between them help little."""
    start: TracebackType | None = error.__traceback__
    while start is not None and not _inside(start.tb_frame.f_code.co_filename, folder):
        start = start.tb_next
    try:
        frames = traceback.extract_tb(start)
        heading = ["Traceback (most recent call last):\n"] if frames else []
        lines = heading + _shortened(frames, folder) + traceback.format_exception_only(type(error), error)
    except BaseException:  # a class of student code may fail to describe its exception, or try to exit
        return ""
    return encodable("".join(lines)).replace(f"{folder}/", "")


def _shortened(frames: traceback.StackSummary, folder: Path) -> list[str]:
    """Format `frames` without frames of libraries except the last one, and shorten long recursions."""
    lines: list[str] = []
    left_out = 0
    for place, frame in enumerate(frames):
        if not _inside(frame.filename, folder) and place < len(frames) - 1:
            left_out += 1
            continue
        if left_out:
            lines.append(f"  … {left_out} more in the libraries\n")
        left_out = 0
        lines += traceback.format_list([frame])
    if len(lines) > _FRAMES:
        half = _FRAMES // 2
        lines[half:-half] = [f"  … {len(lines) - 2 * half} more\n"]
    return lines


def _inside(filename: str, folder: Path) -> bool:
    return Path(filename).is_relative_to(folder)


def _relative(filename: str, folder: Path) -> str:
    return Path(filename).relative_to(folder).as_posix()
