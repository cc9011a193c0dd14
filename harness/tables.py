"""Read CSV files from people and spreadsheets in any encoding, and change single cells.

`Sheet` remembers the place of each cell in the file. An edited copy differs only in the changed cells: quotes, line
endings, spacing, encoding and byte-order mark are preserved byte for byte.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

_DELIMITERS = ",;\t|"
_SNIFFED_LINES = 20
_NUMBER = re.compile(r"[+-]?\d[\d.,'\u2019\u00a0\u202f ]*")
_SHORTENED = re.compile(r"\d+([.,]\d+)?[eE]\+\d+")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])(\r\n|\n|\r)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its value, and its place in the text of the file."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True)
class Row:
    """One row of the file; empty lines are not rows."""

    line: int
    """The number of its first line, from 1."""
    cells: tuple[Cell, ...]

    @property
    def texts(self) -> list[str]:
        """The values of the cells, without surrounding space."""
        return [cell.text.strip() for cell in self.cells]


@dataclass(frozen=True)
class Sheet:
    """A file of rows. `rows` are those that are not empty, of which the first one is the header."""

    path: str
    text: str
    encoding: str
    mark: bytes
    delimiter: str
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """Read `path`.

        Raises:
            UsageError: it cannot be read, or is not a CSV file; the message names the line.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror or error})") from error
        return cls.of(content, str(path))

    @classmethod
    def of(cls, content: bytes, name: str) -> Sheet:
        """Read `content`; `name` is its name in error messages.

        Raises:
            UsageError: it is not a CSV file; the message names the line.
        """
        if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise UsageError(f"{name} is a spreadsheet or an archive, not a CSV file: save it as CSV")
        mark, encoding = _encoding(content)
        try:
            text = content[len(mark) :].decode(encoding)
        except UnicodeDecodeError as error:
            raise UsageError(f"{name} cannot be read as {encoding} ({error}): export it again") from error
        declared = _SEPARATOR_LINE.match(text)
        start = declared.end() if declared else 0
        delimiter = declared[1] if declared else _delimiter(text)
        try:
            rows = tuple(row for row in _parse(text, start, delimiter) if any(row.texts))
        except _MalformedError as error:
            raise UsageError(f"{name}, line {error.line}: {error}: export it again") from error
        if not rows:
            raise UsageError(f"{name} is empty: export it again")
        return cls(name, text, encoding, mark, delimiter, rows)

    @property
    def header(self) -> list[str]:
        """The first row."""
        return self.rows[0].texts

    def cell(self, row: int, column: int) -> str:
        """Return the value of a cell; '' if the row is shorter."""
        cells = self.rows[row].cells
        return cells[column].text.strip() if column < len(cells) else ""

    def edited(self, changes: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file in which only the cells (row, column) of `changes` are set."""
        pieces, last = [], 0
        for row, column in sorted(changes):
            new, cells = changes[row, column], self.rows[row].cells
            if column < len(cells):
                start, end = cells[column].start, cells[column].end
                content = self._content(new, quoted=cells[column].quoted)
            else:
                reached = [other for at, other in changes if at == row and len(cells) <= other < column]
                start = end = cells[-1].end
                missing = column - max([len(cells) - 1, *reached])
                content = self.delimiter * missing + self._content(new, quoted=False)
            pieces += [self.text[last:start], content]
            last = end
        pieces.append(self.text[last:])
        return self.mark + "".join(pieces).encode(self.encoding, "replace")

    def _content(self, value: str, *, quoted: bool) -> str:
        if quoted or any(character in value for character in f'{self.delimiter}"\r\n'):
            return '"' + value.replace('"', '""') + '"'
        return value


def parse_number(text: str) -> float | None:
    """Return the number in `text`, which may have a decimal point or comma; None if it is not a number.

    The last of several separators is the decimal one, as in Canvas (lib/gradebook_importer.rb,
    ``decimal_comma_to_period``); one that repeats separates thousands.
    """
    text = text.strip().removesuffix("%").strip()
    if not _NUMBER.fullmatch(text):
        return None
    digits = re.sub(r"['\u2019\u00a0\u202f ]", "", text)
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        mark = digits[last]
        whole, fraction = digits[:last], digits[last + 1 :]
        if digits.count(mark) > 1 and not ({".", ","} - {mark}) & set(digits):
            whole, fraction = digits, ""
        digits = re.sub("[.,]", "", whole) + "." + fraction
    try:
        return float(digits)
    except ValueError:
        return None


def format_number(value: float, *, comma: bool = False) -> str:
    """Return `value` with two decimals, after a comma if the file uses decimal commas."""
    text = f"{value:.2f}"
    return text.replace(".", ",") if comma else text


def is_shortened(text: str) -> bool:
    """Return whether a spreadsheet has rounded a long number, such as to ``1.02E+11``."""
    return _SHORTENED.fullmatch(text.strip()) is not None


class _MalformedError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _encoding(content: bytes) -> tuple[bytes, str]:
    """Return the byte-order mark and the encoding of `content`."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return mark, encoding
    start = content[:2000]
    if start and start.count(0) > len(start) // 4:
        return b"", "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    # only Excel for the Mac ends lines with CR alone, and it uses the Mac's encoding
    spreadsheet = "mac_roman" if b"\r" in content and b"\n" not in content else "cp1252"
    for encoding in ("utf-8", spreadsheet):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return b"", encoding
    return b"", "latin-1"


def _delimiter(text: str) -> str:
    """Return the separator that divides the first rows into the most fields, the same number in each.

    Canvas decides between ``;`` and ``,`` in the same way (lib/gradebook_importer.rb, ``identify_delimiter``).
    """
    best, most = ",", (False, 0)
    for delimiter in _DELIMITERS:
        counts = []
        try:
            for row in _parse(text, 0, delimiter):
                if any(row.texts):
                    counts.append(len(row.cells))
                if len(counts) == _SNIFFED_LINES:
                    break
        except _MalformedError:
            continue
        if counts and counts[0] > 1:
            worth = (len(set(counts)) == 1, counts[0])
            if worth > most:
                best, most = delimiter, worth
    return best


def _parse(text: str, at: int, delimiter: str) -> Iterator[Row]:
    """Yield the rows of `text` from `at` on."""
    line = text.count("\n", 0, at) + 1
    cells: list[Cell] = []
    first_line = line
    while at < len(text):
        cell, at, passed = _cell(text, at, delimiter, line)
        cells.append(cell)
        line += passed
        end = text[at : at + 1]
        if end == delimiter:
            at += 1
            if at < len(text):
                continue
            cells.append(Cell("", at, at))
        else:
            at += 2 if text.startswith("\r\n", at) else 1
        yield Row(first_line, tuple(cells))
        cells, line = [], line + 1
        first_line = line


def _cell(text: str, start: int, delimiter: str, line: int) -> tuple[Cell, int, int]:
    """Return the cell that begins at `start`, its end, and the number of line breaks in it."""
    if text[start : start + 1] != '"':
        end = start
        while end < len(text) and text[end] not in f"{delimiter}\r\n":
            end += 1
        return Cell(text[start:end], start, end), end, 0
    pieces, at = [], start + 1
    while True:
        close = text.find('"', at)
        if close < 0:
            raise _MalformedError(line, "a quoted cell does not end")
        pieces.append(text[at:close])
        if text[close + 1 : close + 2] != '"':
            break
        pieces.append('"')
        at = close + 2
    end = close + 1
    if end < len(text) and text[end] not in f"{delimiter}\r\n":
        raise _MalformedError(line, "text follows a quoted cell")
    return Cell("".join(pieces), start, end, quoted=True), end, text.count("\n", start, end)
