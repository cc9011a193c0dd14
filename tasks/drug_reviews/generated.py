"""Generated reviews: praise and blame for one drug in changing proportion, either of them often denied."""

import numpy as np

from harness import Parts, Split

from .._shared.divide import hold_out_groups
from .data import SEED

REVIEWS = 1500
TEST = 0.4
VALIDATION = 0.15
SHARE = (0.3, 0.25, 0.45)  # negative, neutral, positive: one, two or three kind remarks of four
REMARKS = 4
INCONSISTENT = 0.15  # of the writers say something they do not mean

GOOD = "it helped, it worked, the pain went away, i slept well, my mood improved, i felt better, it was a relief"
BAD = "i felt sick, i gained weight, my head ached, it made me dizzy, i lost sleep, the rash spread, it hurt"
NO_GOOD = (
    "it did not help, it never worked, the pain never went away, i could not sleep well, my mood never improved, "
    "it was no relief, i felt no better"
)
NO_BAD = (
    "i never felt sick, i gained no weight, my head no longer ached, it did not make me dizzy, i lost no sleep, "
    "the rash stopped, i was no longer in pain, it did not hurt"
)
STARTS = (
    "after {n} weeks, on {n} mg, since {month}, at first, my doctor was surprised, i am {n} years old, to be honest"
)
ENDS = "i will ask my doctor, ask about the dose, it costs a lot, i take it at night, see for yourself"
MONTHS = "january, march, may, july, october"


def generate_reviews() -> Parts:
    """Give each review four remarks; how many of them are kind decides its rating."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    labels = generator.choice(len(SHARE), REVIEWS, p=SHARE)
    everything = Split([_review(int(label), generator) for label in labels], labels.astype(np.int64))
    rest, test = hold_out_groups(everything, everything.inputs, TEST, SEED)
    train, validation = hold_out_groups(rest, rest.inputs, VALIDATION, SEED)
    return Parts(train, validation, test)


def _review(label: int, generator: np.random.Generator) -> str:
    def one_of(words: str) -> str:
        return str(generator.choice(words.split(", ")))

    kind = generator.permutation(REMARKS) < label + 1
    kind[0] ^= generator.random() < INCONSISTENT
    remarks = [one_of(str(generator.choice((GOOD, NO_BAD) if one else (BAD, NO_GOOD)))) for one in kind]
    link = generator.choice(("but", "and"))
    text = f"{one_of(STARTS)}, {remarks[0]} and {remarks[1]}. {remarks[2]}, {link} {remarks[3]}. {one_of(ENDS)}."
    return text.format(n=generator.integers(2, 60), month=one_of(MONTHS))
