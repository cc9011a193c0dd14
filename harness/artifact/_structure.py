"""Read the structure that the default `save` writes, operation by operation, without executing the pickle."""

from __future__ import annotations

import io
import pickletools
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

_TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_KEY = "SHORT_BINUNICODE"
"""The operation that names an array."""
_SMALL_NUMBERS = frozenset({"BININT", "BININT1", "BININT2"})
_INDEX_BITS = 16
"""The largest number of bits in a number that belongs to a word, unless it is an index of a word."""
_REFERENCES = frozenset({"BINGET", "LONG_BINGET"})
_MAX_READ_BYTES = 16 << 20
_SHORT = 4
"""A text of at most this many bytes contains no more than a 32-bit number, and counts as one."""
_WORD = re.compile(r"\w+")
_SEPARATORS = frozenset(" -'_/.,:;()▁Ġ#@<>")
"""Characters that tokenisers leave in words or put between them."""
_MOST_WORDS_IN_ONE = 3
_LEAST_LETTERS = 3
"""The shortest stem of a word, in letters."""


@dataclass(frozen=True)
class Structure:
    """A structure, divided into words of the training texts and the rest."""

    words: int
    """How many words there are."""
    rest: bytes
    """Everything else."""


class Vocabulary:
    """The words of the training texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        found: set[str] = set()
        for text in texts:
            found.update(text.split())
            found.update(_WORD.findall(text.lower()))
            found.update(_WORD.findall(text))
        self._words = found
        self._sorted = sorted(found)

    def contains(self, text: str) -> bool:
        """Return whether `text` is a word of the texts, a stem of one, or a few of them in a row."""
        if len(text.encode("utf-8", "replace")) <= _SHORT or text in self._words:
            return True
        if text not in (text.lower(), text.upper(), text.title()):
            return False  # information could be in the case of each letter
        parts = _WORD.findall(text.lower())
        if not 0 < len(parts) <= _MOST_WORDS_IN_ONE or len(text) > sum(map(len, parts)) + len(parts) + 1:
            return False
        if not _SEPARATORS.issuperset(_WORD.sub("", text)):
            return False
        return all(self._is_word_or_stem(part) for part in parts)

    def _is_word_or_stem(self, part: str) -> bool:
        if part in self._words or len(part) <= _SHORT:
            return True
        place = bisect_left(self._sorted, part)
        return (
            len(part) >= _LEAST_LETTERS and place < len(self._sorted) and self._sorted[place].lower().startswith(part)
        )


def read_structure(content: bytes, vocabulary: Vocabulary | None) -> Structure:
    """Divide `content` into words of `vocabulary`, each with the small number that follows it, and the rest.

    A word of the training texts counts as one number, which says what word it is and where it is. Each later reference
    to the word also counts as one number. A number that is too large for an index of a word is also part of the rest,
    because it could hold several weights. The names of arrays, which are consecutive numbers, are left out. Of an
    operation that is left out its first byte remains, because the places of these operations could contain data.
    """
    if len(content) > _MAX_READ_BYTES:
        return Structure(0, content)
    file = io.BytesIO(content)
    rest = bytearray()
    reader = _Reader(vocabulary)  # one memo for all pickles, because one pickler wrote them
    try:
        while file.tell() < len(content):
            start, dropped = file.tell(), False
            for opcode, argument, position in pickletools.genops(file):
                assert position is not None
                rest += content[start : start + 1 if dropped else position]
                start = position
                dropped = reader.is_foreseen(opcode.name, argument) or reader.is_word(opcode.name, argument)
            rest += content[start : file.tell()]
    except Exception:  # it may be broken in any way; then all of it counts as the rest
        return Structure(0, content)
    large = [number for number in reader.large if not 0 <= number < reader.words]
    return Structure(
        reader.words, bytes(rest) + b"".join(number.to_bytes(4, "little", signed=True) for number in large)
    )


class _Reader:
    def __init__(self, vocabulary: Vocabulary | None) -> None:
        self._vocabulary = vocabulary
        self._arrays = 0
        self._memo: dict[int, bool] = {}
        self._after_word = False
        self.words = 0
        self.large: list[int] = []
        """The numbers after words that have more than 16 bits."""

    def is_foreseen(self, name: str, argument: object) -> bool:
        """Return whether this operation names the next array exactly as the pickler writes it."""
        if name != _KEY or argument != f"{self._arrays:05d}":
            return False
        self._arrays += 1
        self._after_word = False
        return True

    def is_word(self, name: str, argument: object) -> bool:
        """Return whether this operation contains a word, or the number that follows a word."""
        if name == "MEMOIZE":
            self._memo[len(self._memo)] = self._after_word
            return False
        if name in _SMALL_NUMBERS:
            was, self._after_word = self._after_word, False
            if was and isinstance(argument, int) and not 0 <= argument < 1 << _INDEX_BITS:
                self.large.append(argument)
            return was
        known = self._vocabulary is not None and isinstance(argument, str) and self._vocabulary.contains(argument)
        word = (name in _TEXTS and known) or (
            name in _REFERENCES and isinstance(argument, int) and self._memo.get(argument, False)
        )
        self.words += word
        self._after_word = word
        return word
