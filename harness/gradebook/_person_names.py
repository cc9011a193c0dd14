"""Compare names of people, and make folder names from them."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations

_MOST_PERMUTED = 5
_LONGEST = 64


def plain(name: str) -> str:
    """Return the letters, marks and digits of `name`, composed and in lower case."""
    return "".join(words(name))


def words(name: str) -> list[str]:
    """Return the words of `name`: Canvas keeps letters, marks and digits (lib/content_zipper.rb, ``[[:word:]]``)."""
    found, word = [], ""
    for character in unicodedata.normalize("NFC", name).casefold():
        if unicodedata.category(character)[0] in "LMN":
            word += character
        elif word:
            found.append(word)
            word = ""
    return [*found, word] if word else found


def spellings(name: str) -> set[str]:
    """Return all forms of a person's name: `plain` with the words in any order, as Canvas puts family names first."""
    parts = words(name)
    if len(parts) <= _MOST_PERMUTED:
        return {"".join(order) for order in permutations(parts)} - {""}
    return {"".join(parts[start:] + parts[:start]) for start in range(len(parts))}


def slug(name: str) -> str:
    """Return the part of `name` that the name of a submission may contain; '' if nothing is left."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


def folder_name(name: str, number: str) -> str:
    """Return the submission's name for a person with this name and this number in the other system.

    It contains the number, so that people with the same name get different submissions in any order of import.
    """
    number = slug(number)
    base = slug(name)
    if number and base.endswith(number):  # the other system's name ends with the number already
        number = ""
    if base and number.endswith(f"-{base}"):  # the number ends with the name already
        base, number = number, ""
    if not number:
        made = base[:_LONGEST].strip("-") or "user"
        return f"{made}-1" if made == "reference" else made
    return f"{base[: _LONGEST - len(number) - 1].strip('-') or 'user'}-{number}"
