"""What a student wrote steers neither a terminal nor a page."""

import csv
import io
import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.text import (
    code_block,
    code_span,
    command_message,
    command_property,
    neutral,
    neutral_cell,
    neutral_html,
    neutral_line,
    neutral_markdown,
    neutral_output,
)

anything_written = st.text(st.characters())
SPECIAL = "\\`*_{}[]<>()#+-.!|~@&:$"


@given(anything_written)
@example("\x1b[31m\0\r\n\u2028\u202e\ud800\x85")
def test_no_control_character_survives(text):
    assert not [c for c in neutral(text) if c not in "\n\t" and unicodedata.category(c).startswith("C")]


@given(st.text(st.characters(exclude_categories=["C"])).filter(lambda text: "##[" not in text))
def test_harmless_text_stays_as_it_is(text):
    assert neutral(text) == text


@given(anything_written)
@example("\x1b[31m\0\r\n\u2028\u202e\ud800\x85")
def test_neutral_text_stays_as_it_is(text):
    assert neutral(neutral(text)) == neutral(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb\n\tc", "a\\x0db\n\tc"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("a\u200bb", "a\\u200bb"),
        ("\x00\x07\x7f", "\\x00\\x07\\x7f"),
        ("\ud800", "\\ud800"),
        ("naïve 日本 🦊", "naïve 日本 🦊"),
    ],
)
def test_control_characters_become_visible(text, shown):
    assert neutral(text) == shown


@given(anything_written)
@example("\x1b[31m\0\r\n\u2028\u202e\ud800\x85")
def test_any_neutral_text_can_be_encoded(text):
    assert neutral(text).encode().decode() == neutral(text)


@given(st.text(st.one_of(st.sampled_from(SPECIAL), st.characters())))
@example(SPECIAL)
def test_no_markdown_special_is_left_unescaped(text):
    rest = re.sub(r"\\[" + re.escape(SPECIAL) + "]", "", neutral_markdown(text))
    assert not set(rest) & set(SPECIAL)


@given(anything_written)
@example("\x1b[31m\0\r\n\u2028\u202e\ud800\x85")
def test_markdown_is_one_line_without_control_characters(text):
    line = neutral_markdown(text)
    assert len(line.splitlines()) <= 1
    assert not [c for c in line if unicodedata.category(c).startswith(("C", "Zl", "Zp"))]


@given(st.text(st.characters(exclude_categories=["C"], exclude_characters="\\")))
def test_markdown_without_its_escapes_is_the_original_text(text):
    assert neutral_markdown(text).replace("\\", "") == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert\(1\)\</script\>"),
        ("a | b", r"a \| b"),
        ("[x](http://y)", r"\[x\]\(http\://y\)"),
        ("# no\nheading", r"\# no heading"),
        (r"\|", r"\\\|"),
        ("", ""),
    ],
)
def test_rendered_markdown_shows_the_original_text(text, line):
    assert neutral_markdown(text) == line


markup = st.text(st.one_of(st.sampled_from("`|\\<>&\"'=+-@:#[%,\r\n \t＝"), st.characters()))


@given(markup)
@example("a`|\nb``")
def test_text_cannot_end_a_code_span(text):
    span = code_span(text)
    assert span == "" or (span[0] == span[-1] == "`" and not set(span[1:-1]) & set("`|\n\r"))


@given(st.text(st.sampled_from("`~ \nab\t")))
@example("a\n````\n```b\n  `````")
def test_text_cannot_end_a_code_block(text):
    fence, *lines, end = code_block(text).splitlines()
    assert end + "text" == fence
    assert not [line for line in lines if re.fullmatch(rf" *`{{{len(end)},}}\s*", line)]


@given(markup)
@example('<b a="\'">&amp;]]>')
def test_html_and_xml_show_the_text_and_nothing_else(text):
    page = ElementTree.fromstring(f'<p title="{neutral_html(text)}">{neutral_html(text)}</p>')
    assert len(page) == 0
    assert page.text or not text
    assert page.text in (neutral(text), None)


@given(markup)
@example("=1+1")
@example(" \t+1")
@example("-1")
@example("@x")
@example("＝1")
@example("＋1")
@example("－1")
@example("＠x")
def test_no_cell_is_a_formula(text):
    (cell,) = next(csv.reader([_as_csv(neutral_cell(text))]), [""])
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert cell.removeprefix("'") == neutral_line(text).removeprefix("'")


def _as_csv(cell):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([cell])
    assert buffer.getvalue().count("\n") == 1
    return buffer.getvalue()


@given(st.text(st.one_of(st.sampled_from([":", "#", "[", "\n", " "]), st.characters())))
@example("::error::no")
@example(" \n::error::no")
@example("no ##[error]no")
def test_no_line_is_a_workflow_command(text):
    (line,) = neutral_output(text).splitlines() or [""]
    assert not line.lstrip().startswith("::")
    assert "##[" not in line + neutral(text)


@given(markup)
@example("a::b")
@example("a,line=7::b")
@example("100%25\r\n\u2028::error::no")
def test_a_command_keeps_its_message_and_its_properties(text):
    line = f"::error file={command_property(text)},line=1::{command_message(text)}"
    assert len(line.splitlines()) == 1
    command, _, message = line.removeprefix("::").partition("::")
    file, number = command.removeprefix("error ").split(",")
    assert number == "line=1"
    assert _read(file.removeprefix("file=")) == neutral_line(text)
    assert _read(message).splitlines() == neutral(text).splitlines()


def _read(escaped):
    """As the runner does it: ActionCommandManager.cs."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        escaped = escaped.replace(code, character)
    return escaped
