"""What is wrong with a file that should be text in UTF-8; its bytes are inspected, and never parsed as code."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

_AGAIN = "save it again with the encoding UTF-8"
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""The marks with which text begins; that of UTF-32 is tried first, because it begins with that of UTF-16."""
_OTHER_FILES = (
    (b"PK\x03\x04", "a ZIP archive or a document of an office program"),
    (b"\x1f\x8b", "a file compressed by gzip"),
    (b"BZh", "a file compressed by bzip2"),
    (b"\xfd7zXZ", "a file compressed by xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "a document of an office program (RTF)"),
    (b"\xd0\xcf\x11\xe0", "a document of an office program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x7fELF", "a compiled program"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_COMPILED = re.compile(rb"..\r\n[\x00-\x0f]\x00\x00\x00", re.DOTALL)
"""The header of a ``.pyc`` file."""
_DECLARATION = re.compile(rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"[ \t\f]*(?:#[^\r\n]*)?")
_MOST_BYTES, _MOST_FILES = 16 << 20, 1_000
_SIGNS = ("null byte", "codec", "encoding", "UTF-8", "utf-8")
"""Words of which each message of Python about the encoding of a source contains one."""


def not_text(content: bytes) -> str:
    """Return what is wrong with `content` and what to do, or an empty string if it is text that Python can read.

    The sentence begins with a verb, whose subject is the name of the file.
    """
    for start, kind in _OTHER_FILES:
        if content.startswith(start):
            return _no_text(kind)
    if _PICKLE.match(content):
        return _no_text("a pickle")
    if _COMPILED.match(content):
        return _no_text("compiled Python code")
    wide = next((name for mark, name in _MARKS if content.startswith(mark)), "") or _wide_without_mark(content)
    if wide:
        called = ", which Windows Notepad and PowerShell call Unicode," if wide == "UTF-16" else ""
        return f"is text in {wide}{called} instead of UTF-8: {_AGAIN}"
    first_null = content.find(0)
    if first_null >= 0:
        return (
            f"contains {content.count(0):,} null bytes, the first in line {_line(content, first_null)}: "
            f"it is damaged or not a text, so restore it from a copy and {_AGAIN}"
        )
    number, name = _declared(content.removeprefix(codecs.BOM_UTF8))
    if not name or _usual(name) == "utf-8":
        return _wrong_byte(content)
    return _wrong_declaration(content, f"declares the encoding {name} in line {number}", name)


def unreadable_source(error: BaseException, text: str, folder: Path) -> tuple[str, str] | None:
    """Return the file below `folder` whose encoding Python rejected, and what is wrong with it; None if there is none.

    `text` is the text of Python's `error`, which names the file only in some cases.
    """
    if not isinstance(error, SyntaxError | ValueError | LookupError) or not any(sign in text for sign in _SIGNS):
        return None
    if type(error) is ValueError and "null byte" not in text:
        return None  # a library's own, about an encoding of something else
    for path in _candidates(error, folder)[:_MOST_FILES]:
        content = _content(path)
        if isinstance(error, UnicodeDecodeError) and error.object not in content:
            continue  # something else was decoded
        if wrong := not_text(content):
            return path.relative_to(folder).as_posix(), wrong
    return None


def _candidates(error: BaseException, folder: Path) -> list[Path]:
    named = error.filename if isinstance(error, SyntaxError) else None
    if isinstance(named, str) and named:
        return [Path(named)] if Path(named).is_relative_to(folder) else []
    return sorted(folder.rglob("*.py"))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        return b""


def _no_text(kind: str) -> str:
    return f"is {kind}, not a text: replace it by the source itself"


def _wide_without_mark(content: bytes) -> str:
    """Return UTF-16 if most characters of `content` seem to have two bytes, of which one is null."""
    pairs = len(content) // 2
    nulls = sorted((content[0::2].count(0), content[1::2].count(0)))
    return "UTF-16" if pairs and nulls[0] <= pairs // 20 and nulls[1] > pairs * 0.7 else ""


def _wrong_declaration(content: bytes, declares: str, name: str) -> str:
    """Return what is wrong with a declared encoding other than UTF-8 (PEP 263), after the words `declares`."""
    remedy = f"delete that declaration, and {_AGAIN}"
    if content.startswith(codecs.BOM_UTF8):
        return f"{declares}, but begins with the mark of UTF-8: {remedy}"
    if not _usual(name):
        return f"{declares}, which Python does not know: {remedy}"
    try:
        usable = b"# coding".decode(name) == "# coding"
        content.decode(name)
    except UnicodeDecodeError as error:
        return f"{declares}, but line {_line(content, error.start)} contains other bytes: {remedy}"
    except (LookupError, ValueError):  # it is no encoding of text
        usable = False
    return "" if usable else f"{declares}, which no source can have: {remedy}"


def _declared(content: bytes) -> tuple[int, str]:
    """Return the line and the name of the declared encoding; the name is empty if there is none."""
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", content, maxsplit=2)[:2], 1):
        if found := _DECLARATION.match(line):
            return number, found[1].decode("ascii", "replace")
        if not _BLANK.fullmatch(line):
            break
    return 0, ""


def _usual(name: str) -> str:
    """Return the usual name of an encoding; it is empty if Python does not know it."""
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""


def _wrong_byte(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        seen = content[error.start : error.start + 1].decode("cp1252", "ignore")
        meant = f" (in Windows-1252 it would be {seen})" if seen.isprintable() and seen else ""
        byte, line = content[error.start], _line(content, error.start)
        return f"contains the byte 0x{byte:02x} in line {line}, which is not UTF-8{meant}: {_AGAIN}"
    return ""


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
