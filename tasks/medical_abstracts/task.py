"""Which kind of condition a medical abstract is about."""

from harness import Baseline, Counts, Embedded, Inputs, Local, Task, metrics

from .data import CLASSES, TEST, TRAIN, read_publishers_split, read_test_file
from .notes import generate_notes

TERMS = "CC BY-SA 3.0; cite Schopf, Braun & Matthes 2022 (NLPIR)"

TASK = Task(
    title="Medical abstracts, five kinds of conditions",
    kind="classification",
    inputs=Inputs(shape=None, dtype="str"),
    classes=CLASSES,
    sources=(
        Local(
            title="the Medical Abstracts corpus, train and test files",
            files=(TRAIN, TEST),
            load=read_publishers_split,
            baseline=Baseline(0.59, note="TF-IDF and logistic regression on the test file alone"),
            licence=TERMS,
        ),
        Local(
            title="the Medical Abstracts corpus, its test file alone divided anew",
            files=(TEST,),
            load=read_test_file,
            counts=Counts(train=1704, validation=305, test=879),
            baseline=Baseline(0.59, note="TF-IDF and logistic regression, classes balanced, gets .597"),
            licence=TERMS,
        ),
        Embedded(
            title="generated clinical notes (no real patients; practice only)",
            load=generate_notes,
            counts=Counts(train=765, validation=135, test=600),
            baseline=Baseline(0.75, note="TF-IDF and logistic regression gets .755; word order is worth much more"),
            licence="none needed: generated",
        ),
    ),
    split="the corpus's train and test files, or 30 % of the test file as test; 15 % of what trains validates; "
    "stratified with seed 0, all copies of a text in one part",
    metrics=(metrics.macro_f1, metrics.accuracy),
    points=((0.40, 0.0), (0.59, 6.0), (0.65, 10.0)),
    batch=64,
)
