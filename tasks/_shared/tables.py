"""Read text files of rows; a broken one is named with file and row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import InfrastructureError

_LONGEST_FIELD = 1 << 24


class BadFileError(InfrastructureError):
    """A data file is not what it should be; the message names the file, the row and what was expected."""

    def __init__(self, path: Path, row: int, problem: str) -> None:
        super().__init__(f"{path}, row {row}: {problem}; replace the file, or choose another source with --data")


def read_series(path: Path, length: int, *, rows: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return labels (N,) and values (N, `length`) of a file in the UCR archive's form: label first, tabs between.

    Raises:
        BadFileError: a row has another number of values, one that is no finite number, or there are not `rows` rows.
    """
    labels, values = [], []
    for row, line in enumerate(_text(path).splitlines(), start=1):
        fields = line.split("\t")
        if len(fields) != length + 1:
            raise BadFileError(path, row, f"{len(fields)} fields, expected a label and {length} values")
        labels.append(int(number(path, row, fields[0])))
        values.append([number(path, row, field) for field in fields[1:]])
    if rows is not None and len(labels) != rows:
        raise BadFileError(path, len(labels), f"the file ends here, expected {rows} rows")
    return np.array(labels, np.int64), np.array(values, np.float32).reshape(-1, length)


def read_table(path: Path, columns: Sequence[str], delimiter: str = ",") -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number and the fields of each row below the header of a CSV or TSV file; quoted fields may hold breaks.

    Raises:
        BadFileError: the header lacks one of `columns`, a row has another number of fields, or a quote stays open.
    """
    yield from table_rows(_text(path), path, columns, delimiter)


def table_rows(
    text: str, path: Path, columns: Sequence[str], delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield what `read_table` does of a file whose `text` is here; `path` names it in messages."""
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    row = 0
    try:
        for row, fields in enumerate(reader):
            if not header:
                header = fields
                missing = [name for name in columns if name not in header]
                if missing:
                    raise BadFileError(path, 0, f"the header has no {', '.join(missing)}, only {', '.join(header)}")
            elif len(fields) != len(header):
                raise BadFileError(path, row, f"{len(fields)} fields, expected {len(header)}")
            else:
                yield row, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise BadFileError(path, row + 1, f"{error}: the file is cut short or a quote is wrong") from error
    if not header:
        raise BadFileError(path, 0, f"the file is empty, expected the columns {', '.join(columns)}")


def number(path: Path, row: int, field: str) -> float:
    """Return `field` as a finite number.

    Raises:
        BadFileError: it is none.
    """
    try:
        value = float(field)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise BadFileError(path, row, f"{field[:40]!r} is no finite number")
    return value


def label(path: Path, row: int, field: str, known: dict[str, Any]) -> Any:
    """Return what `field` stands for.

    Raises:
        BadFileError: it is none of `known`.
    """
    if field not in known:
        raise BadFileError(path, row, f"the label {field[:40]!r} is none of {', '.join(known)}")
    return known[field]


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise BadFileError(path, row, f"byte {error.start} is not UTF-8") from error
