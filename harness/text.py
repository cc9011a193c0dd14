"""Make text that a student may have written harmless, for each place where it is shown."""

from __future__ import annotations

import html
import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@&:$])")
_FORMULA = tuple("=+-@＝＋－＠")  # also full-width characters, which spreadsheets treat in the same way
_NOT_IN_CODE = str.maketrans("`|", "'¦")
_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", "\u2028": "%0A", "\u2029": "%0A"})
_PROPERTY = {**_MESSAGE, ord(":"): "%3A", ord(","): "%2C"}


def neutral(text: str) -> str:
    """Return `text` with everything visible that controls a terminal: controls, escapes and direction marks.

    Text that an old CI runner interprets as a command at any position is changed as well (actions/runner,
    ActionCommand.cs, V1).
    """
    text = text.replace("##[", "# #[")
    if text.isprintable():
        return text
    return "".join(
        character if character in "\n\t" or not unicodedata.category(character).startswith("C") else _visible(character)
        for character in text
    )


def neutral_line(text: str) -> str:
    """Return `text`, neutral and on one line, so that it cannot add lines to the output."""
    return " ".join(neutral(text).split())


def neutral_markdown(text: str) -> str:
    """Return `text` as one line of markdown that shows it literally, also in a table cell."""
    return _MARKDOWN.sub(r"\\\1", neutral_line(text))


def code_span(text: str) -> str:
    """Return `text` as a markdown code span of one line, also for a table cell, without links and mentions."""
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
    """Return `text` as one line that no spreadsheet interprets as a formula (OWASP, CSV injection)."""
    line = neutral_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def neutral_output(text: str) -> str:
    """Return `text` as one line that no CI runner interprets as a command (``::name::``, ``##[name]``)."""
    line = neutral_line(text)
    return f"\\{line}" if line.startswith("::") else line


def command_message(text: str) -> str:
    """Return `text` as the message of a GitHub workflow command."""
    return neutral(text).translate(_MESSAGE)


def command_property(text: str) -> str:
    """Return `text` as the value of a property of a GitHub workflow command."""
    return neutral_line(text).translate(_PROPERTY)


def as_percent(share: float) -> str:
    """Return a share between 0 and 1 in whole percent."""
    return f"{100 * share:.0f} %"


def as_p_value(value: float) -> str:
    """Return a p-value with two digits, or as "< 0.001"."""
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
