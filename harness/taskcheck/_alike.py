"""Find inputs of two parts that are equal, or so similar that one may be derived from the other."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]
"""The positions of two inputs, in the first and in the second part."""

_MOST_FIRST, _MOST_SECOND = 20_000, 2_000
"""The largest numbers of inputs of each part that are compared."""
_NUMBERS = 4
"""The smallest number of dimensions, because points in fewer dimensions have near neighbours by chance."""
_DIMENSIONS = 64
_VALUES = 20
_NEIGHBOURS = 10
_NEAR = 0.1
_COMMON_WORDS = 0.7


def equal_pairs(first: Any, second: Any) -> list[Pair]:
    """Return the positions in both parts of each input of `second` that is also in `first`."""
    places = {key_of(item): place for place, item in enumerate(first)}
    keys = ((key_of(item), place) for place, item in enumerate(second))
    return [(places[key], place) for key, place in keys if key in places]


def key_of(item: Any) -> bytes:
    """Return a digest of one input."""
    content = item.encode("utf-8", "surrogatepass") if isinstance(item, str) else np.ascontiguousarray(item).tobytes()
    return hashlib.blake2b(content, digest_size=16).digest()


def similar_pairs(first: Any, second: Any) -> tuple[list[Pair], int]:
    """Return pairs of nearly equal inputs, and the number of inputs of `second` that were compared.

    Arrays are nearly equal if their distance is less than a tenth of the median distance to the tenth-nearest
    neighbour; texts are, if at least 70 % of all their sequences of three words are in both. Equal inputs are left out.
    """
    at_first, at_second = _sample(len(first), _MOST_FIRST), _sample(len(second), _MOST_SECOND)
    if isinstance(first, list):
        found = _similar_texts([first[i] for i in at_first], [second[i] for i in at_second])
    else:
        found = _similar_arrays(first[at_first], second[at_second])
    return [(int(at_first[one]), int(at_second[other])) for one, other in found], len(at_second)


def nearest(known: NDArray[Any], asked: NDArray[Any]) -> NDArray[np.intp]:
    """Return for each input of `asked` the position of the nearest input in `known`."""
    from sklearn.neighbors import NearestNeighbors

    at = _sample(len(known), _MOST_FIRST)
    rows = _few_dimensions([known[at], asked])
    places: NDArray[np.intp] = at[NearestNeighbors(n_neighbors=1).fit(rows[0]).kneighbors(rows[1])[1][:, 0]]
    return places


def _few_dimensions(parts: list[NDArray[Any]]) -> list[NDArray[np.float32]]:
    """Return each part as rows of few numbers that approximately keep distances (Johnson & Lindenstrauss 1984)."""
    rows = [part.reshape(len(part), -1).astype(np.float32) for part in parts]
    size = rows[0].shape[1]
    if size <= _DIMENSIONS:
        return rows
    matrix = np.random.Generator(np.random.PCG64(0)).normal(size=(size, _DIMENSIONS)).astype(np.float32)
    return [part @ matrix for part in rows]


def _sample(count: int, most: int) -> NDArray[np.intp]:
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.Generator(np.random.PCG64(0)).choice(count, most, replace=False))


def _similar_arrays(first: NDArray[Any], second: NDArray[Any]) -> list[Pair]:
    from sklearn.neighbors import NearestNeighbors

    if len(first) <= _NEIGHBOURS:
        return []
    parts = _comparable(first, second)
    if parts[0].shape[1] < _NUMBERS:
        return []
    rows = _few_dimensions(parts)
    distances, places = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(rows[0]).kneighbors(rows[1])
    near = distances[:, 0] < _NEAR * np.median(distances[:, -1])
    pairs = [(int(places[other, 0]), int(other)) for other in np.flatnonzero(near)]
    return [(one, other) for one, other in pairs if key_of(first[one]) != key_of(second[other])]


def _comparable(first: NDArray[Any], second: NDArray[Any]) -> list[NDArray[Any]]:
    """Return both parts as rows; if rows have few numbers, only columns with many values, scaled to the same spread.

    The columns of a table have different units, and columns with only two values do not make rows similar.
    """
    rows = [part.reshape(len(part), -1) for part in (first, second)]
    if rows[0].shape[1] > _DIMENSIONS:
        return rows
    many = [column for column in range(rows[0].shape[1]) if len(np.unique(rows[0][:, column])) > _VALUES]
    spread = rows[0][:, many].astype(np.float64).std(axis=0)
    return [part[:, many] / spread for part in rows]


def _similar_texts(first: list[str], second: list[str]) -> list[Pair]:
    from sklearn.feature_extraction.text import HashingVectorizer

    words = HashingVectorizer(ngram_range=(3, 3), binary=True, norm=None, alternate_sign=False, n_features=1 << 20)
    have, asked = words.transform(first), words.transform(second)
    both = (asked @ have.T).tocoo()
    sizes = [np.asarray(part.sum(axis=1)).ravel() for part in (asked, have)]
    common = both.data / (sizes[0][both.row] + sizes[1][both.col] - both.data)
    found: dict[int, int] = {}
    for other, one in zip(both.row[common >= _COMMON_WORDS], both.col[common >= _COMMON_WORDS], strict=True):
        if first[one] != second[other]:
            found.setdefault(int(other), int(one))
    return [(one, other) for other, one in sorted(found.items())]
