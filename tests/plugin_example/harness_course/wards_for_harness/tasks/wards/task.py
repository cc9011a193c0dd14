"""How ill a patient is: a task of generated points, of a kind and ranked by a metric of the same package."""

import numpy as np

from harness import Baseline, Counts, Embedded, Inputs, Parts, Split, Task

from .._plugins import mean_steps, ordinal, within_one_step


def generate():
    generator = np.random.Generator(np.random.PCG64(3))
    targets = np.repeat(np.arange(3), 60)
    inputs = (targets[:, None] + generator.normal(0, 0.4, (180, 2))).astype(np.float32)
    rest, test = Split(inputs, targets).hold_out(1 / 3, 0)
    train, validation = rest.hold_out(0.25, 0)
    return Parts(train, validation, test)


TASK = Task(
    title="Wards, how ill a patient is",
    kind=ordinal,
    inputs=Inputs(shape=(2,), dtype="float32"),
    classes=("at home", "on the ward", "in intensive care"),
    sources=(
        Embedded(
            title="generated patients",
            load=generate,
            counts=Counts(90, 30, 60),
            baseline=Baseline(0.8),
            licence="none needed: generated",
        ),
    ),
    split="generated with seed 3; a third tests, a quarter of the rest validates, stratified with seed 0",
    metrics=(within_one_step, mean_steps),
)
