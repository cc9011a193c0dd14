"""Make text that a student may have written harmless wherever it is shown."""

from __future__ import annotations

import html
import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@&:$])")
_FORMULA = tuple("=+-@＝＋－＠")  # the full-width ones too: spreadsheets read them alike
_NOT_IN_CODE = str.maketrans("`|", "'¦")
_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", "\u2028": "%0A", "\u2029": "%0A"})
_PROPERTY = {**_MESSAGE, ord(":"): "%3A", ord(","): "%2C"}


def neutral(text: str) -> str:
    """Return `text` without anything that steers a terminal: controls, escapes and direction marks become visible.

    Nor anything that an old runner takes for a command wherever it stands (actions/runner, ActionCommand.cs, V1).
    """
    text = text.replace("##[", "# #[")
    if text.isprintable():
        return text
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
    """Return `text` as a markdown code span of one line, in a table cell too; nothing in it is a link or a mention."""
    line = neutral_line(text).translate(_NOT_IN_CODE)
    return f"`{line}`" if line else ""


def code_block(text: str) -> str:
    """Return `text` as a markdown code block that it cannot end."""
    lines = neutral(text).splitlines()
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def neutral_html(text: str) -> str:
    """Return `text` for HTML or XML, in elements and in quoted attributes."""
    return html.escape(neutral(text))


def neutral_cell(text: str) -> str:
    """Return `text` as one line that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    line = neutral_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def neutral_output(text: str) -> str:
    """Return `text` as one line that no CI runner takes for a command (``::name::``, ``##[name]``)."""
    line = neutral_line(text)
    return f"\\{line}" if line.startswith("::") else line


def command_message(text: str) -> str:
    """Return `text` as the message of a GitHub workflow command."""
    return neutral(text).translate(_MESSAGE)


def command_property(text: str) -> str:
    """Return `text` as the value of a property of a GitHub workflow command."""
    return neutral_line(text).translate(_PROPERTY)


def as_percent(share: float) -> str:
    """Return a share of one in whole percent."""
    return f"{100 * share:.0f} %"


def as_p_value(value: float) -> str:
    """Return a p-value in two digits; one below a thousandth only as that."""
    return f"{value:.2g}" if value >= 0.001 else "< 0.001"


def as_duration(seconds: float) -> str:
    """Return a duration in a convenient unit."""
    for scale, unit in ((1, "s"), (1e-3, "ms")):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def count_of(number: float, one: str, several: str) -> str:
    """Return a number with its noun: ``1 file``, ``1,200 files``, ``2.5 points``."""
    shown = f"{number:g}" if isinstance(number, float) else f"{number:,}"
    return f"{shown} {one if number == 1 else several}"


def _visible(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
