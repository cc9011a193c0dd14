"""Tables written by spreadsheets are read in any form, and only the changed cells are rewritten."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.tables import Sheet, format_number, is_shortened, parse_number
from tests.people import sheet

pytestmark = pytest.mark.unit

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8).filter(
    lambda text: not text.startswith("\ufeff")
)


@pytest.mark.parametrize(
    "content",
    [
        "name,töwn\r\nAnn,Göteborg\r\n".encode(),
        "name,töwn\r\nAnn,Göteborg\r\n".encode("utf-8-sig"),
        "name,töwn\r\nAnn,Göteborg\r\n".encode("utf-16"),
        "name,töwn\r\nAnn,Göteborg\r\n".encode("utf-16-be"),
        "name,töwn\r\nAnn,Göteborg\r\n".encode("cp1252"),
        "name;töwn\nAnn;Göteborg\n".encode(),
        "name\ttöwn\nAnn\tGöteborg".encode(),
        "sep=;\nname;töwn\nAnn;Göteborg\n".encode(),
        "\n,\nname,töwn\n\n ,\nAnn,Göteborg\n,,\n".encode(),
    ],
)
def test_every_encoding_separator_and_empty_row_is_read(content: bytes) -> None:
    found = sheet(content)
    assert [row.texts[:2] for row in found.rows] == [["name", "töwn"], ["Ann", "Göteborg"]]
    assert found.edited({}) == content


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n,,\n", "is empty"),
        (b'a,b\n"c,d\n', "line 2: a quoted cell does not end"),
        (b'a,b\n"c"x,d\n', "line 2: text follows a quoted cell"),
        (b"PK\x03\x04xyz", "save it as CSV"),
        (b"\xff\xfea", "cannot be read as utf-16"),
    ],
)
def test_what_is_not_a_table_is_reported_with_its_line(content: bytes, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        sheet(content)


@given(
    st.lists(st.lists(_TEXTS, min_size=3, max_size=3), min_size=1, max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.data(),
)
def test_only_changed_cells_are_rewritten(
    rows: list[list[str]], delimiter: str, end: str, quoting: int, data: st.DataObject
) -> None:
    header = ["one", "two", "three"]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([header, *rows])
    found = sheet(text.getvalue())
    assert found.edited({}).decode() == text.getvalue()
    row = data.draw(st.integers(0, len(found.rows) - 1))
    column = data.draw(st.integers(0, 2))
    value = data.draw(_TEXTS.filter(str.strip))
    again = sheet(found.edited({(row, column): value}))
    before = [[cell.text for cell in one.cells] for one in found.rows]
    after = [[cell.text for cell in one.cells] for one in again.rows]
    before[row][column] = value
    assert after == before


def test_a_row_that_is_too_short_grows() -> None:
    found = sheet("a,b,c\n1\n")
    assert found.edited({(1, 2): "x"}) == b"a,b,c\n1,,x\n"
    assert found.edited({(1, 1): "y", (1, 2): "x"}) == b"a,b,c\n1,y,x\n"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10", 10),
        ("10.00", 10),
        ("10,00", 10),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1'234.5", 1234.5),
        ("-1,5", -1.5),
        ("1.000.000", 1_000_000),
        ("85 %", 85),
        ("", None),
        ("EX", None),
        ("1,2;3", None),
    ],
)
def test_numbers_are_read_in_the_notation_of_any_language(text: str, number: float | None) -> None:
    assert parse_number(text) == number


def test_numbers_are_written_as_the_file_writes_them() -> None:
    assert (format_number(7.5), format_number(7.5, comma=True)) == ("7.50", "7,50")
    assert [is_shortened(text) for text in ("1.02E+11", "1,02e+11", "102", "E+1")] == [True, True, False, False]


def test_a_missing_file_is_a_usage_error(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match="cannot be read"):
        Sheet.read(tmp_path / "none.csv")
