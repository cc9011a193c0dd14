"""What a student wrote steers neither a terminal nor a page."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.text import neutral, neutral_markdown

anything_written = st.text(st.characters())
SPECIAL = "\\`*_{}[]<>()#+-.!|~@&:$"


@settings(deadline=None)
@given(anything_written)
def test_no_control_character_survives(text):
    assert not [c for c in neutral(text) if c not in "\n\t" and unicodedata.category(c).startswith("C")]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["C"])))
def test_harmless_text_stays_as_it_is(text):
    assert neutral(text) == text


@settings(deadline=None)
@given(anything_written)
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
def test_what_steers_becomes_visible(text, shown):
    assert neutral(text) == shown


@settings(deadline=None)
@given(anything_written)
def test_neutral_text_can_be_written_to_a_file(text):
    assert neutral(text).encode().decode() == neutral(text)


@settings(deadline=None)
@given(st.text(st.one_of(st.sampled_from(SPECIAL), st.characters())))
def test_no_markdown_special_is_left_unescaped(text):
    rest = re.sub(r"\\[" + re.escape(SPECIAL) + "]", "", neutral_markdown(text))
    assert not set(rest) & set(SPECIAL)


@settings(deadline=None)
@given(anything_written)
def test_markdown_is_one_line_without_control_characters(text):
    line = neutral_markdown(text)
    assert len(line.splitlines()) <= 1
    assert not [c for c in line if unicodedata.category(c).startswith(("C", "Zl", "Zp"))]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["C"], exclude_characters="\\")))
def test_without_its_escapes_markdown_is_the_text(text):
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
def test_markdown_shows_what_was_written(text, line):
    assert neutral_markdown(text) == line
