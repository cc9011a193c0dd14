"""Turn what student code raised into a message that points at the student's own line."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path
from types import TracebackType

from harness.wire import MAX_LINE, MAX_MESSAGE, MAX_NAME, MAX_PATH, MAX_TRACEBACK, Raised, Reason


class ContractError(Exception):
    """The submission does not keep the contract; `line` of `file` is where, if that is known."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.reason: Reason = "contract"


class PredictionsError(ContractError):
    """What `predict` returned is not a plain array."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.reason = "predictions"


class ArtifactError(ContractError):
    """What `save` wrote cannot be taken."""


def explain(error: BaseException, folder: Path) -> Raised:
    """Describe `error`; `folder` holds the submission's files."""
    if isinstance(error, ContractError):
        return Raised("", _text(error)[:MAX_MESSAGE], error.file, error.line, "", error.reason)
    file, line = _where(error, folder)
    return Raised(
        encodable(type(error).__name__)[:MAX_NAME],
        _text(error)[:MAX_MESSAGE],
        None if file is None else encodable(file)[:MAX_PATH],
        line if isinstance(line, int) and 0 < line <= MAX_LINE else None,  # a SyntaxError's may be set to anything
        _traceback(error, folder)[-MAX_TRACEBACK:],
        _reason(error),
    )


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
    except BaseException:  # an exception of the student's own may fail to describe itself, or try to leave
        return "(the exception cannot be shown)"
    return encodable(text)


def encodable(text: str) -> str:
    """Return `text` with what UTF-8 cannot carry (half a surrogate pair, say) made visible."""
    return text.encode("utf-8", "backslashreplace").decode()


def _where(error: BaseException, folder: Path) -> tuple[str | None, int | None]:
    if isinstance(error, SyntaxError) and isinstance(error.filename, str) and _inside(error.filename, folder):
        return _relative(error.filename, folder), error.lineno
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _inside(frame.f_code.co_filename, folder)
    ]
    if not frames:
        return None, None
    name, line = frames[-1]
    return _relative(name, folder), line


def _traceback(error: BaseException, folder: Path) -> str:
    """Format from the first frame of the student's on: ours before it are no help to them."""
    start: TracebackType | None = error.__traceback__
    while start is not None and not _inside(start.tb_frame.f_code.co_filename, folder):
        start = start.tb_next
    try:
        lines = traceback.format_exception(type(error), error, start)
    except BaseException:  # likewise
        return ""
    return encodable("".join(lines)).replace(f"{folder}/", "")


def _inside(filename: str, folder: Path) -> bool:
    return Path(filename).is_relative_to(folder)


def _relative(filename: str, folder: Path) -> str:
    return Path(filename).relative_to(folder).as_posix()
