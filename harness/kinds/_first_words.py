"""The first words of a text, which are left out one by one to weigh them, and are marked in a drawing of the text."""

from __future__ import annotations

import re
from itertools import islice, takewhile

MOST_CHARACTERS = 400
"""The number of characters of a text that are drawn."""
_MOST_WORDS = 64


def first_words(text: str) -> list[tuple[int, int]]:
    """Return the positions of begin and end of the first words of `text` that a drawing shows completely."""
    spans = (one.span() for one in re.finditer(r"\S+", text))
    return list(islice(takewhile(lambda span: span[1] <= MOST_CHARACTERS, spans), _MOST_WORDS))


def without_each_word(text: str) -> list[str]:
    """Return `text` once for each of its first words, without that word."""
    return [text[:begin] + text[end:].lstrip() for begin, end in first_words(text)]
