"""Find and name the cells in pictures of blood."""

from harness import Baseline, Counts, Embedded, Inputs, Limits, Local, Task, metrics

from .._shared import jitter
from .data import CLASSES, FOLDERS, GENERATED, HEIGHT, WIDTH, generate, read

TASK = Task(
    title="BCCD, blood cells to be found, 240×320 in colour",
    kind="detection",
    inputs=Inputs(shape=(HEIGHT, WIDTH, 3), dtype="uint8", low=0, high=255),
    classes=CLASSES,
    sources=(
        Local(
            title="BCCD, 364 smears annotated in VOC's format, halved from 480×640",
            files=FOLDERS,
            load=read,
            counts=Counts(205, 87, 72),
            baseline=Baseline(0.5, note="stated: half of what there is to be had"),
            licence="MIT",
        ),
        Embedded(
            title="generated smears (not micrographs; practice only)",
            load=generate,
            counts=Counts(*GENERATED),
            baseline=Baseline(0.5, note="stated: half of what there is to be had"),
            licence="none needed: generated",
        ),
    ),
    split="the publisher's lists, each image in one of them; 40/10/20 generated ones",
    metrics=(
        metrics.mean_average_precision,
        *(metrics.average_precision(label, name.lower()) for label, name in enumerate(CLASSES)),
    ),
    limits=Limits(fit_cpu_seconds=900, predict_seconds=120),
    perturb=jitter.noise,
    points=((0.3, 0.0), (0.5, 6.0), (0.85, 10.0)),
    batch=16,
)
