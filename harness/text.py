"""Make text that a student may have written harmless wherever it is shown."""

from __future__ import annotations

import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@&:$])")


def neutral(text: str) -> str:
    """Return `text` without anything that steers a terminal: controls, escapes and direction marks become visible."""
    return "".join(
        character if character in "\n\t" or not unicodedata.category(character).startswith("C") else _visible(character)
        for character in text
    )


def neutral_line(text: str) -> str:
    """Return `text`, neutral, on one line: nobody adds lines of their own to ours."""
    return " ".join(neutral(text).split())


def neutral_markdown(text: str) -> str:
    """Return `text` as one line of markdown that shows it literally, in a table cell too."""
    return _MARKDOWN.sub(r"\\\1", neutral_line(text))


def code_span(text: str) -> str:
    """Return `text` as a markdown code span of one line."""
    return "`" + neutral_line(text).replace("`", "'") + "`"


def _visible(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
