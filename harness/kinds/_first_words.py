"""The words of a text: what is left out of it to see how much they weigh, and what is marked in a drawing of it."""

from __future__ import annotations

import re
from itertools import islice, takewhile

MOST_CHARACTERS = 400
"""How much of a text is drawn."""
_MOST_WORDS = 64


def first_words(text: str) -> list[tuple[int, int]]:
    """Return where the first words of `text` begin and end: those that a drawing of it shows whole."""
    spans = (one.span() for one in re.finditer(r"\S+", text))
    return list(islice(takewhile(lambda span: span[1] <= MOST_CHARACTERS, spans), _MOST_WORDS))


def without_each_word(text: str) -> list[str]:
    """Return `text` once for each of its first words, without that word."""
    return [text[:begin] + text[end:].lstrip() for begin, end in first_words(text)]
