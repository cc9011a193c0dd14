"""Pneumonia or not, on chest X-rays of children at 28×28."""

from harness import Baseline, Counts, Embedded, Inputs, Task, metrics

from .._shared import jitter, medmnist
from .data import generate

TASK = Task(
    title="PneumoniaMNIST, chest X-rays 28×28",
    kind="classification",
    inputs=Inputs(shape=(28, 28), dtype="float32", low=0, high=1),
    classes=("normal", "pneumonia"),
    sources=(
        *medmnist.sources(
            "pneumoniamnist",
            md5="28209eda62fecd6e6a2d98b1501bb15f",
            counts=Counts(4708, 524, 624),
            shape=(28, 28),
            baseline=Baseline(0.824, note="the MedMNIST paper's ResNet-18 (28) less .03"),
        ),
        Embedded(
            title="generated chest pictures (not X-rays; practice only)",
            load=generate,
            counts=Counts(595, 105, 300),
            baseline=Baseline(0.8, note="see tests/reference"),
            licence="none needed: generated",
        ),
    ),
    split="the publisher's; the generated pictures 595/105/300, stratified",
    metrics=(
        metrics.accuracy,
        metrics.auc,
        metrics.macro_f1,
        metrics.sensitivity(positive=1),
        metrics.specificity(positive=1),
        metrics.pr_auc(positive=1),
    ),
    perturb=jitter.shift_and_noise,
    perturb_cost=0.05,
    points=((0.70, 0.0), (0.824, 6.0), (0.88, 10.0)),
)
