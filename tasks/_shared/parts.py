"""Divide generated items into parts."""

import numpy as np

from harness import Parts, Split


def divide(everything: Split, test: float, validation: float, seed: int) -> Parts:
    """Hold out the share `test`, then the share `validation` of the rest, stratified by class."""
    rest, tested = everything.hold_out(test, seed)
    train, validated = rest.hold_out(validation, seed)
    return Parts(train, validated, tested)


def shuffled(count: int, sizes: tuple[int, int, int], seed: int) -> list[np.ndarray]:
    """Return three disjoint, sorted index arrays of `sizes` over `count` items."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(count)
    ends = np.cumsum(sizes)
    if ends[-1] != count:
        raise ValueError(f"parts of {sizes} items cannot be made of {count}")
    return [np.sort(piece) for piece in np.split(order, ends[:-1])]
