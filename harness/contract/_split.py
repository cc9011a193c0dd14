"""The parts of a task's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from harness.contract._documented import Documented
from harness.errors import TaskError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEDS = 1 << 32
_DRAWS = 20
"""The number of random ways to hold out groups that are compared."""


@dataclass(frozen=True, eq=False)
class Split(metaclass=Documented):
    """Inputs and targets of one part of the data; ``len(split)`` is the number of items.

    Parameters
    ----------
    inputs : numpy.ndarray or list of str
        An array (N, ...) of the shape and type that the task declares in `Task.inputs`, or N texts.
        The arrays that `Model.fit` gets are read-only.
    targets : numpy.ndarray or list of numpy.ndarray
        The correct answers, in a form that depends on the kind of task:

        - classification: (N,) int64 labels, counted from 0 in the order of the task's classes
        - multilabel: (N, C) int64 of 0 and 1, one column per class
        - regression: (N,) floats
        - segmentation: (N, H, W) integer masks; 0 is the background
        - detection: a list of N float arrays (k, 5): x1, y1, x2, y2 in pixels, class
        - forecasting: (N, horizon) floats
    groups : numpy.ndarray or sequence of str or int, default None
        The person, subject or recording that each item comes from: N texts or whole numbers. Items of one group
        resemble each other and belong in the same part. None if items are independent of each other. Models do not
        get the groups.

    Raises
    ------
    TaskError
        The numbers of inputs, targets and groups differ, or groups are neither texts nor whole numbers.

    Examples
    --------
    >>> import numpy as np
    >>> split = Split(np.zeros((4, 2)), np.array([0, 1, 0, 1]), groups=["ann", "ann", "bob", "cleo"])
    >>> rest, held_out = split.hold_out(0.5, seed=0)
    >>> sorted({*rest.groups} & {*held_out.groups})
    []
    """

    inputs: Any
    targets: Any
    groups: Any = None

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise TaskError(f"a split has {len(self.inputs)} inputs but {len(self.targets)} targets")
        if self.groups is not None:
            object.__setattr__(self, "groups", _labels_of_groups(self.groups, len(self.inputs)))

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> Split:
        """Return the items at `indices`, in that order.

        Parameters
        ----------
        indices : sequence of int or numpy.ndarray
            Positions, counted from 0; one may occur several times.

        Returns
        -------
        Split
            The items with their targets and groups.
        """
        groups = None if self.groups is None else take_items(self.groups, indices)
        return Split(take_items(self.inputs, indices), take_items(self.targets, indices), groups)

    def hold_out(self, fraction: float, seed: int, groups: Sequence[Any] | None = None) -> tuple[Split, Split]:
        """Divide into (rest, held out); the items of both keep their order.

        Without groups, both sides have each class in the same proportion if every item has one label; otherwise items
        are drawn at random. A whole number for each item counts as its label. If such numbers are no classes, as
        counts are not, use `take` with indices of your own. With groups, all items of a group are on the same side. Of
        several random ways to hold out groups, the one is used that comes closest to `fraction` of all items and of
        the items of each class.

        Parameters
        ----------
        fraction : float
            The share of the items to hold out, above 0 and below 1.
        seed : int
            The seed of the random draw: the same seed holds out the same items.
        groups : sequence of str or int, default None
            One label per item, instead of the split's own `groups`.

        Returns
        -------
        tuple of Split
            The rest, and the items that were held out. Both have the groups.

        Raises
        ------
        TaskError
            `fraction` is not between 0 and 1, `seed` is not a whole number, there are fewer than two groups or two
            items of a class, or the number of group labels differs from the number of items.
        """
        import numpy as np

        _check_share_and_seed(fraction, seed)
        if groups is not None:
            return Split(self.inputs, self.targets, groups).hold_out(fraction, seed)
        if self.groups is not None:
            held_out = _held_out_groups(self.groups, _strata(self.targets), fraction, seed)
            return self.take(np.flatnonzero(~held_out)), self.take(np.flatnonzero(held_out))
        from sklearn.model_selection import train_test_split

        labels = self.targets if _is_one_label_an_item(self.targets) else None
        try:
            rest, chosen = train_test_split(
                np.arange(len(self)), test_size=fraction, random_state=seed, stratify=labels
            )
        except ValueError as error:
            few = "" if labels is None else f", of the rarest class {np.unique(labels, return_counts=True)[1].min()}"
            raise TaskError(
                f"hold_out: found {len(self)} items{few}; expected enough for both sides, and two of each class "
                f"({error})"
            ) from error
        return self.take(np.sort(rest)), self.take(np.sort(chosen))


@dataclass(frozen=True, eq=False)
class Parts(metaclass=Documented):
    """The three parts of a task's data, as the `load` of a source returns them.

    Parameters
    ----------
    train : Split
        The part that models learn from.
    validation : Split
        The part for choosing a model and for early stopping. `Model.fit` gets it with its targets.
    test : Split or None
        The part that models are scored on. None if the targets are stored elsewhere; then the validation part is
        scored.
    """

    train: Split
    validation: Split
    test: Split | None


def _check_share_and_seed(fraction: object, seed: object) -> None:
    """Raise an error for a fraction or seed that cannot divide items; numbers of NumPy are accepted."""
    if not (isinstance(fraction, Real) and 0 < float(fraction) < 1):
        raise TaskError(f"hold_out: found the fraction {fraction!r}; expected a share above 0 and below 1")
    if not (isinstance(seed, Integral) and 0 <= int(seed) < _SEEDS):
        raise TaskError(f"hold_out: found the seed {seed!r}; expected a whole number from 0 to {_SEEDS - 1}")


def take_items(items: Any, indices: Sequence[int] | NDArray[np.intp]) -> Any:
    """Return the entries of an array or list at `indices`."""
    return [items[int(i)] for i in indices] if isinstance(items, list) else items[_array(indices)]


def _array(indices: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
    import numpy as np

    return np.asarray(indices, np.intp)


def _labels_of_groups(groups: Any, count: int) -> NDArray[Any]:
    """Return `groups` as an array of texts or whole numbers, one for each of `count` items."""
    import numpy as np

    try:
        labels = np.asarray(groups)
    except ValueError as error:  # sequences of several lengths
        raise TaskError(
            f"groups are not a row of labels ({error}): expected one text or whole number per item"
        ) from error
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels.flat):  # pandas stores texts so
        labels = labels.astype(str)
    if labels.ndim != 1 or len(labels) != count:
        raise TaskError(f"a split has {count} inputs but groups of shape {labels.shape}: expected one label per item")
    if labels.dtype.kind not in "iuU":
        raise TaskError(f"groups are of type {labels.dtype}: expected texts or whole numbers, one per item")
    return labels


def _is_one_label_an_item(targets: Any) -> bool:
    import numpy as np

    return isinstance(targets, np.ndarray) and targets.ndim == 1 and targets.dtype.kind in "iu"


def _strata(targets: Any) -> NDArray[np.float64]:
    """Return (N, 1 + C): a column of ones, and if items have labels, a column for each class."""
    import numpy as np

    every = np.ones((len(targets), 1))
    if _is_one_label_an_item(targets):
        return np.hstack([every, targets[:, None] == np.unique(targets)])
    if isinstance(targets, np.ndarray) and targets.ndim == 2 and targets.dtype.kind in "iu":
        return np.hstack([every, targets != 0])
    return every


def _held_out_groups(
    groups: NDArray[Any], strata: NDArray[np.float64], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """Return (N,) bool, which items are held out, so that about `fraction` of each column of `strata` is held out."""
    import numpy as np

    names, group_of = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise TaskError(f"found {len(names)} groups ({', '.join(map(str, names))}); expected at least two to divide")
    shares = np.zeros((len(names), strata.shape[1]))
    np.add.at(shares, group_of, strata / np.maximum(strata.sum(axis=0), 1))
    generator = np.random.Generator(np.random.PCG64(seed))
    ways = [_draw(shares, fraction, generator) for _ in range(_DRAWS)]
    best = min(ways, key=lambda chosen: float(((shares[chosen].sum(axis=0) - fraction) ** 2).sum()))
    held_out: NDArray[np.bool_] = best[group_of]
    return held_out


def _draw(shares: NDArray[np.float64], fraction: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Go through groups in random order, and hold out each that brings the strata closer to `fraction`."""
    import numpy as np

    chosen = np.zeros(len(shares), bool)
    left = np.full(shares.shape[1], fraction)
    order = generator.permutation(len(shares))
    for group in order:
        after = left - shares[group]
        if (after**2).sum() < (left**2).sum():
            chosen[group], left = True, after
    if not chosen.any():
        chosen[order[0]] = True
    elif chosen.all():
        chosen[order[0]] = False
    return chosen
